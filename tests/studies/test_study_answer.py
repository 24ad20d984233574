"""What a study leaves: rows, tables, figures; what was measured or trained otherwise."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from gaugecnn.errors import UserError
from gaugecnn.records.files import read_csv
from gaugecnn.studies.calibration import FILE
from gaugecnn.studies.numbers import numbers_of
from gaugecnn.studies.planning import make_plan
from gaugecnn.studies.shown import Published, Table
from gaugecnn.studies.specification import load_study
from gaugecnn.studies.tables import laid_out, latex, markdown
from tests.cli.calls import call, succeed
from tests.studies.calls import CPU, ROOT, numbers
from tests.studies.made_up import NUMBERS
from tests.test_results import COLUMNS


def test_a_table_is_of_means_and_ranges_over_seeds() -> None:
    published = (Published(("cnn",), (61.5, None)), Published(("gcn",), (1.0, 2.0)))
    table = Table(
        "t", "A | title_1", ("network",), ("copies",),
        beside=("parameters",), format=".1f", published=published, source="Others",
    )  # fmt: skip
    grid = laid_out(table, NUMBERS, "tables[0]")
    assert grid.heading == ["network", "parameters", "1", "10"]
    assert grid.rows == [
        ["cnn", "1,200", "52.0 (51.0 to 53.0)", "53.0 (52.0 to 54.0)"],
        ["Others", "", "61.5", "-"],
        ["p4 & more", "1,200", "82.0 (81.0 to 83.0)", "83.0 (82.0 to 84.0)"],
    ]
    assert markdown(grid).splitlines()[2:5] == [
        "| network | parameters | 1 | 10 |",
        "| --- | ---: | ---: | ---: |",
        "| cnn | 1,200 | 52.0 (51.0 to 53.0) | 53.0 (52.0 to 54.0) |",
    ]
    assert r"p4 \& more & 1,200 & 82.0 (81.0 to 83.0) & 83.0 (82.0 to 84.0) \\" in latex(grid)
    assert r"\caption{A | title\_1}" in latex(grid)
    with pytest.raises(UserError, match=r"tables\[0\].published\[0\].values: expected 1 numbers"):
        laid_out(table, NUMBERS[:3], "tables[0]")
    (row,) = laid_out(Table("t", "T", ("network",), ("copies",)), NUMBERS[:1], "tables[0]").rows
    assert row == ["cnn", "51.00"]  # of one seed there is no range


def test_a_cell_of_fewer_seeds_than_its_row_says_of_how_many() -> None:
    """Seconds until something is reached, say, which not every training reaches."""
    table = Table("t", "T", ("network",), ("copies",), format=".1f")
    for fewer, cell in ((1, "82.5 (82.0 to 83.0; 2 of 3 seeds)"), (2, "82.0 (1 of 3 seeds)")):
        _, row = laid_out(table, NUMBERS[:-fewer], "tables[0]").rows
        assert row == ["p4 & more", "82.0 (81.0 to 83.0)", cell]


def test_a_cell_is_of_one_kind_of_number() -> None:
    table = Table("t", "T", ("network",), ("condition",))
    with pytest.raises(UserError, match=r"several numbers of one seed .* they differ in copies"):
        laid_out(table, NUMBERS, "tables[0]")
    one = Table("t", "T", ("network",), ("condition",), where={"copies": 10})
    assert len(laid_out(one, NUMBERS, "tables[0]").rows) == 2
    some = Table("t", "T", ("network",), ("copies",), where=({"copies": 1}, {"network": "cnn"}))
    assert [row[2] == "-" for row in laid_out(some, NUMBERS, "tables[0]").rows] == [False, True]


MEASURED = """
def cost(batch):
    for name in ("cnn", "p4"):
        yield {"model": name, "test_condition": f"batch {batch}", "metric": "ms", "value": 2 / 3}

def wrong():
    return [{"model": "cnn", "test_condition": "-", "metric": "ms", "value": 1, "colour": "red"}]

def figure(answer):
    from matplotlib.figure import Figure
    assert [run.name for run in answer.runs] == ["cnn, seed 0", "p4, seed 0"]
    drawn = Figure()
    drawn.subplots().plot([n.value for n in answer.numbers])
    return drawn

def picture(answer):
    return "no figure"
