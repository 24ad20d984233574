"""What ``study.yaml`` says of its numbers: in which tables and figures, and what is expected."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gaugecnn.errors import OptionError
from gaugecnn.studies.where import Names, Where


@dataclass(frozen=True)
class Published:
    """Numbers of others, shown below the row that they belong to.

    Args:
        row: its names, one for each of the table's `rows`.
        values: one for each column, null where there is none.
    """

    row: Names
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Table:
    """A table of means over seeds, with their range.

    Args:
        name: of its files.
        title: in words.
        rows: labels whose values name the rows: factors, columns of ``results.csv``, `test`,
            `condition`.
        columns: labels whose values name the columns.
        where: which numbers, by their labels; one mapping, or several of which one must fit.
        beside: columns of ``results.csv`` that stand once in each row, such as `parameters`.
        format: of a number, as in Python.
        published: numbers of others.
        source: whose they are.
    """

    name: str
    title: str
    rows: Names
    columns: Names = ("test_condition",)
    where: Where | tuple[Where, ...] = field(default_factory=dict)
    beside: Names = ()
    format: str = ".2f"
    published: tuple[Published, ...] = ()
    source: str = "published"

    def __post_init__(self) -> None:
        try:
            format(1.0, self.format)
        except ValueError as error:
            raise OptionError("format", f"expected one such as .2f, got {self.format!r}") from error
        if not self.rows:
            raise OptionError("rows", "expected at least one label, got none")


class FigureKind(StrEnum):
    """How a figure shows numbers."""

    bars = "bars"
    lines = "lines"


@dataclass(frozen=True)
class Figure:
    """A figure of means over seeds, with their range; or one that a function draws.

    Args:
        name: of its files.
        title: above it.
        kind: bars, or lines with a band.
        panels: labels whose values make a panel each.
        x: labels along the horizontal axis.
        series: labels that tell lines, or bars of one group, apart.
        where: which numbers, as in a table.
        x_title: of the horizontal axis.
        y_title: of the vertical axis; the metric where none is given.
        logarithmic: whether the horizontal axis is.
        function: ``module:function`` that draws in its place, called with the `Answer` of the
            study; it gives a figure of matplotlib.
    """

    name: str
    title: str = ""
    kind: FigureKind = FigureKind.bars
    panels: Names = ()
    x: Names = ()
    series: Names = ()
    where: Where | tuple[Where, ...] = field(default_factory=dict)
    x_title: str = ""
    y_title: str = ""
    logarithmic: bool = False
    function: str | None = None

    def __post_init__(self) -> None:
        if not self.function and not self.x:
            raise OptionError("x", "expected labels of the horizontal axis, or a function")


@dataclass(frozen=True)
class Columns:
    """What stands in columns of ``results.csv``, with ``{factor}`` for the alternative.

    Args:
        model: the network; all alternatives where none is given.
        train_rotation: the poses in training; ``data.rotation`` where none is given.
    """

    model: str | None = None
    train_rotation: str | None = None


@dataclass(frozen=True)
class Difference:
    """How much more one alternative reaches than another on the same test images.

    It is a number of the test `name`, with an interval beside it (`gaugecnn.studies.paired`).

    Args:
        name: by which tables know it.
        test: the one that scored every image, of `gaugecnn.studies.image_scores`.
        factor: whose alternatives are compared, every one of the other factors by itself.
        of: an alternative.
        minus: what it is compared with.
        where: of which runs, by the alternatives of the other factors.
        conditions: of the test.
    """

    name: str
    test: str
    factor: str
    of: str
    minus: str
    where: Where = field(default_factory=dict)
    conditions: Names = ("rotated",)


@dataclass(frozen=True)
class Expectation:
    """What the mean over seeds of some numbers should be.

    Args:
        name: what is expected, in words.
        where: of which numbers, as in a table; each alternative of the factors is looked at alone.
        at_least: how great it should be, or which share of what it is compared with.
        at_most: how small.
        of: labels that are other in what it is compared with; in itself where there are none.
        presets: in which sizes it is expected; all where none is named.
    """

    name: str
    where: Where | tuple[Where, ...]
    at_least: float | None = None
    at_most: float | None = None
    of: Where = field(default_factory=dict)
    presets: Names = ()

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise OptionError("at_least", "expected at_least or at_most, got neither")
