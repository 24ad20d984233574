"""``gaugecnn audit``: tables, files, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gaugecnn.methods.p4 import P4BatchNorm
from tests.cli.calls import TINY, call, succeed

SMALL = ("model=p4", "domain.size=16")


def test_a_network_of_words(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    table, figure = tmp_path / "audit.json", tmp_path / "audit.png"
    printed = succeed("audit", *SMALL, "--json", table, "--figure", figure)
    for told in ("p4, classification, random weights", "quarter turns", "every layer is"):
        assert told in printed
    assert "test images" in printed
    assert "blocks.1.norm" not in printed
    rows = json.loads(table.read_text())["rows"]
    assert {row["predicted"] for row in rows} == {"exact", "none"}
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert "blocks.1.norm" in succeed("audit", *SMALL, "--layers", "--images", "0")


def test_float64_is_asked_for_with_the_precision_of_the_trainer() -> None:
    printed = succeed("audit", *SMALL, "trainer.precision=64-true", "--images", "0")
    assert "torch.float64" in printed.replace("\n", "")


def test_a_failure_exits_with_1_and_names_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    right = P4BatchNorm.forward

    def wrong(self, x):
        y = right(self, x)
        if self.type_out.channels == 12:
            y[:, :, 0] *= 1.1
        return y

    monkeypatch.setattr(P4BatchNorm, "forward", wrong)
    result = call("audit", *SMALL, "--images", "0", "model.classification.stages[1].channels=12")
    assert result.exit_code == 1, result.output
    assert result.stderr.count("\n") == 1
    assert "quarter turns broken by blocks.1.norm (" in result.stderr
    assert "quarter turns" in result.stdout


def test_a_run_is_audited_as_trained(tmp_path: Path) -> None:
    run = tmp_path / "run"
    succeed("train", "model=gauge", *TINY, f"output={run}")
    printed = succeed("audit", run).replace("\n", " ")
    assert "random weights" not in printed
    for told in ("classification", "change of frames", "icosahedral rotations", "test images"):
        assert told in printed


REFUSALS = {
    "no run": ("nowhere", "no run at"),
    "settled": ("nowhere model=p4", "model= cannot be given here"),
    "figure": ("model=p4 --figure a.gif", "--figure: expected a file of type .png, got a.gif"),
    "key": ("model=p4 sise=3", "unknown key 'sise'"),
    "images": ("model=p4 --images 100000", "--images: expected at most"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_mistakes_are_told_in_one_line(case: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    words, fragment = REFUSALS[case]
    result = call("audit", *words.split())
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    assert fragment in result.stderr