"""


def test_measures_are_rows_too(written, folder: Path) -> None:
    (folder / "mine.py").write_text(MEASURED)
    (folder / "study.yaml").write_text(
        "question: What does it cost?\n"
        "measures: [{name: cost, function: 'mine:cost', options: {batch: 4}}]\n"
        "tables: [{name: cost, title: Cost, rows: [model], columns: [metric]}]\n"
    )
    assert "cost: done, 1 of 1" in succeed("study", "study.yaml", "output=runs", "engine=processes")
    assert "begun" not in succeed("study", "study.yaml", "output=runs")
    rows = read_csv(folder / "runs" / "results" / "results.csv")
    assert [list(row) for row in rows] == [COLUMNS] * 2
    assert [(row["model"], row["value"], row["task"]) for row in rows] == [
        ("cnn", "0.666667", "-"), ("p4", "0.666667", "-"),
    ]  # fmt: skip
    (measured,) = (folder / "runs" / "measures").iterdir()
    assert rows[0]["command"] == f"gaugecnn study {folder.name} --run {measured.name}"
    (measured / "rows.json").rename(folder / "elsewhere")
    succeed("study", "study.yaml", "--report", "output=runs")  # the earlier table is kept
    assert read_csv(folder / "runs" / "results" / "results.csv") == rows
    (folder / "elsewhere").rename(measured / "rows.json")
    assert "| cnn | 0.67 |" in (folder / "runs" / "results" / "cost.md").read_text()
    study = (folder / "study.yaml").read_text()
    (folder / "study.yaml").write_text(study.replace("mine:cost", "mine:wrong"))
    result = call("study", "study.yaml", "output=runs")
    assert result.exit_code == 1
    assert "wrong() got an unexpected keyword argument 'batch'" in result.stderr
    (folder / "study.yaml").write_text(
        study.replace("mine:cost', options: {batch: 4}", "mine:wrong'")
    )
    assert "one has the column 'colour'" in call("study", "study.yaml", "output=runs").stderr


def test_a_figure_can_be_a_function(written, folder: Path) -> None:
    (folder / "drawing.py").write_text(MEASURED)
    words = ["study", written("  - {name: own, function: 'drawing:figure'}"), "output=runs", *CPU]
    succeed(*words)
    drawn = folder / "runs" / "results" / "own.png"
    before = drawn.stat().st_mtime_ns
    succeed(*words)
    assert drawn.stat().st_mtime_ns == before
    (folder / "drawing.py").write_text(MEASURED.replace("Figure()", "Figure(figsize=(2, 2))"))
    result = call(*words)  # drawn again, though the module was imported before
    assert result.exit_code == 0
    assert drawn.stat().st_mtime_ns != before
    study = written("  - {name: own, function: 'drawing:picture'}")
    assert "expected a figure of matplotlib" in call("study", study, "output=runs", *CPU).stderr


def test_the_time_is_estimated_once_and_then_known(written, folder: Path) -> None:
    words = ["study", written(replace={"seeds: [0]": "seeds: [0, 1]"}), "output=runs", *CPU]
    said = call(*words, "--dry-run")
    assert said.stderr.splitlines() == ["timing cnn, seed 0", "timing p4, seed 0"]
    assert "with one run at a time" in said.stdout
    kept = json.loads((folder / "runs" / FILE).read_text())
    assert all(samples == 48 and rate > 0 for samples, rate in kept.values())
    assert not list((folder / "runs").glob("*-seed*"))
    assert call(*words, "--dry-run").stderr == ""
    succeed(*words, "--only", "seed=0")
    (folder / "runs" / FILE).unlink()
    said = call(*words, "--dry-run")  # the other seed is known by the first
    assert said.stderr == ""
    assert said.stdout.count("done") == said.stdout.count("missing") - 1 == 2
    said = call(*words, "--dry-run", "engine=processes", "jobs=2")
    assert "with 2 runs at a time" in said.stdout


def test_runs_are_timed_with_the_threads_that_they_will_have(written, folder: Path) -> None:
    words = ["study", written(), "output=runs", "trainer.accelerator=cpu", "--dry-run"]
    succeed(*words, "engine=processes", "jobs=2")
    assert {key.split()[-1] for key in json.loads((folder / "runs" / FILE).read_text())} == {"1"}
    assert "timing" not in call(*words, "threads=1").stderr
    assert call(*words, "engine=processes", "threads=2").stderr.count("timing") == 2


@pytest.mark.parametrize("options", [["--dry-run", "--report"], ["--report", "--adopt", "mine"]])
def test_one_thing_is_asked_at_a_time(written, options: list[str]) -> None:
    result = call("study", written(), *options)
    assert result.exit_code == 2
    expected = f"got {' and '.join(o for o in options if o.startswith('-'))}"
    assert f"expected one of --dry-run, --report, --adopt, {expected}" in result.stderr


def test_runs_that_were_trained_by_hand_are_adopted(written, folder: Path) -> None:
    study = written()
    plan = make_plan(load_study(study), None, ["trainer.accelerator=cpu"], Path("runs"))
    by_hand = [word for word in plan.runs[0].overrides if not word.startswith("model=")]
    succeed("train", "model=cnn", *by_hand, "output=mine/first")
    other = [word.replace("epochs=2", "epochs=1") for word in by_hand]
    succeed("train", "model=cnn", *other, "output=mine/second")
    words = ["study", study, "output=runs", *CPU]
    assert succeed(*words, "--adopt", "mine") == "cnn, seed 0: mine/first\n"
    assert succeed(*words, "--adopt", "mine") == ""
    said = succeed(*words)
    assert "cnn, seed 0: begun" not in said
    assert "p4, seed 0: done, 2 of 2" in said
    summary = json.loads((folder / "mine" / "first" / "summary.json").read_text())
    shown = {r["test_condition"]: r["value"] for r in numbers(folder / "runs" / "results")[:2]}
    assert shown == {c: f"{m['accuracy']:.4f}" for c, m in summary["test"].items()}


def test_tests_by_hand_do_not_stray_into_the_results(written, folder: Path) -> None:

    study = written("tests: [{name: small, words: [domain.size=20]}]")
    words = ["study", study, "output=runs"]
    succeed(*words, *CPU)
    before = numbers(folder / "runs" / "results")
    found = {row["test_condition"] for row in before if row["model"] == "cnn"}
    elsewhere = {f"equirectangular20/{condition}" for condition in ("unrotated", "rotated")}
    assert found == {"unrotated", "rotated"} | elsewhere
    (run,) = (folder / "runs").glob("cnn-*")
    succeed("evaluate", run, "data.test_size=5", "trainer.accelerator=cpu")
    succeed("evaluate", run, "domain.size=24", "trainer.accelerator=cpu")
    succeed(*words, *CPU)
    assert numbers(folder / "runs" / "results") == before


def test_a_run_that_is_not_there_keeps_its_rows(monkeypatch, folder: Path) -> None:
    """And so the plan of own_fields is shown to be what was trained: all of its rows are kept."""
    monkeypatch.chdir(ROOT)
    study = load_study(ROOT / "experiments" / "own_fields" / "study.yaml")
    table = ROOT / "experiments" / "own_fields" / "results.csv"
    plan = make_plan(study, None, [], folder / "runs")
    kept = numbers_of(plan, "own_fields", table, folder)
    assert [dict(number.row) for number in kept] == read_csv(table)
    by_command = [sorted(shlex.split(run.command)) for run in plan.runs]
    assert len(by_command) == len(plan.runs) == 27
    other = make_plan(study, None, ["train.epochs=7"], folder / "runs")
    assert not numbers_of(other, "own_fields", table, folder)
    for specified in study.tables:
        text = markdown(laid_out(specified, kept, "tables"))
        assert text == (table.parent / f"{specified.name}.md").read_text()


ROWS = """
def rows(run, places, count=1):
    return [{"test_condition": f"part {i}", "metric": "m", "value": i} for i in range(count)]
