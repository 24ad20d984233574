"""What the command ``gaugecnn study`` does: plan, tell or run what is missing, write the answer."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gaugecnn.errors import UserError
from gaugecnn.files import at_home, check_writable
from gaugecnn.studies.checks import check_functions, check_shown
from gaugecnn.studies.engines.choice import WORDS, choose
from gaugecnn.studies.engines.slurm import slurm_script
from gaugecnn.studies.expectations import missed
from gaugecnn.studies.numbers import Number, numbers_of, unplanned
from gaugecnn.studies.plan import Item, Plan, selected
from gaugecnn.studies.planning import make_plan
from gaugecnn.studies.products import RESULTS, write_if_other, write_products
from gaugecnn.studies.specification import load_study, study_file
from gaugecnn.studies.state import State, failure, forget_failure, open_parts, state_of

OWN_WORDS = (*WORDS, "output", "results")
"""Words of a study itself; the others are of each run's configuration."""
WIDTH = 150
"""Columns of text where nobody watches."""


@dataclass(frozen=True)
class Request:
    """What is asked of a study.

    Args:
        name: of the study, or its file.
        preset: in which size; None for its first one.
        words: ``key=value``.
        only: ``FACTOR=ALTERNATIVE`` of the runs that are done.
        runs: directories of the runs that are done; none for all.
        retry_failed: whether runs that failed are tried again.
    """

    name: str
    preset: str | None = None
    words: dict[str, str] = field(default_factory=dict)
    only: Sequence[str] = ()
    runs: Sequence[str] = ()
    retry_failed: bool = False


