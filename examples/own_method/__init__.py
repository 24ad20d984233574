"""DISCO convolutions of torch-harmonics (Ocampo, Price & McEwen 2023) as a method of gaugecnn.

Run from the folder above::

    pip install "./examples[disco]"                     # registers model.method=disco
    gaugecnn train model=examples/own_method/disco.yaml

`layers.py` gives the layers their types, `family.py` is the interface that networks are wired from,
and the entry point of the group ``gaugecnn.methods`` in pyproject.toml names the row below.
"""

from gaugecnn.registry import Method
from own_method.family import DiscoFamily

DISCO = Method("disco", DiscoFamily, ("lat_lon",), "turns about z, half turn about x; nearly all")
