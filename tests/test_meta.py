"""Every network on torch's `meta` device, which has no data: nothing is made anywhere else.

There is no card where these tests run. What a pass makes on the CPU would have to be copied to the
card at every call, or would meet what lies there; here it is seen. And because every network
is built here, the count of its parameters is compared here with those that it has.
"""

from __future__ import annotations

import contextlib

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from gaugecnn import build_datamodule, build_model, load_config
from gaugecnn.build import count_parameters
from gaugecnn.config import available, model_tasks
from gaugecnn.data.images.rendering import RawBatch

META = torch.device("meta")
SHIPPED = [(name, task, ()) for name in available("model") for task in model_tasks(name)]
CUBE = ("domain.kind=cubed_sphere", "domain.size=8")
NETWORKS = SHIPPED + [(name, task, CUBE) for name in ("p4", "cnn") for task in model_tasks(name)]
BATCH = 3

DOMAINS = {
    "icosphere": ("gauge", "domain.level=2"),
    "lat_lon": ("s2cnn", "domain.bandwidth=16"),
    "equirectangular": ("cnn", "domain.size=20"),
    "azimuthal": ("p4", "domain.size=20"),
    "cubed sphere": ("p4", "domain.kind=cubed_sphere", "domain.size=8"),
}
"""Where images are rendered; a mesh is not among them, because its maps are made on the CPU."""


class Strangers(TorchDispatchMode):
    """Collects the operators that take or make a tensor that is not on the `meta` device."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        tensors = [t for t in tree_leaves((args, kwargs, found)) if isinstance(t, torch.Tensor)]
        if any(tensor.device != META for tensor in tensors):
            self.seen.add(str(func))
        return found


@pytest.fixture(autouse=True)
def _no_autocast(monkeypatch):
    """Autocast does not know the device; here it would only be turned off."""
    autocast = torch.autocast

    def unless_meta(kind, *arguments, **options):
        known = kind != META.type
        return autocast(kind, *arguments, **options) if known else contextlib.nullcontext()

    monkeypatch.setattr(torch, "autocast", unless_meta)


def strangers(network: nn.Module, signal: torch.Tensor) -> tuple[torch.Tensor, set[str]]:
    """The output of a forward pass, a backward pass being done too, and the `Strangers` of both."""
    with Strangers() as mode:
        found = network(signal)
        found.square().sum().backward()
    return found, mode.seen


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize(("name", "task", "words"), NETWORKS)
def test_networks_stay_on_their_device(name, task, words, training):
    config = load_config(name, task, words)
    network = build_model(config).to(META).train(training)
    assert count_parameters(config, network.domain) == sum(p.numel() for p in network.parameters())
    signal = torch.empty(BATCH, network.family.in_channels, *network.domain.shape, device=META)
    logits, seen = strangers(network, signal)
    shapes = {"classification": (10,), "segmentation": (11, *network.domain.shape)}
    assert logits.shape == (BATCH, *shapes[task])
    assert logits.device == META
    assert not seen
    for key, value in [*network.named_parameters(), *network.named_buffers()]:
        assert value.device == META, key
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.device == META, key
        assert parameter.grad.shape == parameter.shape, key


@pytest.mark.parametrize("name", DOMAINS)
def test_images_are_rendered_where_they_are(name):
    model, *words = DOMAINS[name]
    shown = ["data.rotation=so3", "data.distortion=0.1"]
    data = build_datamodule(load_config(model, overrides=[*words, *shown]))
    raw = next(iter(data.train_dataloader()))
    raw = RawBatch(*(part.to(META) for part in raw))
    renderer = data.renderer.to(META)
    with Strangers() as mode:
        batch = renderer(raw)
    assert not mode.seen
    assert {part.device for part in batch} == {META}
    assert batch.signal.shape[2:] == batch.mask.shape[1:] == data.train_set.domain.shape


class Careless(nn.Module):
    """A layer that makes its weights on the CPU at every call, and moves them where asked."""

    def __init__(self, moves: bool) -> None:
        super().__init__()
        self.moves = moves
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = torch.ones(x.shape[-1])
        return self.factor * x * (weights.to(x) if self.moves else weights)


def test_a_tensor_made_on_the_cpu_is_seen():
    signal = torch.empty(BATCH, 1, 40, 40, device=META)
    _, seen = strangers(Careless(moves=True).to(META), signal)
    assert seen == {"aten.ones.default", "aten._to_copy.default"}
    with pytest.raises(RuntimeError, match="device"):
        strangers(Careless(moves=False).to(META), signal)


def test_a_buffer_left_behind_is_seen():
    network = build_model(load_config("p4")).to(META)
    network.blocks[0].layer.register_forward_hook(lambda *given: given[-1] * torch.ones(40))
    with pytest.raises(RuntimeError, match="device"):
        strangers(network, torch.empty(BATCH, 1, 40, 40, device=META))