class StudyRun:
    """A study that is planned, with where it is done.

    Args:
        asked: what is asked of it.

    Raises:
        UserError: a mistake in the study or in the words; names the key.
    """

    def __init__(self, asked: Request) -> None:
        self.asked = asked
        self.file = study_file(asked.name)
        self.name = (
            self.file.absolute().parent.name if self.file.name == "study.yaml" else self.file.stem
        )
        self.study = load_study(self.file)
        words = asked.words
        self.output = at_home(words.get("output") or f"runs/studies/{self.name}")
        self.preset = asked.preset or self.study.first
        results = self.output / ("results" if self.preset is None else f"results-{self.preset}")
        self.results = at_home(words.get("results") or results)
        self.choice = choose(words)
        self.given = [f"{key}={value}" for key, value in words.items() if key not in OWN_WORDS]
        try:
            check_shown(self.study)
            self.plan: Plan = make_plan(self.study, asked.preset, self.given, self.output)
        except UserError as error:
            raise UserError(f"{self.file}: {error}") from error
        self.items: list[Item] = selected(self.plan.items, asked.only, asked.runs)

    def check_places(self) -> None:
        """Refuse, before there are runs to lose, an output or results that cannot be written.

        Raises:
            UserError: a place is of the other kind or takes no files, or another table is there, or
                numbers of another preset, which those of this one would replace.
        """
        for key, place in (("output", self.output), ("results", self.results)):
            check_writable(place, key, folder=True)
        check_writable(self.results / RESULTS, RESULTS)
        if preset := next(self._others(self.results / RESULTS), None):
            raise UserError(
                f"results={self.results}: {RESULTS} there has numbers of the preset {preset}, "
                f"which those of {self.preset} would replace; give another folder"
            )

    def _others(self, table: Path) -> Iterator[str]:
        """The presets of which a table has numbers that this one has not."""
        lost = unplanned(self.plan, self.name, table)
        for preset in self.study.presets if lost else ():
            with suppress(UserError):  # the words may be of this preset's networks alone
                other = make_plan(self.study, preset, self.given, self.output)
                if not lost <= unplanned(other, self.name, table):
                    yield preset

    def todo(self) -> list[Item]:
        """What is neither done nor has failed, of what was selected; failures may be forgotten."""
        if self.asked.retry_failed:
            for item in self.items:
                if state_of(item) is State.failed:
                    forget_failure(item.folder)
        return [i for i in self.items if state_of(i) not in (State.done, State.failed)]

    def run(self) -> None:
        """Do what is missing."""
        todo = self.todo()
        if not todo:
            return
        check_functions(self.study)
        engine = self.choice.engine()
        from gaugecnn.studies.progress import shown

        others = len(self.items) - len(todo)
        with shown(len(self.items), others) as tell:
            engine.run(todo, tell)

    def command(self, without: Collection[str] = ()) -> list[str]:
        """The words that ask for all of its runs.

        Args:
            without: keys that are left out.
        """
        preset = ["--preset", self.asked.preset] if self.asked.preset else []
        words = [f"{key}={given}" for key, given in self.asked.words.items() if key not in without]
        return ["gaugecnn", "study", self.asked.name, *preset, *words]

    def numbers(self, results: Path) -> list[Number]:
        """All that there is, at least one; see :func:`gaugecnn.studies.numbers.numbers_of`.

        Args:
            results: where the table is that has them of runs that are not here.

        Raises:
            UserError: there is nothing; says what makes it.
        """
        if found := self._known(results):
            return found
        raise UserError(
            f"{self.file}: no numbers in {self.output} or {results / RESULTS}; "
            f"make them with: {shlex.join(self.command())}"
        )

    def write_script(self) -> Path | None:
        """Write the script of Slurm for what is missing; None if nothing is."""
        todo = self.todo()
        if not todo:
            return None
        command = self.command(without=("engine", "jobs"))
        path = self.output / "slurm.sh"
        jobs, threads = self.choice.jobs or 0, self.choice.threads_beside
        text = slurm_script(self.name, todo, command, str(path), jobs, threads)
        write_if_other(path, text)
        return path

    def write(self) -> list[str]:
        """Write and print the answer, as far as it is known; what is not as expected, in lines.

        Raises:
            UserError: there is nothing to write, or a table or a figure cannot be made of it.
        """
        text = self.file.read_text()
        missing: list[str] = []
        numbers = self._known(self.results) if self.failures() else self.numbers(self.results)
        try:
            grids = write_products(self.plan, numbers, self.results, text, self.output)
            for i, expected in enumerate(self.study.expected):
                if not expected.presets or self.preset in expected.presets:
                    missing += missed(expected, numbers, self.plan.factors, f"expected[{i}]")
        except UserError as error:
            raise UserError(f"{self.file}: {error}") from error
        for grid in grids:
            table = Table(*grid.heading, title=grid.title, title_justify="left")
            for row in grid.rows:
                table.add_row(*row)
            print_table(table)
        return missing

    def _known(self, results: Path) -> list[Number]:
        return numbers_of(self.plan, self.name, results / RESULTS, self.output)

    def failures(self) -> list[str]:
        """What failed, one line each."""
        failed = [item for item in self.items if state_of(item) is State.failed]
        return [f"{i.name}: {failure(i.folder)} (see {_near(i.folder)})" for i in failed]

    def told(self, estimated: bool) -> Table:
        """Every run: its state, its directory, and the seconds of training it will take.

        Args:
            estimated: whether to estimate them, which times a few steps of each network.
        """
        states = {item.folder: state_of(item) for item in self.items}
        todo = [item for item in self.items if states[item.folder] is not State.done]
        seconds: dict[Path, float] = {}
        if estimated and todo:
            from gaugecnn.studies.calibration import estimates

            tell = lambda text: print(text, file=sys.stderr, flush=True)  # noqa: E731
            threads = self.choice.threads_each
            seconds = estimates(todo, self.plan.items, self.output, threads, tell)
        at_once = min(self.choice.at_once, max(1, len(seconds)))
        time = _duration(max(sum(seconds.values()) / at_once, *seconds.values(), 0.0))
        runs = f"{at_once} runs" if at_once > 1 else "one run"
        caption = f"training of what is missing: {time} with {runs} at a time"
        table = Table("run", "state", title=self.study.question, caption=caption if todo else None)
        table.add_column("training", justify="right")
        table.add_column("directory", overflow="fold")
        for item in self.items:
            state = states[item.folder]
            parts = open_parts(item)
            missing = f" ({', '.join(parts)})" if state is State.begun and parts else ""
            time = _duration(seconds[item.folder]) if item.folder in seconds else ""
            table.add_row(item.name, f"{state}{missing}", time, item.folder.name)
        return table


def _duration(seconds: float) -> str:
    """In the largest unit that tells something."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _near(path: Path) -> str:
    """A path as it is typed here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def print_table(table: Table) -> None:
    """Print a table, as wide as it needs where nobody watches."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    console.print(table)
