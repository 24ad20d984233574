"""The first comparison, but for its trainings: what is trained, in which order, what is told."""

from __future__ import annotations

import csv
import json
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from gaugecnn.config import load_config
from tests.test_results import COLUMNS

SCRIPTS = Path(__file__).parents[1] / "experiments" / "first_comparison"


@pytest.fixture(autouse=True)
def _scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))


@pytest.fixture
def compare():
    return import_module("compare")


@pytest.fixture
def presets():
    return import_module("presets")


@pytest.fixture
def report():
    return import_module("report")


def summary_of(task: str, seed: int, unrotated: float, rotated: float, epochs: int = 1) -> dict:
    metric = {"classification": "accuracy", "segmentation": "miou_foreground"}[task]
    tests = {"unrotated": unrotated, "rotated": rotated}
    return {
        **{"task": task, "seed": seed, "epochs": epochs, "train_size": 100, "parameters": 25434},
        **{"train_seconds": 600.0 + seed, "device": "cpu (1 threads)", "dtype": "32-true"},
        "commit": "0123456789ab",
        "test": {test: {metric: value, "other": 1.5} for test, value in tests.items()},
    }


@pytest.fixture
def records(presets, report):
    """Three seeds of every row; rotated images lose nothing but for the plain CNN's."""

    def made(row: str, task: str, seed: int):
        unrotated = {"classification": 95.0, "segmentation": 70.0}[task] + seed
        rotated = unrotated - 60 * (row == "cnn") - 10 * ("augmented" in row)
        return report.Record(row, task, summary_of(task, seed, unrotated, rotated), f"seed={seed}")

    rows = presets.ROWS
    return [made(row, task, seed) for task in presets.TASKS for row in rows for seed in range(3)]


def replaced(records, row: str, task: str, *scores: tuple[float, float]):
    """The records, with other scores of one row, by seed."""
    found = []
    for record in records:
        if (record.row, record.task) == (row, task):
            summary = summary_of(task, record.seed, *scores[record.seed])
            record = type(record)(row, task, summary, record.command)
        found.append(record)
    return found


def printed(report, records, preset) -> str:
    file = StringIO()
    report.print_table(records, preset, Console(width=80, file=file))
    return file.getvalue()


def test_the_longest_go_first(presets):
    preset = presets.PRESETS["mnist"]
    jobs = presets.ordered_jobs(preset, preset.rows, preset.seeds)
    assert len(jobs) == len(set(jobs)) == 7 * 2 * 3
    assert {job.row for job in jobs[:6]} == {presets.AUGMENTED_3X}
    assert [job.task for job in jobs[:6]] == ["segmentation"] * 3 + ["classification"] * 3
    assert jobs[6:9] == [("gauge", "segmentation", seed) for seed in (0, 1, 2)]
    assert jobs[-1] == ("gcn", "classification", 2)


def test_fast_presets_have_no_long_row(presets):
    preset = presets.PRESETS["digits"]
    jobs = presets.ordered_jobs(preset, preset.rows, preset.seeds)
    assert presets.AUGMENTED_3X not in {job.row for job in jobs}
    assert jobs[0] == ("gauge", "segmentation", 0)
    assert len(jobs) == 6 * 2


def test_every_job_has_its_folder(presets):
    jobs = presets.ordered_jobs(presets.PRESETS["mnist"], presets.ROWS, (0, 3))
    assert len({job.name for job in jobs}) == len(jobs)
    assert presets.Job("gauge", "segmentation", 3).name == "gauge-segmentation-seed3"
    long = presets.Job(presets.AUGMENTED_3X, "classification", 0)
    assert long.name == "cnn-augmented-3x-classification-seed0"


@pytest.mark.parametrize("data", ["digits", "mnist"])
def test_the_words_of_every_job_are_a_configuration(presets, data):
    preset = presets.PRESETS[data]
    for job in presets.ordered_jobs(preset, preset.rows, (5,)):
        model, task, *rest = presets.words_of(preset, job, "somewhere")
        config = load_config(model.removeprefix("model="), task.removeprefix("task="), rest)
        assert (config.task, config.seed, config.data.name) == (job.task, 5, data)
        assert config.train.epochs == presets.epochs_of(preset, job.row, job.task)
        assert config.data.root == "somewhere"
        assert config.data.rotation == ("so3" if "augmented" in job.row else "none")


