"""No test takes the place of another in a summary."""

from __future__ import annotations

import json

import pytest

from gaugecnn import load_config
from gaugecnn.config import override
from gaugecnn.errors import UserError
from gaugecnn.records.names import (
    changed_overrides,
    changed_surface,
    check_overrides,
    own_name,
    surface_name,
)
from gaugecnn.training.run import evaluate, train
from tests.training.hashes import contents
from tests.training.test_run import TINY, config_for

MESH = [word for word in TINY if "size=16" not in word]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("named") / "run"
    words = [f"output={path}", *MESH, "domain.level=2", "train.epochs=1"]
    train(load_config("gauge", overrides=words))
    return path


@pytest.mark.parametrize(
    "words",
    [
        ["trainer.limit_test_batches=1"],
        ["trainer.limit_test_batches=1", "train.batch_size=4"],
        ["trainer.precision=bf16-mixed"],
        ["domain.frames=random"],
        ["domain.frames=random", "domain.frame_seed=3"],
        ["domain.frame_seed=3"],
        ["data.test_size=4", "data.seed=1"],
        ["data.digits_per_sphere=1", "data.test_size=5"],
    ],
)
def test_other_words_make_another_test(run, words):
    before = json.loads((run / "summary.json").read_text())["test"]
    found = evaluate(run, words)["test"]
    told = [word for word in words if word != "data.digits_per_sphere=1"]  # that of the run
    names = {f"{','.join(told)}/{condition}" for condition in ("unrotated", "rotated")}
    assert set(found) == names
    assert json.loads((run / "summary.json").read_text())["test"] == {**before, **found}


def test_words_that_change_nothing(run):
    before = json.loads((run / "summary.json").read_text())
    same = ["trainer.precision=32", "trainer.limit_test_batches=1.0", "domain.frames=aligned"]
    same += ["domain.frame_seed=0", "data.test_size=24", "domain.level=2"]
    elsewhere = ["data.root=elsewhere", "data.download=true", "trainer.accelerator=auto"]
    elsewhere += ["trainer.devices=auto", "trainer.enable_progress_bar=false"]
    of_training = ["data.rotation=so3", "data.train_size=30", "data.copies=2", "seed=4"]
    for words in ([], same, elsewhere, of_training, ["train.batch_size=12"]):
        assert set(evaluate(run, words)["test"]) == {"unrotated", "rotated"}
    assert json.loads((run / "summary.json").read_text()) == before


@pytest.mark.parametrize("words", [["model.max_order=1"], ["model.sampling=1.5", "data.seed=2"]])
def test_another_network_is_another_test(words):
    own = load_config("s2cnn", overrides=["model.max_order=2", "model.sampling=1.25"])
    assert list(changed_overrides(own, override(own, words), words)) == words
    same = ["model.max_order=2", "model.sampling=1.25"]
    assert list(changed_overrides(own, override(own, same), same)) == []


def test_a_surface_has_its_own_name(run):
    words = ["domain.level=3", "domain.frames=random", "data.test_size=4"]
    found = evaluate(run, words)["test"]
    assert set(found) == {
        f"icosphere3,domain.frames=random,data.test_size=4/{condition}"
        for condition in ("unrotated", "rotated")
    }


@pytest.mark.parametrize("word", ["train.epochs=3", "train.learning_rate=1", "train.ema=0.9"])
def test_a_test_does_not_train(run, word):
    before = contents(run)
    with pytest.raises(UserError, match=r"train\.\w+= cannot be given here: a test does not train"):
        evaluate(run, ["data.test_size=4", word])
    assert contents(run) == before
    check_overrides(["train.batch_size=4"])


@pytest.mark.parametrize("word", ["trainer.limit_test_batches=0", "trainer.fast_dev_run=true"])
def test_a_test_of_nothing(run, word):
    with pytest.raises(UserError, match="leave nothing to be kept"):
        evaluate(run, [word])


def test_a_part_of_the_test_is_never_the_test(tmp_path):
    run = tmp_path / "run"
    summary = train(config_for(run, "train.epochs=1", "trainer.limit_test_batches=1"))
    part = {f"trainer.limit_test_batches=1/{c}" for c in ("unrotated", "rotated")}
    assert set(summary["test"]) == part
    assert set(evaluate(run, [])["test"]) == part
    other = evaluate(run, ["train.batch_size=5"])["test"]
    assert set(other) == {name.replace("/", ",train.batch_size=5/") for name in part}
    whole = evaluate(run, ["trainer.limit_test_batches=1.0"])["test"]
    assert set(whole) == {"unrotated", "rotated"}
    kept = json.loads((run / "summary.json").read_text())["test"]
    assert kept == {**summary["test"], **other, **whole}
    assert set(path.name for path in (run / "confusion").iterdir()) >= {
        "rotated.csv",
        "trainer.limit_test_batches=1_rotated.csv",
    }


@pytest.mark.parametrize("limit", ["0.5", "2", "0.99"])
def test_own_name(limit):
    config = load_config("cnn", overrides=[f"trainer.limit_test_batches={limit}"])
    assert own_name(config) == [f"trainer.limit_test_batches={limit}"]
    assert own_name(load_config("cnn", overrides=["trainer.limit_test_batches=1.0"])) == []
    assert list(changed_overrides(config, config, [])) == own_name(config)


@pytest.mark.parametrize(
    ("model", "words", "name"),
    [
        ("gauge", ["domain.level=0"], "icosphere0"),
        ("gauge", ["domain.level=5"], "icosphere5"),
        ("cnn", ["domain.size=40"], "equirectangular40"),
        ("p4", ["domain.size=40"], "azimuthal40"),
        ("s2cnn", ["domain.bandwidth=20"], "lat_lon20"),
        ("p4", ["domain.kind=cubed_sphere", "domain.size=20"], "cubed_sphere20"),
    ],
)
def test_surfaces_are_told_apart_by_name(model, words, name):
    assert surface_name(load_config(model, overrides=words)) == name


def test_a_surface_of_an_earlier_name_is_still_the_runs_own():
    fingerprint = "chart(azimuthal, size=40)"
    assert changed_surface({"chart40": fingerprint}, "azimuthal40", fingerprint) == []
    assert changed_surface({"a": "x"}, "b", "y") == ["b"]
    assert changed_surface({"a": "x", "b": "z"}, "b", "y") == ["b-y"]
