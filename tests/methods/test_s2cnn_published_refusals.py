"""Weights that are not those of the network are refused, by name, and nothing is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from gaugecnn.errors import UserError
from gaugecnn.heads import Head
from gaugecnn.methods.cnn import CNNFamily, CNNStage
from gaugecnn.methods.s2cnn import load_published_state_dict
from gaugecnn.networks import InvariantNetwork
from gaugecnn.surfaces.lat_lon import LatLonGrid
from tests.methods.published_states import (
    classifier,
    prefixed,
    published,
    segmenter,
)


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "weights.pt"


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
    planar = InvariantNetwork(CNNFamily(LatLonGrid(5)), [CNNStage(2)], Head(), 2)
    assert "got a InvariantNetwork of CNNFamily" in refused(planar, file)
    assert "got Linear" in refused(nn.Linear(2, 2), file)
