"""What ``study.yaml`` says: a question, and the runs that answer it.

Every key is read by type, so that a mistake is one line that names it. A value that begins with
``./``, such as that of ``model=./own.yaml``, is a file beside the study's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaugecnn.errors import OptionError, UserError
from gaugecnn.files import at_home
from gaugecnn.studies.shown import Columns, Difference, Expectation, Figure, Table
from gaugecnn.studies.where import OWN_TEST, Names, Overrides, Where
from gaugecnn.studies.yaml_file import read_yaml
from gaugecnn.typed import read

FILE = "study.yaml"
FOLDER = "experiments"


def check_once(option: str, given: Sequence[object]) -> None:
    """Refuse a list that names something twice."""
    for part in given:
        if given.count(part) > 1:
            raise OptionError(option, f"expected each once, got {part} again")


@dataclass(frozen=True)
class Also:
    """Overrides for some of the runs.

    Args:
        where: which, by the alternatives of factors.
        words: overrides, laid over theirs.
    """

    where: Where
    words: Overrides


@dataclass(frozen=True)
class Preset:
    """The same question in another size.

    Args:
        words: overrides for every run, laid over those of the grid.
        grid: alternatives that are added to a factor or take the place of others of it.
        only: by factor, the alternatives that are compared, in this order.
        also: overrides for some of the runs.
        seeds: in place of the study's.
    """

    words: Overrides = ()
    grid: dict[str, dict[str, Overrides]] = field(default_factory=dict)
    only: dict[str, Names] = field(default_factory=dict)
    also: tuple[Also, ...] = ()
    seeds: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check_once("seeds", self.seeds or ())


@dataclass(frozen=True)
class Test:
    """A test of every trained run beside its own: on another surface, or by a function.

    Args:
        name: by which tables know it.
        words: overrides of ``gaugecnn evaluate``.
        function: ``module:function`` in their place, called with the run's directory and the
            overrides that say where its data lie now and on what it is done, for `open_run`; it
            gives rows, mappings with `test_condition`, `metric` and `value`, and other columns of
            `Result` where they are not the run's.
        options: further arguments of the function.
        where: of which runs, by the alternatives of factors.
        presets: in which sizes it is made; all where none is named.
    """

    __test__ = False  # no test of pytest's

    name: str
    words: Overrides = ()
    function: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    where: Where = field(default_factory=dict)
    presets: Names = ()

    def __post_init__(self) -> None:
        if bool(self.words) == bool(self.function):
            raise OptionError("words", "expected either words or a function")
        if self.options and not self.function:
            raise OptionError("options", "expected a function that takes them")


@dataclass(frozen=True)
class Measure:
    """What is measured without a training: latency, an audit, frames.

    Args:
        name: by which tables know it.
        function: ``module:function``, which gives rows, mappings with the columns of `Result`. If
            it has a parameter `places`, it is called with the overrides that say where data lie.
        options: its other arguments.
        presets: in which sizes it is made; all where none is named.
    """

    name: str
    function: str
    options: dict[str, Any] = field(default_factory=dict)
    presets: Names = ()


@dataclass(frozen=True)
class Study:
    """A question and what answers it.

    Args:
        question: in words.
        words: overrides for every run.
        grid: by factor and alternative the overrides of each; every alternative of one factor is
            met with every one of the others.
        exclude: combinations that are left out.
        also: overrides for some of the runs.
        seeds: each run is done with each.
        seed_keys: what is given the seed.
        columns: of ``results.csv``.
        presets: sizes in which the question is asked; the first one where none is named.
        tests: beside the runs' own.
        measures: what is no training.
        differences: between networks, on the same test images.
        tables: that answer the question.
        figures: that answer it.
        expected: what the numbers should be.
    """

    question: str
    words: Overrides = ()
    grid: dict[str, dict[str, Overrides]] = field(default_factory=dict)
    exclude: tuple[Where, ...] = ()
    also: tuple[Also, ...] = ()
    seeds: tuple[int, ...] = (0,)
    seed_keys: Names = ("seed",)
    columns: Columns = field(default_factory=Columns)
    presets: dict[str, Preset] = field(default_factory=dict)
    tests: tuple[Test, ...] = ()
    measures: tuple[Measure, ...] = ()
    differences: tuple[Difference, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    expected: tuple[Expectation, ...] = ()

    def __post_init__(self) -> None:
        check_once("seeds", self.seeds)
        for option in ("tests", "measures", "differences", "tables", "figures"):
            names = [part.name for part in getattr(self, option)]
            for name in names:
                if not name or names.count(name) > 1:
                    raise OptionError(option, f"expected a name of its own, got {name!r} again")

    @property
    def numbered(self) -> list[str]:
        """The values of the label `test` that numbers of any size have."""
        names = [test.name for test in self.tests]
        names += [measure.name for measure in self.measures]
        return [OWN_TEST, *names, *(difference.name for difference in self.differences)]

    @property
    def first(self) -> str | None:
        """The preset that is meant where none is named; None if there are none."""
        return next(iter(self.presets), None)

    def beside(self, file: Path, preset: str | None) -> Path:
        """Where the answer is kept beside the study.

        Args:
            file: of the study.
            preset: in which size; None for its first one. A further size has a folder of its name.
        """
        return file.parent if preset in (None, self.first) else file.parent / preset


def study_file(name: str) -> Path:
    """The file of a study: a path, or a name below ``experiments`` here or beside the package.

    Raises:
        UserError: there is none; lists those that there are.
    """
    given = at_home(name)
    folders = [Path(FOLDER), Path(__file__).parents[2] / FOLDER]
    for path in (given, given / FILE, *(folder / name / FILE for folder in folders)):
        if path.is_file():
            return path
    known = sorted({path.parent.name for folder in folders for path in folder.glob(f"*/{FILE}")})
    there = ", ".join(known) or "none"
    raise UserError(f"no study {name!r}: no {Path(FOLDER) / name / FILE}; there are: {there}")


def load_study(path: Path) -> Study:
    """Read a study.

    Raises:
        UserError: it is no YAML, or a key or value is wrong; names the key.
    """
    try:
        node = _found(read_yaml(path), path.parent)
    except RecursionError:
        raise UserError(f"{path}: an anchor of YAML holds itself") from None
    try:
        return read(Study, node, "")
    except UserError as error:
        raise UserError(f"{path}: {str(error).removeprefix(': ')}") from error


def _found(node: Any, folder: Path) -> Any:
    """What was read, with files beside the study as paths from here."""
    if isinstance(node, dict):
        return {key: _found(value, folder) for key, value in node.items()}
    if isinstance(node, list):
        return [_found(value, folder) for value in node]
    key, beside, rest = node.partition("=./") if isinstance(node, str) else ("", "", "")
    if beside and re.fullmatch(r"[\w.]+", key):
        return f"{key}={os.path.relpath(folder / rest)}"
    return node