def test_three_times_the_epochs_and_nothing_else(presets):
    preset = presets.PRESETS["mnist"]
    for task in presets.TASKS:
        short, long = (
            presets.words_of(preset, presets.Job(row, task, 0), "")
            for row in (presets.AUGMENTED, presets.AUGMENTED_3X)
        )
        n = preset.epochs[task][presets.AUGMENTED]
        changed = set(short) ^ set(long)
        assert changed == {f"train.epochs={n}", f"train.epochs={3 * n}"}


def test_words_of_the_command_line(compare, capsys):
    args = compare.parse([])
    assert (args.data, args.seeds) == ("digits", (0,))
    assert compare.parse(["mnist"]).seeds == (0, 1, 2)
    args = compare.parse(["mnist", "--seeds", "3", "4", "3", "--rows", "gcn"])
    assert (args.seeds, args.rows) == ((3, 4), ("gcn",))
    with pytest.raises(SystemExit):
        compare.parse(["digits", "--rows", "cnn, augmented 3x"])
    assert "digits has no row cnn, augmented 3x" in capsys.readouterr().err


def test_finished_runs_are_kept_and_begun_ones_continued(compare, presets, tmp_path):
    args = compare.parse(["--output", str(tmp_path), "--rows", "p4", "cnn", "--seeds", "0"])
    preset = presets.PRESETS["digits"]
    jobs = presets.ordered_jobs(preset, args.rows, args.seeds)
    done, begun, *new = jobs
    assert new
    for job in (done, begun):
        (tmp_path / job.name).mkdir()
        (tmp_path / job.name / "config.yaml").touch()
    table = tmp_path / done.name / "summary.json"
    summary = summary_of(done.task, 0, 90, 40, presets.epochs_of(preset, done.row, done.task))
    table.write_text(json.dumps(summary))
    words = dict(compare.to_train(jobs, args))
    assert list(words) == [begun, *new]
    assert words[begun] == [*presets.words_of(preset, begun, ""), "train.resume=true"]
    assert all(words[job] == presets.words_of(preset, job, "") for job in new)
    (record,) = compare.trained_records([done], args)
    assert record.summary == summary
    assert record.command == "gaugecnn train " + " ".join(presets.words_of(preset, done, ""))
    table.write_text(json.dumps({**summary, "epochs": 999}))
    with pytest.raises(SystemExit, match=r"trained for 999 epochs, not \d+: remove it"):
        compare.to_train(jobs, args)


def test_the_table_shows_means_ranges_and_the_budget(presets, report, records):
    preset = presets.PRESETS["mnist"]
    text = printed(report, records, preset)
    gauge, _ = (line.split() for line in text.splitlines() if line.startswith("gauge"))
    assert gauge[1:3] == ["25,434", "601"]
    assert " ".join(gauge[3:]) == "96.0 (95.0 to 97.0) 96.0 (95.0 to 97.0)"
    said = " ".join(text.split())
    for n in preset.seconds.values():
        assert f"sized for about {n} s of one core; cnn, augmented 3x for three times" in said
    assert said.count("seeds 0, 1, 2: mean (min to max);") == 2
    longer = [line for line in text.splitlines() if "3x  " in line]
    assert longer
    assert all(line.startswith("cnn, augmented 3x ") for line in longer)


def test_a_single_seed_has_no_range(presets, report, records):
    records = [r for r in records if r.seed == 0 and r.row != presets.AUGMENTED_3X]
    text = printed(report, records, presets.PRESETS["digits"])
    assert " to " not in text
    assert "3x" not in text
    assert "seed 0; sized for about 60 s of one core" in " ".join(text.split())


def test_rows_of_other_seeds_are_named(report, records):
    records = [r for r in records if r.row not in ("gcn", "p4") or r.seed == 0]
    assert (
        report.seeds_in_words(records) == "seeds 0, 1, 2; seed 0 of p4 and gcn: mean (min to max)"
    )


