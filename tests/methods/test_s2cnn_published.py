"""Weights of the published networks: names and round trips."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from gaugecnn import build_model, load_config
from gaugecnn.build import load_collection
from gaugecnn.data.images.published import PublishedRenderer
from gaugecnn.heads import Head
from gaugecnn.methods.s2cnn import load_published_state_dict
from gaugecnn.methods.s2cnn.published.loading import published_names
from gaugecnn.networks import FieldNetwork, InvariantNetwork, Network
from gaugecnn.surfaces import LatLonGrid
from tests.methods.published_states import (
    NAMES,
    NETWORKS,
    OURS,
    PLAN,
    PROJECT,
    classifier,
    prefixed,
    published,
    segmenter,
)


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "weights.pt"


WRAPPINGS = {
    "bare": lambda state: state,
    "prefixed": lambda state: prefixed(state, "model."),
    "twice prefixed": lambda state: prefixed(state, "net.module."),
    "lightning": lambda state: {"epoch": 3, "state_dict": prefixed(state, "model.")},
    "half precision": lambda state: {name: value.half() for name, value in state.items()},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_every_parameter_finds_its_place(kind, wrapping, file):
    state = published(kind)
    torch.save(WRAPPINGS[wrapping](state), file)
    model = NETWORKS[kind]()
    loaded = load_published_state_dict(model, file)
    for name, value in state.items():
        module, _, parameter = name.rpartition(".")
        own = model.get_submodule(OURS[module]).get_parameter(parameter)
        torch.testing.assert_close(own.detach(), value, rtol=1e-3, atol=1e-3)
    assert loaded.file == file
    assert loaded.parameters == sum(value.numel() for value in model.parameters())


@pytest.mark.parametrize("kind", NETWORKS)
def test_there_and_back_the_outputs_are_equal(kind, file):
    trained, fresh = NETWORKS[kind](), NETWORKS[kind]()
    for parameter in trained.parameters():
        nn.init.uniform_(parameter, -1, 1)
    schemes = published_names(trained)
    assert sorted(schemes[0].values()) == sorted(NAMES[kind])
    signal = torch.randn(2, 1, 10, 10)
    trained.eval()
    fresh.eval()  # and what it keeps of its old weights must go
    for names in schemes:
        for parameter in fresh.parameters():
            nn.init.uniform_(parameter, -1, 1)
        torch.save({names[name]: value for name, value in trained.state_dict().items()}, file)
        with torch.no_grad():
            assert not torch.allclose(trained(signal), fresh(signal), atol=1e-3)
            load_published_state_dict(fresh, str(file))
            assert torch.equal(trained(signal), fresh(signal))


def test_a_classifier_may_be_named_as_the_segmenters_are(file):
    state = published("classifier")
    names = {"conv1": "input_layer", "conv2": "hidden_layers.0", "conv3": "hidden_layers.1"}
    renamed = {
        f"{names.get(module, 'output_layer')}.{parameter}": value
        for (module, _, parameter), value in ((n.rpartition("."), v) for n, v in state.items())
    }
    torch.save(renamed, file)
    model = classifier()
    load_published_state_dict(model, file)
    assert torch.equal(model.blocks[1].layer.kernel, state["conv2.kernel"])
    assert torch.equal(model.head[0].weight, state["out_layer.weight"])


def test_the_report_says_where_outputs_differ(file):
    torch.save(published("segmenter"), file)
    loaded = load_published_state_dict(segmenter(), file)
    assert [(d.layer, d.degrees) for d in loaded.aliased] == [
        ("blocks.2.layer", range(3, 4)),
        ("project", range(4, 5)),
    ]
    assert loaded.unpublished == ()
    text = str(loaded)
    assert f"{loaded.parameters:,} parameters loaded from {file}" in text
    assert "stage 2 (blocks.2.layer, bandwidth 3 to 4): degrees 3 to 3" in text
    assert "stage 3 (project, bandwidth 4 to 5): degrees 4 to 4" in text
    assert "aliased_shares" in text


def test_the_report_says_where_they_do_not(file):
    plan = PLAN[:2]
    model = InvariantNetwork(classifier().family, plan, Head(), 2)
    names = published_names(model)[0]
    torch.save({names[name]: value for name, value in model.state_dict().items()}, file)
    loaded = load_published_state_dict(model, file)
    assert loaded.aliased == loaded.unpublished == ()
    assert "differ" not in str(loaded)
    assert "keeps the degrees that the published code keeps" in str(loaded)


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_report_says_what_the_weights_were_fed_and_which_key_gives_it(kind, file):
    torch.save(published(kind), file)
    text = " ".join(str(load_published_state_dict(NETWORKS[kind](), file)).split())
    for said in (
        "on others its weights guess",
        "data.convention=published renders them",
        "grey values 0 to 255",
        "transposed",
        "rings pi j / 2b",
        "blurred over two pixels",
    ):
        assert said in text
    key = re.search(r"data\.convention=\w+", text)
    assert key is not None
    config = load_config("s2cnn_150k", overrides=[key[0], "data.train_size=2"])  # there is one
    assert type(load_collection(config, LatLonGrid(2)).renderer()) is PublishedRenderer


def test_the_report_names_options_that_no_published_network_has(file):
    torch.save(published("segmenter"), file)
    finer = load_published_state_dict(segmenter(sampling=1.5), file)
    assert (
        finer.unpublished[0] == "stage 0 (blocks.0.layer): grid of bandwidth 6 for degrees below 4"
    )
    assert len(finer.unpublished) == 3
    assert finer.unpublished[0] in str(finer)
    spin = load_published_state_dict(segmenter(max_order=2), file)
    assert "stage 2 (blocks.2.layer): orders along gamma cut off above 2" in spin.unpublished
    family = segmenter().family
    equatorial = [*PLAN[:2], dataclasses.replace(PLAN[2], support="equatorial")]
    coarse = dataclasses.replace(PROJECT, bandwidth=4)
    other = load_published_state_dict(FieldNetwork(family, equatorial, coarse), file)
    assert other.unpublished == (
        "stage 2 (blocks.2.layer): kernels of equatorial support",
        "stage 3 (project): grid of bandwidth 5 for degrees below 4",
    )


def test_s2cnn_150k_maps_completely(file):
    model = build_model(load_config("s2cnn_150k", task="classification"))
    state = {
        "conv1.kernel": torch.randn(1, 20, 24),
        "conv1.bias": torch.randn(1, 20, 1, 1, 1),
        "conv2.kernel": torch.randn(20, 40, 192),
        "conv2.bias": torch.randn(1, 40, 1, 1, 1),
        "out_layer.weight": torch.randn(10, 40),
        "out_layer.bias": torch.randn(10),
    }
    torch.save(state, file)
    loaded = load_published_state_dict(model, file)
    assert loaded.parameters == 154_550
    assert loaded.aliased == loaded.unpublished == ()
    assert torch.equal(model.get_parameter("blocks.1.layer.kernel"), state["conv2.kernel"])


def small_s2cnn_204k() -> Network:
    """The published segmenter at a fifth of its bandwidths, on which no parameter depends."""
    config = load_config("s2cnn_204k", task="segmentation", overrides=["domain.bandwidth=10"])
    for stage in config.model.segmentation.stages:
        stage.bandwidth = stage.bandwidth // 5
    return build_model(config)


def test_s2cnn_204k_maps_completely(file):
    channels = [11, 12, 13, 14, 13, 12, 11]
    state = {
        "input_layer.kernel": torch.randn(1, 11, 24),
        "input_layer.bias": torch.randn(1, 11, 1, 1, 1),
        "output_layer.kernel": torch.randn(11, 11, 192),
        "output_layer.bias": torch.randn(1, 11, 1, 1),
    }
    for i, (before, after) in enumerate(pairwise(channels)):
        state[f"hidden_layers.{i}.kernel"] = torch.randn(before, after, 192)
        state[f"hidden_layers.{i}.bias"] = torch.randn(1, after, 1, 1, 1)
    torch.save(state, file)
    model = small_s2cnn_204k()
    loaded = load_published_state_dict(model, file)
    assert loaded.parameters == 204_073
    assert [degrees.stage for degrees in loaded.aliased] == [4, 5, 6, 7]
    assert torch.equal(model.get_parameter("project.kernel"), state["output_layer.kernel"])
    last = state["hidden_layers.5.kernel"]
    assert torch.equal(model.get_parameter("blocks.6.layer.kernel"), last)
