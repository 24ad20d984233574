"""Packages whose names are imported late list them, and give what they list."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import pytest

from gaugecnn.layers import Integral, Layer

METHODS = [f"gaugecnn.methods.{name}" for name in ("cnn", "gauge", "gcn", "p4", "s2cnn")]
PACKAGES = ["gaugecnn", "gaugecnn.figures", "gaugecnn.testing", *METHODS]


@pytest.mark.parametrize("name", PACKAGES)
def test_the_table_of_contents(name):
    package = import_module(name)
    assert dir(package) == sorted(package.__all__)
    for listed in package.__all__:
        assert listed == "__version__" or getattr(package, listed).__name__ == listed


@pytest.mark.parametrize("name", METHODS)
def test_the_layers_of_a_method_are_listed(name):
    package, listed = import_module(name), set()
    for module in pkgutil.iter_modules(package.__path__):
        home = import_module(f"{name}.{module.name}")
        for found, layer in inspect.getmembers(home, inspect.isclass):
            is_layer = issubclass(layer, Layer | Integral) and layer.__module__ == home.__name__
            heirs = [c for c in layer.__subclasses__() if c.__module__.startswith(name)]
            if is_layer and not heirs:  # the others are what layers share
                listed.add(found)
    assert len(listed) >= 5
    assert listed <= set(package.__all__)


@pytest.mark.parametrize("name", PACKAGES)
def test_no_name_is_that_of_a_module(name):
    package = import_module(name)
    assert not {module.name for module in pkgutil.iter_modules(package.__path__)} & set(
        dir(package)
    )


def test_what_is_not_there_is_no_attribute():
    gauge = import_module("gaugecnn.methods.gauge")
    with pytest.raises(AttributeError, match=r"'gaugecnn.methods.gauge' has no .* 'nothing'"):
        _ = gauge.nothing
