"""What every method must do, subclassed once per method."""

from __future__ import annotations

from gaugecnn.extras import advice

try:
    import pytest
except ModuleNotFoundError as error:
    if (needed := advice(error)) is None:
        raise
    raise ModuleNotFoundError(f"gaugecnn.testing.Conformance {needed}", name="pytest") from error

# what fails tells its values: pytest rewrites the assertions of modules that are named beforehand
pytest.register_assert_rewrite(
    *(f"gaugecnn.testing.{name}" for name in ("interface", "gradients", "symmetries", "own_data"))
)

from gaugecnn.testing.gradients import GradientTests  # noqa: E402
from gaugecnn.testing.interface import InterfaceTests  # noqa: E402
from gaugecnn.testing.own_data import OwnDataTests  # noqa: E402
from gaugecnn.testing.symmetries import SymmetryTests  # noqa: E402


class Conformance(InterfaceTests, GradientTests, SymmetryTests, OwnDataTests):
    """The tests of a method: subclass with `model`, and `overrides` that make it small.

    ::

        class TestMine(Conformance):
            model = "path/to/mine.yaml"
            overrides = ("domain.bandwidth=8",)

    The fixture `network` may be overridden, by one that builds from the fixture `config`.

    Attributes:
        model: a name of ``configs/model``, or the path of a YAML file.
        overrides: ``key=value``, which make it small.
        tasks: those that the file has a plan for, ``classification``, ``segmentation`` or both.
        symmetric: whether the method has exact symmetries. One that has none says so here, and it
            is then tested that it violates those of its domain.
    """
