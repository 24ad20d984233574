"""What a network will take, before it takes it."""

from __future__ import annotations

import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from gaugecnn import build_model, load_config
from gaugecnn.errors import UserError
from gaugecnn.methods.s2cnn import S2Conv, S2Type, SO3Type, memory, s2_near_identity_grid

CPU = torch.device("cpu")
TYPES = [S2Type(1, 12), SO3Type(4, 12, 18), SO3Type(12, 8, 12)]


class Peak(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive, beyond those known before."""

    def __init__(self, known: list[torch.Tensor]) -> None:
        super().__init__()
        self.known = {tensor.untyped_storage()._cdata for tensor in known}
        self.alive: dict[int, int] = {}
        self.now = self.peak = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                self.count(tensor.untyped_storage())
        return out

    def count(self, storage) -> None:
        key = storage._cdata
        if key not in self.alive and key not in self.known:
            self.alive[key] = storage.nbytes()
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self.gone, key)

    def gone(self, key: int) -> None:
        self.now -= self.alive.pop(key, 0)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("model", "task", "batch"),
    [("s2cnn_150k", "classification", 6), ("s2cnn", "classification", 6),
     ("s2cnn", "segmentation", 3)],
)  # fmt: skip
def test_the_estimate_is_what_is_measured(model, task, batch, training) -> None:
    network = build_model(load_config(model, task)).train(training)
    signal = torch.rand(batch, 1, *network.domain.shape)
    skips = any(block.skip is not None for block in network.blocks)
    estimate, _ = memory.network_bytes(
        [memory.measured(t) for t in network.types], batch, training or skips
    )
    peak = Peak([signal, *network.parameters(), *network.buffers()])
    with peak, torch.set_grad_enabled(training):
        out = network(signal)
        if training:
            out.sum().backward()
    assert 0.85 * peak.peak < estimate < 2 * peak.peak


def test_the_refusal_names_the_stage_and_ways_that_work(monkeypatch) -> None:
    needed, worst = memory.network_bytes(TYPES, 8, True)
    assert worst == 1
    monkeypatch.setattr(memory, "available_bytes", lambda device: int(0.7 * needed))
    with pytest.raises(memory.OutOfMemoryError) as refusal:
        memory.check_memory(TYPES, 8, True, CPU)
    message = str(refusal.value)
    assert "a batch of 8 would take" in message
    assert "stage 1 (4 x SO3(degree<12, sampling 18) -> 12 x SO3(degree<8, sampling 12))" in message
    ways = dict(way.split("=") for way in message.rpartition(": ")[2].split(", "))
    assert "batch" in ways
    memory.check_memory(TYPES, int(ways["batch"]), True, CPU)
    with pytest.raises(memory.OutOfMemoryError):
        memory.check_memory(TYPES, int(ways["batch"]) + 1, True, CPU)


def test_nothing_alone_may_do(monkeypatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda device: 1000)
    with pytest.raises(memory.OutOfMemoryError, match="No one of batch, bandwidth, max_order and"):
        memory.check_memory(TYPES, 2, False, CPU)


def test_a_network_asks_before_it_allocates(monkeypatch) -> None:
    network = build_model(load_config("s2cnn", overrides=["domain.bandwidth=24"])).eval()
    signal = torch.rand(1, 1, *network.domain.shape)
    network(signal)
    monkeypatch.setattr(memory, "available_bytes", lambda device: 1 << 20)
    network(signal)  # a batch that is known to fit is not looked at again
    with pytest.raises(UserError, match="a batch of 64 would take .* most of it in stage"):
        network(signal.expand(64, -1, -1, -1))


def test_tables_are_refused_before_they_are_computed() -> None:
    with pytest.raises(UserError, match=r"the tables of 1 x S2\(bandwidth 3000\) .* would take"):
        S2Conv(1, 2, 3000, 3000, s2_near_identity_grid(0.2, 4, 1))


def test_orders_are_paid_in_proportion() -> None:
    def cost(order: int | None) -> int:
        types = [SO3Type(8, 20, 30, order), SO3Type(8, 20, 30, order)]
        return memory.network_bytes(types, 16, True)[0]

    assert 0.08 < cost(1) / cost(None) < 0.16  # 3 of 39 orders, and a grid of 6 of 60 points
    assert 1.4 < cost(3) / cost(1) < 2.4
