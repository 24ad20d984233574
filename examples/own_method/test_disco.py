"""The tests that every method of gaugecnn has to pass: ``python -m pytest --pyargs own_method``."""

from pathlib import Path

from gaugecnn.testing import Conformance


class TestDisco(Conformance):
    model = str(Path(__file__).with_name("disco.yaml"))
    overrides = ("domain.bandwidth=8",)
