"""What is asked for: entries, their overrides, the task, mistakes."""

from __future__ import annotations

import pytest
import torch

from gaugecnn.bench.plan import make_plan, split_entries
from gaugecnn.errors import UserError


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("[a,b]", ["a", "b"]),
        ("a, b ,", ["a", "b"]),
        ("[]", []),
        ("a:k=[1,2],b", ["a:k=[1,2]", "b"]),
        ("[a:k=[{x: 1, y: 2}]+j=3]", ["a:k=[{x: 1, y: 2}]+j=3"]),
    ],
)
def test_entries_are_split_outside_brackets(text: str, entries: list[str]) -> None:
    assert split_entries(text) == entries


def test_overrides_belong_to_their_entry() -> None:
    entries = ["s2cnn", "s2cnn:model.max_order=1+model.sampling=1e+0", "cnn:domain.size=24"]
    made = make_plan(entries, device="cpu", overrides=["seed=4"])
    first, second, third = (entry.config for entry in made.entries)
    assert (first.model.max_order, second.model.max_order) == (2, 1)
    assert second.model.sampling == 1
    assert third.domain.size == 24
    assert {first.seed, second.seed, third.seed} == {4}
    assert [entry.name for entry in made.entries] == entries


@pytest.mark.parametrize(
    ("models", "task"),
    [
        (["cnn", "s2cnn"], "segmentation"),
        (["cnn_218k", "s2cnn_204k"], "segmentation"),
        (["cnn", "p4_25k"], "classification"),
    ],
)
def test_the_task_is_one_that_all_have(models: list[str], task: str) -> None:
    assert make_plan(models, device="cpu").task == task


@pytest.mark.parametrize(
    ("models", "options", "message"),
    [
        ([], {}, "expected at least one model, such as models="),
        (["gaug"], {}, "gaug: unknown model 'gaug'; available: .*did you mean gauge"),
        (["cnn:"], {}, "expected NAME or NAME:key=value"),
        (["cnn:domain.size"], {}, "expected key=value, got 'domain.size'"),
        (["cnn:domain.level=3"], {}, "cnn:domain.level=3: domain.level is not used by"),
        (["cnn"], {"overrides": ["domain.siez=3"]}, "unknown key 'domain.siez'; did you mean"),
        (["cnn"], {"overrides": ["train.epochs=3"]}, "unknown key 'train.epochs'; bench uses"),
        (["cnn"], {"batch": 0}, "batch: expected at least 1, got 0"),
        (["cnn"], {"repeats": 0}, "repeats: expected at least 1, got 0"),
        (["cnn"], {"device": "tpu"}, "device: expected one of auto, cpu, cuda, got 'tpu'"),
        (["cnn"], {"task": "regression"}, "cnn: .*regression"),
        (["p4_25k"], {"task": "segmentation"}, "p4_25k has no plan for segmentation"),
        (
            ["cnn", "p4_25k", "cnn_218k"],
            {},
            "p4_25k has no plan for segmentation; cnn_218k has no plan for classification",
        ),
    ],
)
def test_mistakes_are_named(models: list[str], options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_plan(models, **{"device": "cpu", **options})


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_an_absent_gpu_is_told() -> None:
    with pytest.raises(UserError, match="device=cuda: torch finds no CUDA device"):
        make_plan(["cnn"], device="cuda")