def test_results_have_a_row_per_seed_and_are_read_back(compare, report, records, tmp_path):
    path = tmp_path / "results.csv"
    report.write_results(records, path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert len(rows) == len(records) * 4  # two conditions of two metrics
    assert {r["train_rotation"] for r in rows if r["model"] == "cnn-augmented-3x"} == {"so3"}
    assert {r["train_rotation"] for r in rows if r["model"] == "cnn"} == {"none"}

    args = compare.parse(["mnist", "--rows", "gauge", "--results", str(tmp_path)])
    kept = compare.kept_records(args)
    assert [(r.row, r.task, r.seed) for r in kept if r.row == "gcn"] == [
        ("gcn", task, seed) for task in report.TASKS for seed in (0, 1, 2)
    ]
    trained = [r for r in records if r.row == "gauge"]
    again = tmp_path / "again.csv"
    report.write_results(compare.in_order(kept + trained, compare.PRESETS["mnist"]), again)
    assert again.read_text() == path.read_text()


def test_a_row_that_is_nowhere_is_told_before_training(compare, tmp_path):
    arguments = ["--rows", "cnn", "--results", str(tmp_path), "--output", str(tmp_path / "runs")]
    with pytest.raises(SystemExit, match="has no classification of gauge: name the row in --rows"):
        compare.main(arguments)
    assert not (tmp_path / "runs").exists()


def test_the_figure_is_written(presets, report, records, tmp_path):
    for data, seeds in (("mnist", 3), ("digits", 1)):
        preset = presets.PRESETS[data]
        chosen = [r for r in records if r.row in preset.rows and r.seed < seeds]
        report.draw(chosen, preset, tmp_path / "figure.png")
        assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_missed_when_all_is_kept(compare, presets, records):
    assert compare.failures(records, presets.PRESETS["digits"].needed) == []


def test_misses_are_of_the_mean(compare, records):
    needed = {"classification": 70.0, "segmentation": 25.0}
    low = replaced(records, "cnn", "classification", (60, 60), (60, 60), (89, 60))
    assert compare.failures(low, needed) == ["cnn, classification: 69.7 unrotated, expected 70"]
    assert not compare.failures(
        replaced(records, "cnn", "classification", (60, 60), (60, 60), (91, 60)), needed
    )
    augmented = replaced(records, "cnn, augmented", "classification", *[(30, 40)] * 3)
    assert not compare.failures(augmented, needed)
    lost = replaced(records, "gauge", "classification", (90, 90), (90, 70), (90, 70))
    assert compare.failures(lost, needed) == [
        "gauge, classification: keeps 85 % when rotated, expected 90 %"
    ]


def test_equivariant_segmenters_must_be_above_the_augmented_cnn(compare, presets, records):
    needed = presets.PRESETS["mnist"].needed
    level = [(61, 61)] * 3  # the mean of the augmented CNN
    for row in ("gauge", "s2cnn"):
        assert compare.failures(replaced(records, row, "segmentation", *level), needed) == [
            f"{row}, segmentation: 61.0 rotated, expected more than the 61.0 of cnn, augmented"
        ]
    assert not compare.failures(replaced(records, "gauge", "segmentation", *[(62, 62)] * 3), needed)
    assert not compare.failures(replaced(records, "gauge", "classification", *level), needed)


def test_misses_are_printed_and_end_with_1(compare, presets, report, records, tmp_path, capsys):
    """Everything finished before: `main` trains nothing, and writes what it found."""
    preset = presets.PRESETS["digits"]
    low = replaced(records, "s2cnn", "segmentation", (50, 50), (50, 50), (50, 50))
    for record in low:
        if record.row in preset.rows:
            job = presets.Job(record.row, record.task, record.seed)
            epochs = presets.epochs_of(preset, record.row, record.task)
            (tmp_path / job.name).mkdir()
            text = json.dumps({**record.summary, "epochs": epochs})
            (tmp_path / job.name / "summary.json").write_text(text)
    words = ["digits", "--output", str(tmp_path), "--seeds", "0", "1", "2"]
    assert compare.main(words) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "missed s2cnn, segmentation: 50.0 rotated, expected more than the 61.0 of" in said
    assert said.count("missed") == 1
    assert len(report.read_records(tmp_path / "results.csv", "gcn", "segmentation")) == 3
    assert (tmp_path / "figure.png").is_file()
