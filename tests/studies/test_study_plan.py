"""From study.yaml to runs: what is planned, by which names, and which mistakes are told how."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaugecnn.config import load_config
from gaugecnn.errors import UserError
from gaugecnn.studies.checks import check_shown
from gaugecnn.studies.engines.orders import item_of, order_of
from gaugecnn.studies.engines.slurm import slurm_script
from gaugecnn.studies.identity import fingerprint, run_name
from gaugecnn.studies.plan import Plan, PlannedRun, selected
from gaugecnn.studies.planning import make_plan
from gaugecnn.studies.specification import load_study
from tests.cli.calls import refuse, succeed
from tests.studies.calls import ROOT
from tests.studies.conftest import STUDY

MORE = """\
exclude: [{network: p4, asked: masks}]
seed_keys: [seed, data.seed]
presets:
  first: {words: [train.epochs=7], seeds: [3, 4], only: {network: [p4, cnn]}}
  second:
    grid: {network: {gauge: [model=gauge, domain.level=3], cnn: [model=cnn, domain.size=20]}}
    also: [{where: {network: [gauge], asked: names}, words: [train.epochs=5]}]
tests:
  - {name: noise, function: 'mine:noise', options: {strength: 0.5}, where: {network: cnn}}
measures:
  - {name: cost, function: 'mine:cost', options: {batch: 4}}
"""
ASKED = "seeds: [0]\n"
GRID = """\
  asked:
    names: [task=classification]
    masks: [task=segmentation]
seeds: [0]
"""


@pytest.fixture
def planned(folder: Path):
    """The plan of a larger study."""

    def plan(preset: str | None = None, *words: str) -> Plan:
        head, tail = STUDY.split("also:\n")
        text = head + GRID.removesuffix(ASKED) + "also:\n" + tail + MORE
        (folder / "study.yaml").write_text(text)
        study = load_study(folder / "study.yaml")
        check_shown(study)
        return make_plan(study, preset, words, Path("runs"))

    return plan


def told(plan: Plan) -> list[tuple[str, int, int]]:
    return [(run.name, run.config.train.epochs, run.config.data.seed) for run in plan.runs]


def test_rows_are_crossed_left_out_and_chosen(planned) -> None:
    first = [
        ("p4, names, seed 3", 7, 3), ("cnn, names, seed 3", 7, 3), ("cnn, masks, seed 3", 7, 3),
        ("p4, names, seed 4", 7, 4), ("cnn, names, seed 4", 7, 4), ("cnn, masks, seed 4", 7, 4),
    ]  # fmt: skip
    assert told(planned()) == told(planned("first")) == first
    second = [
        ("cnn, names, seed 0", 2, 0), ("cnn, masks, seed 0", 2, 0), ("p4, names, seed 0", 1, 0),
        ("gauge, names, seed 0", 5, 0), ("gauge, masks, seed 0", 10, 0),
    ]  # fmt: skip
    assert told(planned("second")) == second
    assert {run.config.domain.size for run in planned("second").runs} == {20, 16, None}
    assert {epochs for _, epochs, _ in told(planned("second", "train.epochs=9"))} == {9}


def test_tests_are_of_the_runs_that_are_meant(planned) -> None:
    tested = {run.factors["network"]: [test.name for test in run.tests] for run in planned().runs}
    assert tested == {"p4": [], "cnn": ["noise"]}


def test_what_is_selected(planned) -> None:
    items = planned().items
    few = selected(items, ["network=cnn", "seed=3"], [])
    assert [item.name for item in few] == ["cnn, names, seed 3", "cnn, masks, seed 3"]
    assert selected(items, [], [items[1].folder.name]) == [items[1]]
    assert [item.name for item in items][-1] == "cost"
    with pytest.raises(UserError, match=r"--only network=cnm: .* did you mean cnn"):
        selected(items, ["network=cnm"], [])
    with pytest.raises(UserError, match="--run nothing"):
        selected(items, [], ["nothing"])


def test_the_name_of_a_run_tells_what_its_numbers_depend_on() -> None:
    words = ["data.name=digits", "domain.size=16"]
    config = load_config("cnn", overrides=words)
    same = [
        "output=elsewhere", "data.root=elsewhere", "train.resume=true", "trainer.devices=2",
        "trainer.accelerator=cpu", "trainer.precision=32", "trainer.log_every_n_steps=3",
        "trainer.limit_test_batches=1.0",
    ]  # fmt: skip
    other = [
        "seed=1", "data.seed=1", "train.epochs=9", "data.train_size=9", "data.rotation=z",
        "trainer.precision=64", "trainer.limit_train_batches=2", "domain.size=18",
        "trainer.check_val_every_n_epoch=2", "model.classification.residual=true",
    ]  # fmt: skip
    for word in same:
        assert run_name(load_config("cnn", overrides=[*words, word])) == run_name(config), word
    names = {fingerprint(load_config("cnn", overrides=[*words, word])) for word in other}
    assert len(names | {fingerprint(config)}) == len(other) + 1
    assert run_name(config).startswith("cnn-classification-digits-seed0-")
    assert fingerprint(config) == "037add8a0377"  # runs of earlier versions are found again


def test_an_order_is_the_item_that_it_tells(planned) -> None:
    for item in planned("second").items:
        found, slot = item_of(order_of(item, 3))
        assert slot == 3
        assert found == item
        if isinstance(item, PlannedRun):
            assert found.folder.name == run_name(found.config)


def test_commands_can_be_typed(planned) -> None:
    run = planned("first", "data.root=/somewhere/of mine").runs[0]
    assert run.command == (
        "gaugecnn train model=p4 task=classification data.name=digits data.train_size=48 "
        "data.validation_size=16 data.test_size=24 domain.size=16 train.epochs=7 seed=3 "
        "data.seed=3 data.root=DIR"
    )
    assert run.places == ("data.root=/somewhere/of mine",)


def test_a_script_for_slurm(planned) -> None:
    items = planned("second").items[:2]
    command = ["gaugecnn", "study", "some name", "--preset", "second", "data.root=DIR"]
    names = [item.folder.name for item in items]
    expected = f"""\
