"""`PreciseBatchNorm`: what is validated with are statistics of all that is trained on."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gaugecnn.training.batch_statistics import PreciseBatchNorm
from gaugecnn.training.run import train
from tests.training.test_run import config_for

BATCHES, SIZE = 6, 8


class Recorded:
    """What batch norms remember before and behind each measurement, and all that is trained on."""

    def __init__(self, monkeypatch) -> None:
        self.before, self.behind, self.signals, self.momenta = [], [], [], set()
        measure = PreciseBatchNorm.on_validation_start

        def record(callback, trainer, pl_module):
            network = pl_module.network
            self.before.append(self.statistics(network))
            measure(callback, trainer, pl_module)
            self.behind.append(self.statistics(network))
            self.momenta |= {m.momentum for m in network.modules() if isinstance(m, nn.BatchNorm2d)}
            assert not network.training
            raw = [
                trainer.datamodule.on_after_batch_transfer(b, 0) for b in trainer.train_dataloader
            ]
            self.signals = [batch.signal for batch in raw]
            self.expected = self.by_hand(network)

        monkeypatch.setattr(PreciseBatchNorm, "on_validation_start", record)

    def statistics(self, network):
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        return [(m.running_mean.clone(), m.running_var.clone()) for m in norms]

    @torch.no_grad()
    def by_hand(self, network):
        """Mean and variance of what each norm is given, of each batch by the batch's own."""
        given = [[] for _ in network.blocks]
        for signal in self.signals:
            x = signal
            for i, block in enumerate(network.blocks):
                y = block.layer(x)
                given[i].append(y)
                norm = block.norm.norm
                mean, var = y.mean((0, 2, 3)), y.var((0, 2, 3), correction=0)
                y = (y - mean.view(-1, 1, 1)) / (var.view(-1, 1, 1) + norm.eps).sqrt()
                x = block.activation(y * norm.weight.view(-1, 1, 1) + norm.bias.view(-1, 1, 1))
        return [torch.stack(batches) for batches in given]  # (batch, image, channel, row, column)


def runs(tmp_path, monkeypatch, *words):
    recorded = Recorded(monkeypatch)
    train(config_for(tmp_path / "run", "train.epochs=2", "train.learning_rate=0.02", *words))
    return recorded


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A training of two epochs, of `BATCHES` equal batches in poses that stay."""
    return runs(tmp_path, monkeypatch, "data.rotation=none")


def test_statistics_are_those_of_the_whole_training_set(recorded):
    given, found = recorded.expected, recorded.behind[-1]
    assert len(found) == len(given) == 4
    assert given[0].shape[:2] == (BATCHES, SIZE)
    for batches, (mean, var) in zip(given, found, strict=True):
        whole = batches.transpose(1, 2).transpose(0, 1).flatten(1)  # (channel, all)
        torch.testing.assert_close(mean, whole.mean(1), rtol=1e-4, atol=1e-5)
        within = batches.var((1, 3, 4), correction=1).mean(0)
        torch.testing.assert_close(var, within, rtol=1e-4, atol=1e-6)
        # means of batches differ too, by less than images do
        assert ((whole.var(1) - var) / var).abs().max() < 0.1


def test_the_moving_average_is_another(recorded):
    """What training leaves: a tenth of each batch, of weights that have moved on."""
    far = []
    for batches, (mean, _) in zip(recorded.expected, recorded.before[-1], strict=True):
        whole = batches.mean((0, 1, 3, 4))
        spread = batches.std((0, 1, 3, 4))
        far.append(((mean - whole) / spread).abs().max())
    assert max(far) > 0.1
    assert recorded.momenta == {0.1}  # and training goes on with it


def test_the_momentum_in_its_place_is_noticed(tmp_path, monkeypatch):
    """With 0.1 for each batch, over half of what is found is of before."""

    class Stubborn(nn.BatchNorm2d):
        def __setattr__(self, name, value):
            super().__setattr__(name, 0.1 if name == "momentum" else value)

    monkeypatch.setattr("gaugecnn.methods.cnn.layers.nn.BatchNorm2d", Stubborn)
    recorded = runs(tmp_path, monkeypatch, "data.rotation=none")
    with pytest.raises(AssertionError, match="are not close"):
        test_statistics_are_those_of_the_whole_training_set(recorded)


def test_no_more_batches_than_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(PreciseBatchNorm.__init__, "__defaults__", (2,))
    recorded = runs(tmp_path, monkeypatch, "data.rotation=none")
    for batches, (mean, _) in zip(recorded.expected, recorded.behind[-1], strict=True):
        torch.testing.assert_close(mean, batches[:2].mean((0, 1, 3, 4)), rtol=1e-4, atol=1e-5)
        assert (mean - batches.mean((0, 1, 3, 4))).abs().max() > 1e-3
