"""A run stands alone: what it was trained on is not asked again."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gaugecnn import load_config, load_run
from gaugecnn.errors import UserError
from gaugecnn.training.run import evaluate, train
from tests.cli.calls import refuse, succeed
from tests.training.hashes import contents

PICTURES = """
import numpy as np

def load(train):
    random = np.random.default_rng(int(train))
    return random.random((40, 8, 8)), np.arange(40) % 10
"""

FIELDS = """
import numpy as np
from gaugecnn.data.fields import Fields

def load(train, domain):
    random = np.random.default_rng(int(train))
    values = 280 + 10 * random.standard_normal((24, 2, *domain.shape))
    return Fields(values, values[:, :1] - 7, "points")
"""

WORDS = [
    *("data.train_size=32", "data.validation_size=8", "train.batch_size=8", "train.epochs=1"),
    *("trainer.accelerator=cpu", "trainer.devices=1"),
]


def trained(folder: Path, source: str, *words: str, **choice: str) -> Path:
    """A run on data of one's own, whose module is gone."""
    (folder / "mine.py").write_text(source)
    sys.modules.pop("mine", None)
    run = folder / "run"
    train(load_config(overrides=[f"output={run}", "data.name=mine:load", *WORDS, *words], **choice))
    (folder / "mine.py").unlink()
    sys.modules.pop("mine")
    return run


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return trained(tmp_path, PICTURES, "domain.size=16", model="cnn")


@pytest.fixture
def fields(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["domain.level=2", "model.in_channels=2", "data.train_size=16"]
    return trained(tmp_path, FIELDS, *words, model="gauge", task="field_regression")


def test_pictures(pictures, tmp_path):
    assert load_run(pictures)(torch.zeros(1, 1, 16, 16)).shape == (1, 10)
    np.save(tmp_path / "new.npy", np.random.default_rng(0).random((3, 8, 8)))
    succeed("predict", pictures, tmp_path / "new.npy", "--output", tmp_path / "answers")
    with np.load(tmp_path / "answers" / "new.npz") as found:
        assert found["prediction"].shape == (3,)
    before = contents(pictures)
    told = refuse("evaluate", pictures)
    assert "data.name=mine:load: cannot import mine" in told
    assert contents(pictures) == before
    other = evaluate(pictures, ["data.name=digits", "data.test_size=16"])["test"]
    names = {f"data.name=digits,data.test_size=16/{c}" for c in ("unrotated", "rotated")}
    assert set(other) == names


def test_other_data_may_be_fewer(pictures, tmp_path):
    """How many the run was trained on does not matter."""
    (tmp_path / "few.py").write_text(PICTURES.replace("40", "10"))
    found = evaluate(pictures, ["data.name=few:load"])["test"]
    assert set(found) == {f"data.name=few:load/{c}" for c in ("unrotated", "rotated")}
    with pytest.raises(UserError, match="data.test_size: 11 images asked for, few:load has 10"):
        evaluate(pictures, ["data.name=few:load", "data.test_size=11"])


def test_data_that_do_not_fit(pictures, tmp_path):
    (tmp_path / "more.py").write_text(PICTURES.replace("% 10", "% 11"))
    with pytest.raises(UserError, match=r"11 outputs .* the network was trained for 10"):
        evaluate(pictures, ["data.name=more:load"])
    (tmp_path / "coloured.py").write_text(PICTURES.replace("(40, 8, 8)", "(40, 3, 8, 8)"))
    with pytest.raises(UserError, match="has 3 channels, the model takes 1"):
        evaluate(pictures, ["data.name=coloured:load"])


def test_fields(fields, tmp_path):
    network = load_run(fields)
    assert network(torch.zeros(1, 2, 162)).shape == (1, 1, 162)
    assert network.units.mean.item() == pytest.approx(273, abs=1)
    np.save(tmp_path / "new.npy", 280 + np.zeros((2, 2, 162)))
    succeed("predict", fields, tmp_path / "new.npy", "--output", tmp_path / "answers")
    with np.load(tmp_path / "answers" / "new.npz") as found:
        assert found["prediction"].shape == (2, 1, 162)
    assert "data.name=mine:load: cannot import mine" in refuse("evaluate", fields)
    (tmp_path / "other.py").write_text(FIELDS.replace("280", "290"))
    found = evaluate(fields, ["data.name=other:load"])["test"]
    assert set(found) == {f"data.name=other:load/{c}" for c in ("unrotated", "rotated")}


def test_a_run_before_its_data_were_described(pictures):
    """Its data have to be asked."""
    (pictures / "data.json").unlink()
    with pytest.raises(UserError, match="cannot import mine"):
        load_run(pictures)