#!/bin/bash
# 2 runs of a study, one for each task. Submit it with: sbatch 'runs/some name/slurm.sh'
# What your cluster asks for (partition, account, time, gpus) can be given on that line, or here.
#SBATCH --job-name=some-name
#SBATCH --array=0-1%8
#SBATCH --cpus-per-task=2
#SBATCH --output='runs/some name'/%A-%a.txt

runs=(
  {names[0]}
  {names[1]}
)
export OMP_NUM_THREADS=2
gaugecnn study 'some name' --preset second data.root=DIR --run "${{runs[$SLURM_ARRAY_TASK_ID]}}" engine=local
"""  # noqa: E501
    assert slurm_script("some name", items, command, "runs/some name/slurm.sh", 8, 2) == expected


def test_the_script_is_written_and_what_it_says_can_be_run(written, folder: Path) -> None:
    said = succeed("study", written(), "engine=slurm", "output=runs", "threads=1")
    assert "sbatch runs/slurm.sh" in said
    script = (folder / "runs" / "slurm.sh").read_text()
    assert script.count("-seed0-") == 2
    line = script.splitlines()[-1]
    (run,) = [name.strip() for name in script.splitlines() if name.strip().startswith("p4-")]
    words = line.split()[1:]
    assert words[0] == "study"
    words[words.index("--run") + 1] = run
    assert "p4, seed 0: done, 1 of 1" in succeed(*words, "trainer.accelerator=cpu")


MISTAKES = {
    "grids: {}": "unknown key 'grids'; did you mean grid",
    "question: {a: b}": "question: expected text",
    "tests: [{name: a}]": "tests[0].words: expected either words or a function",
    "tests: [{name: a, words: [seed=1], wher: {}}]": "unknown key 'tests[0].wher'",
    "tests: [{name: a, words: [seed=1], where: {netwrk: p4}}]": "tests[0].where: no label 'netwrk'",
    "exclude: [{network: p5}]": "exclude[0].network: no 'p5'",
    "measures: [{name: a, function: 'm:f'}, {name: a, function: 'm:g'}]": "measures: expected a",
    "columns: {model: '{net}'}": "columns.model: '{net}'",
    "presets: {cpu: {only: {network: [gcn]}}}": "preset.only.network: no 'gcn'",
    "presets: {cpu: {seeds: [one]}}": "presets.cpu.seeds[0]: expected a whole number, got 'one'",
    "tables: [{name: t, title: T, rows: [netwok]}]": "tables[0].rows: no label 'netwok'",
    "tables: [{name: t, title: T, rows: []}]": "tables[0].rows: expected at least one",
    "tables: [{name: t, title: T, rows: [model], format: x.y}]": "tables[0].format: expected one",
    "tables: [{name: t, title: T, rows: [seed], where: {test: cots}}]": "tables[0].where.test: no",
    "figures: [{name: f, x: [seed], where: {network: p5}}]": "figures[0].where.network: no 'p5'",
    "expected: [{name: e, where: {network: [cnn, p5]}, at_least: 1}]": "expected[0].where.network",
    "expected: [{name: e, where: {}, at_least: 1, of: {network: p5}}]": "expected[0].of.network",
    "figures: [{name: f}]": "figures[0].x: expected labels",
    "figures: [{name: f, kind: pie, x: [model]}]": "figures[0].kind: expected one of bars, lines",
    "words: [epochs=3]": "unknown key 'epochs'",
    "words: [train.batch_size=three]": "train.batch_size: expected a whole number",
    "words: [output=here]": "output cannot be given",
    "grid: {network: {cnn: [], p4: [model=p4]}}": "network cnn, seed 0: no model",
    "grid: {seed: {a: []}}": "grid.seed",
    "grid: {metric: {a: [model=cnn]}}": "grid.metric: numbers have a label of this name",
    "also: [{where: {network: cnn}, words: [a]": "is not valid YAML",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_that_names_it(written, mistake: str) -> None:
    path = written()
    kept = path.read_text()
    key = mistake.partition(":")[0]
    blocks = [block for block in split(kept) if not block.startswith(f"{key}:")]
    path.write_text("".join(blocks) + mistake + "\n")
    said = refuse("study", path, "trainer.accelerator=cpu", "output=runs", "--dry-run")
    assert MISTAKES[mistake] in said
    assert "small.yaml" in said


def split(text: str) -> list[str]:
    """The top-level keys of a file of YAML with what is below them."""
    blocks: list[str] = []
    for line in text.splitlines(keepends=True):
        if line[0].isspace() and blocks:
            blocks[-1] += line
        else:
            blocks.append(line)
    return blocks


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing"], "no study 'nothing'"),
        (["smoke", "--preset", "cpu"], "unknown preset 'cpu'"),
        (["smoke", "engine=cloud"], "engine: expected one of local, processes, ray, slurm, got"),
        (["smoke", "jobs=2"], "engine=local does one run at a time"),
        (["smoke", "engine=processes", "jobs=none"], "jobs: expected a whole number of at least 1"),
        (["smoke", "train.resume=true"], "train.resume cannot be given"),
        (["smoke", "trainer.devices=2"], "engine=local does runs on one device"),
        (["smoke", "--adopt", "nowhere"], "--adopt nowhere: no such folder"),
        (["smoke", "--report"], "make them with: gaugecnn study smoke output="),
    ],
)
def test_a_mistake_on_the_command_line(monkeypatch, tmp_path, words, told) -> None:
    monkeypatch.chdir(ROOT)
    output = [] if words == ["nothing"] else [f"output={tmp_path / 'runs'}"]
    assert told in refuse("study", *words, *output)
    assert not (tmp_path / "runs").exists()


def test_an_empty_place_is_the_default_one(written) -> None:
    """As ``output=$FOLDER`` of a shell says it that knows no FOLDER."""
    said = refuse("study", written(), "output=", "results=", "--report")
    assert "no numbers in runs/studies/small or runs/studies/small/results/" in said


def test_a_function_that_is_not_there_is_told_before_any_training(written, folder: Path) -> None:
    path = written("tests: [{name: a, function: 'nowhere:found'}]")
    said = refuse("study", path, "trainer.accelerator=cpu", "output=runs")
    assert "tests[0].function=nowhere:found: cannot import nowhere" in said
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("name", ["smoke", "own_fields", "exact_or_approximate"])
def test_studies_that_are_shipped_can_be_planned(name: str, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    study = load_study(ROOT / "experiments" / name / "study.yaml")
    check_shown(study)
    for preset in [None, *study.presets]:
        assert make_plan(study, preset, [], Path("runs")).runs
