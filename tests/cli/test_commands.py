from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

import gaugecnn
from gaugecnn.config import available, model_tasks
from gaugecnn.training.module import Training
from tests.cli.calls import TINY, call, refuse, succeed

COMMANDS = (
    *("train", "evaluate", "predict", "render", "audit", "models", "config", "bench"),
    *("study", "report"),
)


def test_interrupt_tells_how_to_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)  # Lightning ignores the signal from then on
    words = ["train", *TINY, f"output={tmp_path / 'a run'}"]
    with monkeypatch.context() as patch:
        patch.setattr(Training, "training_step", interrupted)
        result = call(*words)
    signal.signal(signal.SIGINT, handler)
    assert result.exit_code == 130
    assert result.stderr.count("\n") == 1
    assert f"'output={tmp_path / 'a run'}' train.resume=true" in result.stderr
    assert not (tmp_path / "a run").exists()  # nothing had come of it yet
    succeed(*words, "train.resume=true")
    assert (tmp_path / "a run" / "summary.json").is_file()
    assert "already holds a run" in refuse(*words)


def test_evaluate_on_another_level(copied: Path) -> None:
    assert "icosphere3/rotated" in succeed("evaluate", copied, "domain.level=3")
    summary = json.loads((copied / "summary.json").read_text())
    assert set(summary["test"]) == {
        "unrotated", "rotated", "icosphere3/unrotated", "icosphere3/rotated",
    }  # fmt: skip


def test_evaluate_a_run_without_summary(copied: Path) -> None:
    before = json.loads((copied / "summary.json").read_text())
    (copied / "summary.json").unlink()
    assert "unfinished" in succeed("evaluate", copied)
    after = json.loads((copied / "summary.json").read_text())
    assert after["test"] == before["test"]
    assert after["parameters"] == before["parameters"]


def test_models_as_json() -> None:
    rows = json.loads(succeed("models", "--json"))
    assert [row["name"] for row in rows] == available("model")
    for row in rows:
        assert row["tasks"] == model_tasks(row["name"])
        assert all(row["parameters"][task] > 1000 for task in row["tasks"])
        assert row["method"]
        assert row["domain"]
        assert row["symmetries"]


def test_models_as_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gaugecnn.config.available", lambda group: ["gauge", "p4_25k"])
    printed = succeed("models")
    for told in ("gauge", "p4_25k", "24,810", "quarter turns", "icosahedral"):
        assert told in printed


def test_config_prints_what_load_config_gives() -> None:
    words = ["domain.level=3", "model.segmentation.stages[1].channels=7", "data.train_size=null"]
    printed = succeed("config", "model=gcn", "task=segmentation", *words)
    config = gaugecnn.load_config("gcn", "segmentation", words)
    assert OmegaConf.create(printed) == config
    assert config.model.segmentation.stages[1].channels == 7
    assert config.model.segmentation.stages[1].down == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    printed = " ".join(succeed(command, "--help").split())
    assert f"Example: gaugecnn {command}" in printed
    assert succeed(command, "-h") == succeed(command, "--help")


def test_the_shell_completes_commands(tmp_path: Path) -> None:
    asked = {"_GAUGECNN_COMPLETE": "complete_bash", "COMP_WORDS": "gaugecnn tr", "COMP_CWORD": "1"}
    done = python("-m", "gaugecnn", where=tmp_path, env={**os.environ, **asked})
    assert done.stdout.split() == ["train"]
    assert "--install-completion" in succeed("-h")


def python(
    *words: str, where: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, env=env, check=False)


def test_help_and_version_need_no_torch(tmp_path: Path) -> None:
    script = "import sys, gaugecnn.cli as c; print('torch' in sys.modules); c.main()"
    for option, told in (("--help", "evaluate"), ("--version", "gaugecnn 0.")):
        done = python("-c", script, option, where=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("False\n")
        assert told in done.stdout


def test_from_an_empty_directory(tmp_path: Path) -> None:
    done = python("-m", "gaugecnn", "train", *TINY, where=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    run = tmp_path / "runs" / "gauge-classification-digits-seed0"
    assert str(run.relative_to(tmp_path)) in done.stdout
    assert {"config.yaml", "metrics.csv", "summary.json", "checkpoints"} <= {
        path.name for path in run.iterdir()
    }
    failed = python("-m", "gaugecnn", "train", "level=3 foo", "foo", where=tmp_path)
    assert failed.returncode == 2
    assert failed.stderr == "gaugecnn: expected key=value, got 'foo'\n"


def test_a_training_without_tests_is_told(tmp_path: Path) -> None:
    words = [*TINY, "model=gauge", f"output={tmp_path / 'run'}"]
    printed = succeed("train", *words, "trainer.limit_test_batches=0")
    assert "parameters, trained in" in printed
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["test"] == {}
