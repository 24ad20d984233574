"""What no training can be with is refused in one line, and leaves nothing."""

from __future__ import annotations

import pytest
import torch

from gaugecnn.errors import UserError
from gaugecnn.training import trainer as trainer_module
from gaugecnn.training.run import train
from gaugecnn.training.trainer import build_trainer
from tests.training.test_run import config_for


def test_patience_needs_validation(tmp_path):
    with pytest.raises(UserError, match="train.patience=3 asks for validations"):
        train(config_for(tmp_path / "run", "train.patience=3", "trainer.limit_val_batches=0"))
    assert not (tmp_path / "run").exists()


def test_no_step_at_all(tmp_path):
    with pytest.raises(UserError, match="no step was trained, so that nothing is kept"):
        train(config_for(tmp_path / "run", "trainer.limit_train_batches=0"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("trainer.precision=17", "Precision '17' is invalid"),
        ("trainer.max_time=soon", "not a valid duration"),
        ("trainer.limit_train_batches=-1", "limit_train_batches"),
        ("trainer.limit_val_batches=0.01", "Try at least"),
        ("trainer.strategy=nonsense", "nonsense"),
        ("trainer.devices=0", "trainer: "),
        ("trainer.val_check_interval=100", "val_check_interval"),
        ("trainer.profiler=nonsense", "profiler"),
        ("trainer.accumulate_grad_batches=0", "expected at least 1, got 0"),
    ],
)
def test_what_lightning_refuses_is_one_line(tmp_path, word, told):
    with pytest.raises(UserError, match=told) as error:
        train(config_for(tmp_path / "run", word))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_a_device_without_float64(tmp_path, monkeypatch, capsys):
    """Apple's: asked for, it is refused; found, it is passed over."""
    monkeypatch.setattr(trainer_module, "has_float64", lambda device: False)
    with pytest.raises(UserError, match="cpu has no float64, .* set trainer.accelerator=cpu"):
        train(config_for(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
    answers = iter([False, True, True])
    monkeypatch.setattr(trainer_module, "has_float64", lambda device: next(answers))
    built = build_trainer(config_for(tmp_path / "run", "trainer.accelerator=auto"), logger=False)
    assert built.strategy.root_device.type == "cpu"
    assert "has no float64" in capsys.readouterr().out


def test_which_devices_have_float64():
    names = ("cpu", "cuda", "mps")
    assert [trainer_module.has_float64(torch.device(n)) for n in names] == [True, True, False]
