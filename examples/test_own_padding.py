"""The method of own_padding.py against the tests that every method of gaugecnn has to pass.

Run from the folder above, the package being installed, so that its entry points are read::

    pip install "./examples[testing]"
    python -m pytest examples/test_own_padding.py
"""

from pathlib import Path

from gaugecnn.testing import Conformance


class TestAround(Conformance):
    model = str(Path(__file__).with_name("own_padding.yaml"))
    overrides = ("domain.bandwidth=8",)
