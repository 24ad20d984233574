"""A folder of 16-bit pictures, read alike by every command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gaugecnn import build_datamodule
from gaugecnn.records.directory import run_config
from tests.cli.calls import succeed

SETTINGS = [
    "trainer.accelerator=cpu",
    "train.epochs=1",
    "train.batch_size=4",
    "domain.level=2",
    "data.validation_size=2",
]


@pytest.fixture
def run(empty: Path) -> Path:
    """A network trained on two kinds of stripes, in the current directory."""
    wave = (np.sin(np.arange(12)) * 20000 + 30011).astype(np.uint16)
    rows = np.broadcast_to(wave[:, None], (12, 12))
    for name, picture in (("across", rows), ("along", rows.T)):
        for half in ("train", "test"):
            (empty / "stripes" / half / name).mkdir(parents=True)
            for i in range(4):
                darker = np.ascontiguousarray(picture - 97 * i)
                Image.fromarray(darker).save(empty / "stripes" / half / name / f"{name}{i}.png")
    (empty / "stripes_reader.py").write_text(
        "from gaugecnn.data.images.pictures import read_folder\n"
        "def load(train):\n"
        "    return read_folder('stripes/train' if train else 'stripes/test', channels=1)\n"
    )
    succeed("train", *SETTINGS, "data.name=stripes_reader:load", "output=run")
    return empty / "run"


def test_tests_and_predictions_see_the_same_values(run: Path) -> None:
    succeed("predict", run, "stripes/test/across/across0.png", "stripes/test/along/along0.png")
    data = build_datamodule(run_config(run))
    for name, index in (("across", 0), ("along", 4)):
        raw = data.test_sets["unrotated"][0, torch.tensor([index])]
        eight_bits = raw._replace(images=(raw.images * 255).round() / 255)
        with np.load(f"predictions/{name}0.npz") as arrays:
            np.testing.assert_array_equal(arrays["signal"], data.renderer(raw).signal)
            assert np.abs(arrays["signal"] - data.renderer(eight_bits).signal.numpy()).max() > 1e-3


def test_they_can_be_drawn(run: Path) -> None:
    succeed("render", "--run", run, "--index", "5", "--output", "stripes.png")
    assert len(np.unique(np.asarray(Image.open("stripes.png")))) > 100
