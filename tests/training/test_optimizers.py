"""`train.optimizer`: the one that is named, with the rate and the decay that are given."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gaugecnn.errors import UserError
from gaugecnn.training.module import Training
from gaugecnn.training.optimizers import build_optimizer
from gaugecnn.training.run import train
from tests.training.test_run import config_for


def rms(parameters, lr, weight_decay):
    return torch.optim.RMSprop(parameters, lr=lr, weight_decay=weight_decay)


def nothing(parameters, lr, weight_decay):
    return None


def after_two_steps(name: str, decay: float) -> float:
    """A weight that begins at 1, with gradients 2 and then 2, learned at 0.1."""
    weight = nn.Parameter(torch.ones(()))
    optimizer = build_optimizer(name, [weight], 0.1, decay)
    for _ in range(2):
        weight.grad = torch.tensor(2.0)
        optimizer.step()
    return weight.item()


@pytest.mark.parametrize(
    ("name", "decay", "expected"),
    [
        ("sgd", 0.0, 1 - 0.2 - 0.2 * 1.9),  # the second step has 0.9 of the first in it
        ("sgd", 0.5, 1 - 0.25 - 0.1 * (2 + 0.5 * 0.75 + 0.9 * 2.5)),
        ("adam", 0.0, 1 - 0.1 - 0.1),  # the size of a gradient that stays does not matter
        ("adamw", 0.5, (0.95 - 0.1) * 0.95 - 0.1),  # the weight itself shrinks by 0.05 of it
    ],
)
def test_known_steps(name, decay, expected):
    assert after_two_steps(name, decay) == pytest.approx(expected, abs=1e-6)


def test_your_own():
    optimizer = build_optimizer(
        "tests.training.test_optimizers:rms", [nn.Parameter(torch.ones(2))], 0.3, 0.1
    )
    assert isinstance(optimizer, torch.optim.RMSprop)
    assert (optimizer.defaults["lr"], optimizer.defaults["weight_decay"]) == (0.3, 0.1)


def test_one_beside_the_command(tmp_path, monkeypatch):
    (tmp_path / "mine_only.py").write_text("from torch.optim import Adagrad as make\n")
    monkeypatch.chdir(tmp_path)
    made = build_optimizer("mine_only:make", [nn.Parameter(torch.ones(2))], 0.3, 0.1)
    assert isinstance(made, torch.optim.Adagrad)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "tests.training.test_optimizers:nothing",
            "expected an optimizer of torch, got a None",
        ),
        ("tests.training.test_optimizers:absent", "expected a callable absent in .* no such name"),
        ("no_such_module:make", "train.optimizer=no_such_module:make: cannot import"),
    ],
)
def test_what_is_no_optimizer_is_named(name, told):
    with pytest.raises(UserError, match=told):
        build_optimizer(name, [nn.Parameter(torch.ones(2))], 0.1, 0.0)


def test_a_training_uses_the_one_that_it_is_told(tmp_path, monkeypatch):
    used, step = [], Training.training_step

    def record(self, batch, batch_idx):
        used.append(type(self.trainer.optimizers[0]))
        return step(self, batch, batch_idx)

    monkeypatch.setattr(Training, "training_step", record)
    train(config_for(tmp_path / "run", "train.epochs=1", "train.optimizer=sgd"))
    assert set(used) == {torch.optim.SGD}
