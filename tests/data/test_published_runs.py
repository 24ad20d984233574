"""Configurations, networks and runs in the published convention: ``data.convention``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from gaugecnn import build_datamodule, build_model, load_config
from gaugecnn.data.images.published import PublishedRenderer
from gaugecnn.data.images.rendering import Renderer
from gaugecnn.errors import UserError
from gaugecnn.prediction import ask, asked
from gaugecnn.records.directory import open_run, run_config
from gaugecnn.showing import test_sample as sample_of
from gaugecnn.surfaces.chart import AzimuthalChart
from gaugecnn.surfaces.domain import PoseDistribution
from gaugecnn.training.run import evaluate, train
from tests.cli.calls import succeed
from tests.data.published_pictures import rendered

PUBLISHED = "data.convention=published"
SIZES = ["data.train_size=12", "data.validation_size=4", "data.test_size=6", "train.batch_size=5"]


@pytest.mark.parametrize(
    ("model", "task", "words"),
    [
        ("s2cnn_150k", "classification", []),
        ("s2cnn_204k", "segmentation", ["domain.bandwidth=10"]),
        ("cnn", "classification", ["domain.kind=lat_lon", "domain.bandwidth=8"]),
        ("gauge", "classification", ["domain.level=2"]),
    ],
)
def test_networks_on_grids_and_icospheres_accept_the_pictures(model, task, words):
    more = ["data.rotation=so3", *SIZES, PUBLISHED, *words]
    config = load_config(model, task, more)
    if model == "s2cnn_204k":
        for stage in config.model.segmentation.stages:
            stage.bandwidth = stage.bandwidth // 5
    network = build_model(config).eval()
    data = build_datamodule(config, network.domain)
    batch = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    assert batch.signal.shape == (5, 1, *network.domain.shape)
    assert batch.signal.max() == 255
    assert (
        len({tuple(pose.flatten().tolist()) for pose in data.train_set[0, torch.arange(12)].poses})
        == 12
    )
    with torch.no_grad():
        logits = network(batch.signal)
    assert logits.isfinite().all()
    assert logits.shape[1] == (10 if task == "classification" else 11)


@pytest.mark.parametrize(
    ("model", "words", "message"),
    [
        (
            "cnn_218k",
            [PUBLISHED],
            "domain.kind=lat_lon or icosphere alone, "
            "got domain.kind=chart; data.convention=standard",
        ),
        ("s2cnn", ["data.convention=theirs"], "one of standard, published, got 'theirs'"),
        ("s2cnn", ["data.conventions=published"], "did you mean data.convention"),
    ],
)
def test_what_cannot_be_is_refused_with_the_configuration(model, words, message):
    task = "segmentation" if model == "cnn_218k" else "classification"
    with pytest.raises(UserError, match=message):
        load_config(model, task, words)


def test_another_domain_is_refused_by_the_renderer_too():
    with pytest.raises(UserError, match=r"a grid lat_lon or an icosphere, got chart"):
        PublishedRenderer(AzimuthalChart(8))


def test_the_convention_is_ours_unless_given():
    config = load_config("s2cnn", overrides=SIZES)
    assert config.data.convention == "standard"
    data = build_datamodule(config)
    batch = data.on_after_batch_transfer(next(iter(data.val_dataloader())), 0)
    assert 0.9 < batch.signal.max() <= 1
    assert type(data.renderer) is Renderer


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "run"
    words = ["domain.kind=lat_lon", "domain.bandwidth=6", "train.epochs=1", f"output={folder}"]
    train(load_config("cnn", "segmentation", [*SIZES, *words, PUBLISHED, "data.rotation=so3"]))
    return folder


def test_a_run_predicts_in_its_own_convention(run, tmp_path):
    picture = np.zeros((28, 28), np.uint8)
    picture[4:24, 12:16] = 90
    np.save(tmp_path / "x.npy", picture)
    succeed("predict", run, tmp_path / "x.npy", "--output", tmp_path)
    expected = rendered(torch.from_numpy(picture)[None, None], 6).signal
    with np.load(tmp_path / "x.npz") as arrays:
        np.testing.assert_array_equal(arrays["signal"], expected.numpy())
    config, known, network = open_run(run)
    images = torch.from_numpy(picture)[None, None]
    samples = asked(images, config, network, known, PoseDistribution.none, 0)
    found = ask(network, samples)
    assert found.signal.max() == 255


def test_a_run_is_drawn_in_its_own_convention(run, tmp_path):
    for suffix in ("png", "html"):
        output = tmp_path / f"digit.{suffix}"
        succeed("render", "--run", run, "--output", output)
        assert output.stat().st_size > 1000
    _, sample, _ = sample_of(run_config(run), None, None, 2, PoseDistribution.none)
    greys = sample.signal * 255
    torch.testing.assert_close(greys, greys.round(), atol=1e-4, rtol=0)
    assert sample.signal.max() == 1  # what figures draw is from 0 to 1
    assert torch.equal(sample.mask > 0, sample.signal[0] > 150.5 / 255)


def test_another_convention_is_another_test(run):
    results = evaluate(run, ["data.convention=standard"])["test"]
    assert set(results) == {
        f"data.convention=standard/{condition}" for condition in ("unrotated", "rotated")
    }


def test_a_run_from_before_the_key_is_standard_and_resumes(tmp_path):
    words = [*SIZES, "domain.kind=lat_lon", "domain.bandwidth=4", f"output={tmp_path / 'run'}"]
    train(load_config("cnn", overrides=[*words, "train.epochs=1"]))
    file = tmp_path / "run" / "config.yaml"
    stored = OmegaConf.load(file)
    del stored.data["convention"]
    OmegaConf.save(stored, file)
    assert run_config(tmp_path / "run").data.convention == "standard"
    more = [*words, "train.epochs=2", "train.resume=true"]
    assert train(load_config("cnn", overrides=more))["epochs"] == 2
    with pytest.raises(UserError, match="started with another data"):
        train(load_config("cnn", overrides=[*more, PUBLISHED]))
