"""Runs on fields of one's own: every task, what stands in a run, and what needs no data."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch

from gaugecnn import build_model, evaluate, load_config, load_run, predict, train
from gaugecnn.errors import UserError
from gaugecnn.records.directory import run_config
from gaugecnn.surfaces.rotations import random_rotations
from tests.data.own_fields import MESH, SPHERE, write
from tests.shipped import MESHES

SMALL = (
    "train.epochs=1",
    "train.batch_size=8",
    "trainer.accelerator=cpu",
    "data.validation_size=4",
)
ON = {
    "gauge": ("domain.level=2",),
    "gcn": ("domain.level=2",),
    "s2cnn": (),
    "cnn": ("domain.size=24",),
    "p4": ("domain.size=24",),
}
TASK = {
    "labels": "classification",
    "masks": "segmentation",
    "numbers": "regression",
    "fields": "field_regression",
    "vectors": "field_regression",
}
METRIC = {"labels": "accuracy", "masks": "miou", "numbers": "r2", "fields": "r2", "vectors": "r2"}


@pytest.fixture
def sphere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = write(tmp_path, SPHERE, f"sphere_{abs(hash(str(tmp_path)))}")
    yield name
    sys.modules.pop(name, None)


@pytest.fixture
def mesh(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = write(tmp_path, MESH, f"mesh_{abs(hash(str(tmp_path)))}")
    yield name
    sys.modules.pop(name, None)


def config_of(model, name, what, output, *words):
    given = [f"data.name={name}:{what}", "model.in_channels=2", *SMALL, *ON[model], *words]
    return load_config(model, TASK[what], [*given, f"output={output}"])


@pytest.mark.parametrize("what", ["labels", "masks", "numbers", "fields"])
@pytest.mark.parametrize("model", ON)
def test_every_method_does_every_task(model, what, sphere, tmp_path):
    summary = train(config_of(model, sphere, what, tmp_path / "run", "data.rotation=so3"))
    assert summary["task"] == TASK[what]
    for condition in ("unrotated", "rotated"):
        assert METRIC[what] in summary["test"][condition]
    parts = "per_class" if what in ("labels", "masks") else "per_output"
    assert (tmp_path / "run" / f"{parts}.csv").is_file()
    assert (tmp_path / "run" / "confusion").is_dir() is (parts == "per_class")


def test_a_run_needs_no_data_to_be_loaded(sphere, tmp_path):
    run = tmp_path / "run"
    summary = train(config_of("cnn", sphere, "masks", run))
    (tmp_path / f"{sphere}.py").unlink()
    sys.modules.pop(sphere)
    network = load_run(run)
    assert network(torch.zeros(1, 2, 24, 24)).shape == (1, 3, 24, 24)
    values = 100 + 5 * np.random.default_rng(0).normal(size=(3, 2, 16, 32))
    found = predict(run, values)
    assert found["prediction"].shape == (3, 24, 24)
    assert found["signal"].abs().max() < 10  # in the units of the training half
    np.save(tmp_path / "maps.npy", values)
    for key, tensor in predict(run, "maps.npy").items():
        assert torch.equal(tensor, found[key])
    with pytest.raises(UserError, match=f"cannot import {sphere}"):
        evaluate(run)
    assert json.loads((run / "summary.json").read_text()) == json.loads(json.dumps(summary))


def test_other_data_are_read_in_the_units_of_the_run(sphere, tmp_path):
    run = tmp_path / "run"
    own = train(config_of("cnn", sphere, "masks", run))["test"]["unrotated"]
    other = tmp_path / f"{sphere}b.py"
    text = SPHERE.replace("Fields(100 + 5 * field", "Fields(100 + 5 * field + (train == 2)")
    other.write_text(text.replace("def half(train):", "def half(train):\n    train = False"))
    again = evaluate(run, [f"data.name={sphere}b:masks"])["test"]
    assert list(again) == [f"data.name={sphere}b:masks/{c}" for c in ("unrotated", "rotated")]
    assert again[f"data.name={sphere}b:masks/unrotated"] == pytest.approx(own)
    with pytest.raises(UserError, match="task=segmentation: the targets of the data ask for"):
        evaluate(run, [f"data.name={sphere}:labels"])


def test_outputs_are_in_the_units_of_the_targets(sphere, tmp_path):
    run = tmp_path / "run"
    words = ("train.epochs=12", "train.learning_rate=0.02")
    summary = train(config_of("cnn", sphere, "numbers", run, *words))
    network = load_run(run)
    assert set(network.units.state_dict()) == {"mean", "deviation"}
    found = network(torch.zeros(1, 2, 24, 24))
    assert (found - network.units.mean).abs().max() < 4 * network.units.deviation.max()
    assert summary["test"]["unrotated"]["rmse"] < 3


@pytest.mark.parametrize(
    ("words", "task", "message"),
    [
        (
            ["model.in_channels=1"],
            "segmentation",
            "has 2 channels, the model takes 1: set",
        ),
        ([], "classification", "targets of the data ask for task=segmentation"),
        (
            ["data.digits_per_sphere=2"],
            "segmentation",
            "gives fields: data.convention, data.digits",
        ),
        (["train.loss=l2"], "segmentation", "train.loss: expected one of auto, sqrt_balanced"),
        (["data.train_size=90"], "segmentation", "94 samples asked for, .* has 24"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    words, task, message, sphere, tmp_path
):
    given = ["model.in_channels=2", *SMALL, *words, f"output={tmp_path / 'run'}"]
    with pytest.raises(UserError, match=message):
        train(load_config("cnn", task, [f"data.name={sphere}:masks", *given]))
    assert not (tmp_path / "run").exists()


TORUS = ("domain.kind=mesh", f"domain.file={MESHES / 'torus.ply'}", "model.in_channels=1")


@pytest.mark.parametrize("what", ["masks", "fields", "vectors"])
def test_meshes_are_tested_in_two_frames(what, mesh, tmp_path):
    words = [f"data.name={mesh}:{what}", *SMALL[:3], "data.validation_size=2", *TORUS]
    config = load_config("gauge", TASK[what], [*words, f"output={tmp_path / 'run'}"])
    tests = train(config)["test"]
    assert list(tests) == ["frames/aligned", "frames/random"]
    for metric, value in tests["frames/aligned"].items():
        assert tests["frames/random"][metric] == pytest.approx(value, rel=1e-3), metric
    with pytest.raises(UserError, match="data.rotation=so3: fields are turned on spheres"):
        train(load_config("gauge", TASK[what], [*words, "data.rotation=so3"]))


def test_a_network_is_built_again_for_other_frames_alone(mesh, tmp_path, monkeypatch):
    built = []

    def count(config, *rest):
        built.append(config.domain.frames)
        return build_model(config, *rest)

    monkeypatch.setattr("gaugecnn.training.run.build_model", count)
    words = [f"data.name={mesh}:fields", *SMALL[:3], "data.validation_size=2", *TORUS]
    train(load_config("gauge", "field_regression", [*words, f"output={tmp_path / 'run'}"]))
    assert built == ["aligned", "random"]  # its own, and the one that differs


def test_vectors_are_given_and_returned_in_space(sphere, tmp_path):
    run = tmp_path / "run"
    words = ("domain.level=3", "train.epochs=4", "train.learning_rate=0.02", "data.rotation=so3")
    summary = train(config_of("gauge", sphere, "vectors", run, *words))
    network = load_run(run)
    signal = torch.randn(2, 2, 642)
    found = network(signal)
    assert found.shape == (2, 1, 3, 642)
    normals = network.domain.normals.float().T
    assert (found * normals).sum(2).abs().max() < 1e-5 * found.abs().max()
    other = load_run(run, ["domain.frames=random", "domain.frame_seed=3"])
    assert (other(signal) - found).abs().max() < 1e-4 * found.abs().max()
    turn = network.domain.symmetries()[7]
    moved = torch.einsum(
        "xy,boyp->boxp",
        turn.matrix.float(),
        turn.on_signal(found.flatten(1, 2)).unflatten(1, (1, 3)),
    )
    assert (network(turn.on_signal(signal)) - moved).abs().max() < 1e-4 * found.abs().max()
    assert (moved - found).abs().max() > 0.1 * found.abs().max()
    assert summary["test"]["rotated"]["r2"] > 0.2


def test_vectors_are_refused_by_methods_without_directions(sphere, tmp_path):
    for model in ("gcn", "s2cnn", "cnn", "p4"):
        with pytest.raises(UserError, match="gives scalar fields alone.*model.method=gauge"):
            train(config_of(model, sphere, "vectors", tmp_path / model))
        assert not (tmp_path / model).exists()


@pytest.mark.parametrize("inputs", ["xyz", "curvature", "hks", "xyz+curvature"])
def test_the_surface_itself_can_be_read(inputs, mesh, tmp_path):
    channels = {"xyz": (0, 1), "curvature": (2, 0), "hks": (8, 0), "xyz+curvature": (2, 1)}[inputs]
    words = [f"data.name={mesh}:height", *SMALL[:3], "data.validation_size=1", *TORUS[:2]]
    words += [f"model.in_channels={channels[0]}", f"model.in_vectors={channels[1]}"]
    run = tmp_path / "run"
    words += [f"data.input={inputs}", f"output={run}"]
    tests = train(load_config("gauge", "field_regression", words))["test"]
    for metric, value in tests["frames/aligned"].items():
        assert tests["frames/random"][metric] == pytest.approx(value, rel=1e-3), metric
    assert load_run(run).family.in_vectors == channels[1]
    with pytest.raises(UserError, match=r"set model.in_channels="):
        train(load_config("gauge", "field_regression", [*words[:-4], f"data.input={inputs}"]))


def test_predictions_are_turned(sphere, tmp_path):
    run = tmp_path / "run"
    train(config_of("cnn", sphere, "fields", run))
    values = np.random.default_rng(0).normal(size=(2, 2, 16, 32))
    upright, turned = predict(run, values), predict(run, values, pose="so3", seed=4)
    assert (upright["signal"] - turned["signal"]).abs().max() > 0.1
    assert torch.equal(turned["signal"], predict(run, values, pose="so3", seed=4)["signal"])
    with pytest.raises(UserError, match="expected pose to be one of none, z, so3"):
        predict(run, values, pose="upside down")
    with pytest.raises(UserError, match="samples: expected 2 channels, got 1"):
        predict(run, values[:, :1])
    assert run_config(run).data.name == f"{sphere}:fields"
    assert random_rotations(1).shape == (1, 3, 3)
