"""Small networks in the plan of the published ones, and state dicts under the published names."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor

from gaugecnn.heads import Head
from gaugecnn.methods.s2cnn import S2CNNFamily, S2CNNStage
from gaugecnn.networks import FieldNetwork, InvariantNetwork
from gaugecnn.surfaces.lat_lon import LatLonGrid
from tests.methods.s2cnn_layers import PUBLISHED

PLAN = [
    S2CNNStage(3, max_beta=0.6, bandwidth=4, n_alpha=4, n_beta=2),
    S2CNNStage(2, max_beta=0.6, bandwidth=3, n_alpha=4, n_beta=2),
    S2CNNStage(3, max_beta=0.5, bandwidth=4, n_alpha=4, n_beta=2),
]
PROJECT = S2CNNStage(2, max_beta=0.4, n_alpha=4, n_beta=2)


def classifier(head: Head | None = None, residual: bool = False, **options) -> InvariantNetwork:
    family = S2CNNFamily(LatLonGrid(5), **{**PUBLISHED, **options})
    return InvariantNetwork(family, PLAN, head or Head(), 2, residual=residual)


def segmenter(skip: bool = False, **options) -> FieldNetwork:
    family = S2CNNFamily(LatLonGrid(5), **{**PUBLISHED, **options})
    return FieldNetwork(family, PLAN, PROJECT, skip=skip)


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


def prefixed(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in state.items()}