"""


def test_an_earlier_table_alone_tells_which_test_a_number_is_of(written, folder: Path) -> None:
    (folder / "ours.py").write_text(ROWS)
    path = written(
        "tests:",
        "  - {name: fewer, words: [data.test_size=12]}",
        "  - {name: one, function: 'ours:rows'}",
        "  - {name: two, function: 'ours:rows', options: {count: 2}, where: {network: cnn}}",
    )
    words = ["study", path, "output=runs", *CPU]
    succeed(*words)
    plan = make_plan(load_study(path), None, [CPU[0]], folder / "runs")
    table = folder / "runs" / "results" / "results.csv"

    def told() -> list[tuple[str, str]]:
        found = numbers_of(plan, "small", table, folder / "runs")
        return [(n.labels["test"], n.labels["test_condition"]) for n in found]

    before, text = told(), table.read_text()
    assert before.count(("one", "part 0")) == 2
    assert before.count(("two", "part 1")) == 1
    assert ("fewer", "data.test_size=12/rotated") in before
    for run in plan.runs:
        (run.folder / "summary.json").unlink()
    assert told() == before
    succeed(*words, "--report")
    assert table.read_text() == text


def test_a_table_without_numbers_is_not_shown(written, folder: Path) -> None:
    shown = "  - {name: none, title: Nothing, rows: [network], where: {metric: loss}}"
    text = written().read_text().replace("figures:", f"{shown}\nfigures:")
    (folder / "small.yaml").write_text(text)
    said = succeed("study", "small.yaml", "output=runs", *CPU)
    assert "Accuracy in %" in said
    assert "Nothing" not in said
    results = folder / "runs" / "results"
    assert (results / "table.md").is_file()
    assert not (results / "none.md").exists()
