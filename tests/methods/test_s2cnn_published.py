"""Weights of the published networks: names, round trips, and what is refused."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gaugecnn import build_model, load_config
from gaugecnn.errors import UserError
from gaugecnn.methods.cnn import CNNFamily, CNNStage
from gaugecnn.methods.s2cnn import S2CNNFamily, S2CNNStage, load_published_state_dict
from gaugecnn.methods.s2cnn.published import published_names
from gaugecnn.networks import Classifier, Head, Network, Segmenter
from gaugecnn.surfaces.lat_lon import LatLonGrid

PLAN = [
    S2CNNStage(3, max_beta=0.6, bandwidth=4, n_alpha=4, n_beta=2),
    S2CNNStage(2, max_beta=0.6, bandwidth=3, n_alpha=4, n_beta=2),
    S2CNNStage(3, max_beta=0.5, bandwidth=4, n_alpha=4, n_beta=2),
]
PROJECT = S2CNNStage(2, max_beta=0.4, n_alpha=4, n_beta=2)


def classifier(head: Head | None = None, residual: bool = False, **options) -> Classifier:
    family = S2CNNFamily(LatLonGrid(5), **{"normalisation": "none", **options})
    return Classifier(family, PLAN, head or Head(), 2, residual=residual)


def segmenter(skip: bool = False, **options) -> Segmenter:
    family = S2CNNFamily(LatLonGrid(5), **{"normalisation": "none", **options})
    return Segmenter(family, PLAN, PROJECT, skip=skip)


NETWORKS = {"classifier": classifier, "segmenter": segmenter}

# the published names, in the order in which the published code registers them
NAMES = {
    "classifier": [
        f"{module}.{kind}" for module in ("conv1", "conv2", "conv3") for kind in ("kernel", "bias")
    ]
    + ["out_layer.weight", "out_layer.bias"],
    "segmenter": [
        f"{module}.{kind}"
        for module in ("input_layer", "output_layer", "hidden_layers.0", "hidden_layers.1")
        for kind in ("kernel", "bias")
    ],
}
OURS = {
    "conv1": "blocks.0.layer",
    "conv2": "blocks.1.layer",
    "conv3": "blocks.2.layer",
    "out_layer": "head.0",
    "input_layer": "blocks.0.layer",
    "hidden_layers.0": "blocks.1.layer",
    "hidden_layers.1": "blocks.2.layer",
    "output_layer": "project",
}


def published(kind: str) -> OrderedDict[str, Tensor]:
    """A state dict as the published code would save it, of random numbers."""
    torch.manual_seed(1)
    own = NETWORKS[kind]().state_dict()
    state = OrderedDict()
    for name in NAMES[kind]:
        module, _, parameter = name.rpartition(".")
        state[name] = torch.randn_like(own[f"{OURS[module]}.{parameter}"])
    return state


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "weights.pt"


def prefixed(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in state.items()}


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
    model = Classifier(classifier().family, plan, Head(), 2)
    names = published_names(model)[0]
    torch.save({names[name]: value for name, value in model.state_dict().items()}, file)
    loaded = load_published_state_dict(model, file)
    assert loaded.aliased == loaded.unpublished == ()
    assert "differ" not in str(loaded)
    assert "keeps the degrees that the published code keeps" in str(loaded)


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
    other = load_published_state_dict(Segmenter(family, equatorial, coarse), file)
    assert other.unpublished == (
        "stage 2 (blocks.2.layer): kernels of equatorial support",
        "stage 3 (project): grid of bandwidth 5 for degrees below 4",
    )


def refused(model: nn.Module, file: Path) -> str:
    """The message of a refusal, which must leave the network as it was."""
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(UserError) as raised:
        load_published_state_dict(model, file)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    return str(raised.value)


def test_a_missing_parameter_is_named(file):
    state = published("segmenter")
    del state["hidden_layers.1.bias"], state["output_layer.kernel"]
    torch.save(state, file)
    message = refused(segmenter(), file)
    assert str(file) in message
    assert "nothing was loaded" in message
    assert "hidden_layers.1.bias (blocks.2.layer.bias here)" in message
    assert "output_layer.kernel (project.kernel here)" in message
    assert "unexpected" not in message


def test_an_unexpected_parameter_is_named(file):
    state = published("segmenter")
    state["skip_layers.0.conv.kernel"] = torch.zeros(1, 1, 1)
    torch.save(state, file)
    message = refused(segmenter(), file)
    assert "unexpected skip_layers.0.conv.kernel" in message
    assert "missing" not in message


def test_the_weights_of_the_other_task_are_refused(file):
    torch.save(published("classifier"), file)
    message = refused(segmenter(), file)
    assert "missing input_layer.kernel" in message
    assert "unexpected conv1.kernel" in message


def test_names_with_different_prefixes_are_refused(file):
    state = prefixed(published("classifier"), "student.")
    state["teacher.conv1.bias"] = state.pop("student.conv1.bias")
    torch.save(state, file)
    message = refused(classifier(), file)
    assert "missing conv1.kernel" in message
    assert "teacher.conv1.bias" in message


def test_a_part_of_a_state_dict_is_refused(file):
    state = published("segmenter")
    torch.save({name: value for name, value in state.items() if "hidden" in name}, file)
    message = refused(segmenter(), file)
    assert "missing input_layer.kernel" in message
    assert "hidden" not in message


def test_a_long_list_of_names_is_cut(file):
    torch.save({f"layers.{i}.weight": torch.zeros(1) for i in range(50)}, file)
    assert "layers.7.weight and 42 more" in refused(classifier(), file)


def test_each_shape_that_does_not_fit_is_named(file):
    state = published("segmenter")
    own = tuple(state["hidden_layers.0.kernel"].shape)
    state["hidden_layers.0.kernel"] = torch.zeros(own[0], own[1] + 1, own[2])
    state["output_layer.bias"] = torch.zeros(2)
    torch.save(state, file)
    message = refused(segmenter(), file)
    assert (
        f"hidden_layers.0.kernel (stage 1, blocks.1.layer.kernel here): expected shape {own}, "
        f"got {(own[0], own[1] + 1, own[2])}"
    ) in message
    assert "(stage 3, project.bias here): expected shape (1, 2, 1, 1), got (2,)" in message


def test_the_head_has_no_stage(file):
    state = published("classifier")
    state["out_layer.weight"] = torch.zeros(10, 40)
    torch.save(state, file)
    message = refused(classifier(), file)
    assert (
        "out_layer.weight (head, head.0.weight here): expected shape (2, 3), got (10, 40)"
        in message
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.zeros(1, 3, 1, 1, 1, dtype=torch.int64), "got torch.int64"),
        (torch.zeros(1, 3, 1, 1, 1, dtype=torch.complex64), "got torch.complex64"),
        (torch.zeros(1, 3, 1, 1, 1).to_sparse(), "torch.sparse_coo"),
        ([0.0], "expected a tensor, got list"),
    ],
)
def test_what_are_no_weights_is_named(value, said, file):
    state = published("classifier")
    state["conv1.bias"] = value
    torch.save(state, file)
    message = refused(classifier(), file)
    assert "conv1.bias (stage 0, blocks.0.layer.bias here)" in message
    assert said in message


class Anything:
    pass


def test_files_that_hold_no_state_dict_are_refused(file, tmp_path):
    assert "no such file" in refused(classifier(), file)
    assert "no such file" in refused(classifier(), tmp_path)
    file.write_bytes(b"not a file of torch's")
    assert f"{file} cannot be loaded with weights_only=True" in refused(classifier(), file)
    torch.save({"model": Anything()}, file)
    assert f"{file} cannot be loaded with weights_only=True" in refused(classifier(), file)
    torch.save([torch.zeros(1)], file)
    assert "expected a state dict" in refused(classifier(), file)
    torch.save({0: torch.zeros(1)}, file)
    assert "expected a state dict" in refused(classifier(), file)
    torch.save({}, file)
    assert "missing conv1.kernel" in refused(classifier(), file)


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (lambda: classifier(normalisation="batch"), "blocks.0.layer.norm.weight"),
        (lambda: classifier(residual=True), "blocks.1.residual.weight"),
        (lambda: segmenter(skip=True), "blocks.2.skip"),
        (lambda: classifier(Head((4,))), "head.3.weight"),
    ],
    ids=["batch norm", "residual", "skip", "head"],
)
def test_a_network_with_more_than_the_published_ones_is_refused(model, named, file):
    torch.save(published("classifier"), file)
    message = refused(model(), file)
    assert named in message
    assert "normalisation=none" in message


def test_networks_of_another_kind_are_refused(file):
    planar = Classifier(CNNFamily(LatLonGrid(5)), [CNNStage(2)], Head(), 2)
    assert "got a Classifier of CNNFamily" in refused(planar, file)
    assert "got Linear" in refused(nn.Linear(2, 2), file)


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
