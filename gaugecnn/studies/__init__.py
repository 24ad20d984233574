"""Studies: a question in words, the trainings that answer it, and the answer in tables and figures.

``study.yaml`` says what is asked (`specification`); `plan` makes the list of runs of it, an engine
does those that are missing, and `products` writes ``results.csv``, tables and figures. What is done
is known from the directories of the runs alone.
"""
