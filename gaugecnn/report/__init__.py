"""One page of a few studies: questions, tables, curves, and surfaces to turn, in a single file.

`content` brings together what a study has found out, `surfaces` lets its networks answer while an
input turns, and `page` writes all of it with the library that draws it, so that the file needs no
network. Nothing is trained.
"""
