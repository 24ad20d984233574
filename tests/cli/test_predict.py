from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gaugecnn import build_model, load_config, prediction
from gaugecnn.build import describe
from gaugecnn.data.images.raster import MAX_SIDE
from gaugecnn.surfaces.domain import PoseDistribution
from tests.cli.calls import TINY, refuse, succeed
from tests.data.picture_files import png_header


def pictures(folder: Path) -> list[Path]:
    """The same picture in every accepted form."""
    grey = np.zeros((28, 28), np.uint8)
    grey[6:22, 12:16] = 255
    np.save(folder / "plane.npy", grey)
    np.save(folder / "stack.npy", np.stack([grey, grey.T]).astype(np.float32) / 255)
    np.save(folder / "channels.npy", grey[None, None])
    np.savez(folder / "named.npz", images=grey[None], labels=np.array([1]))
    Image.fromarray(grey).save(folder / "grey.png")
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(folder / "colour.png")
    return sorted(folder.iterdir())


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_predict(task: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    files = pictures(tmp_path / "in")
    # gates: hardly trained products of orders give logits of 1e4, with rounding to match
    words = [*TINY, "model.nonlinearity=norm_gate"]
    succeed("train", f"task={task}", *words, f"output={tmp_path / 'run'}")
    printed = succeed("predict", tmp_path / "run", *files, "--output", tmp_path / "out")
    logits = {}
    for file in files:
        assert file.name in printed
        image = Image.open(tmp_path / "out" / f"{file.stem}.png")
        assert min(image.size) > 100
        with np.load(tmp_path / "out" / f"{file.stem}.npz") as arrays:
            count = 2 if file.stem == "stack" else 1
            points = (162,) if task == "segmentation" else ()
            classes = 11 if task == "segmentation" else 10
            assert arrays["logits"].shape == (count, classes, *points)
            assert arrays["prediction"].shape == (count, *points)
            assert arrays["signal"].shape == (count, 1, 162)
            np.testing.assert_allclose(arrays["probabilities"].sum(1), 1, atol=1e-5)
            np.testing.assert_array_equal(arrays["prediction"], arrays["logits"].argmax(1))
            logits[file.stem] = arrays["logits"][0]
    for other in logits.values():  # the picture is the same in each form, and so is the answer
        np.testing.assert_allclose(other, logits["plane"], atol=1e-5)
    assert not list((tmp_path / "out").glob(".*"))  # no temporary file is left


def test_predict_in_the_pose_of_a_seed(runs: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.tri(12, dtype=np.float32))
    signals = []
    for i, options in enumerate([(), ("--pose", "so3"), ("--pose", "so3", "--seed", "1")] * 2):
        succeed(
            "predict", runs / "classification", tmp_path / "x.npy",
            "--output", tmp_path / str(i), *options,
        )  # fmt: skip
        with np.load(tmp_path / str(i) / "x.npz") as arrays:
            signals.append(arrays["signal"])
    for i in range(3):
        np.testing.assert_array_equal(signals[i], signals[i + 3])
        assert np.abs(signals[i] - signals[(i + 1) % 3]).max() > 0.1


def answers(run: Path, folder: Path, *names: str) -> list[dict[str, np.ndarray]]:
    """What the command writes of files of a folder."""
    succeed("predict", run, *(folder / name for name in names), "--output", folder / "out")
    found = []
    for name in names:
        with np.load(folder / "out" / f"{Path(name).stem}.npz") as arrays:
            found.append(dict(arrays))
    return found


def shaded() -> np.ndarray:
    """A picture of many greys, in which no symmetry hides how it was turned."""
    row, column = np.mgrid[:28, :28]
    return np.where((row > 4) & (column > 9), 3 * row + 6 * column, 0).astype(np.uint8)


def test_the_same_picture_of_16_bits(runs: Path, tmp_path: Path) -> None:
    Image.fromarray(shaded()).save(tmp_path / "eight.png")
    Image.fromarray(shaded().astype(np.uint16) * 257).save(tmp_path / "sixteen.png")
    Image.fromarray(shaded().astype(np.float32) / 255).save(tmp_path / "real.tif")
    np.save(tmp_path / "array.npy", shaded().astype(np.uint16) * 257)
    eight, *others = answers(
        runs / "classification", tmp_path, "eight.png", "sixteen.png", "real.tif", "array.npy"
    )
    assert eight["signal"].max() > 0.5
    for other in others:  # v / 255 and 257 v / 65535 are one number, to the last bit
        np.testing.assert_array_equal(other["signal"], eight["signal"])
        np.testing.assert_allclose(other["logits"], eight["logits"], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(other["prediction"], eight["prediction"])


def test_a_transparent_picture_is_that_picture_on_black(runs: Path, tmp_path: Path) -> None:
    hidden = np.full((28, 28), 200, np.uint8)  # what the transparent pixels hide
    hidden[shaded() > 0] = shaded()[shaded() > 0]
    alpha = np.where(shaded() > 0, 255, 0).astype(np.uint8)
    Image.fromarray(np.stack([hidden] * 3 + [alpha], axis=-1)).save(tmp_path / "clear.png")
    Image.fromarray(shaded()).save(tmp_path / "flat.png")
    clear, flat = answers(runs / "classification", tmp_path, "clear.png", "flat.png")
    np.testing.assert_array_equal(clear["signal"], flat["signal"])
    np.testing.assert_array_equal(clear["logits"], flat["logits"])


def test_a_photograph_is_turned_upright(runs: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(shaded()).save(tmp_path / "photograph.jpg", exif=exif)
    stored = np.asarray(Image.open(tmp_path / "photograph.jpg"))
    Image.fromarray(np.rot90(stored, -1)).save(tmp_path / "upright.png")
    Image.fromarray(stored).save(tmp_path / "lying.png")
    turned, upright, lying = answers(
        runs / "classification", tmp_path, "photograph.jpg", "upright.png", "lying.png"
    )
    np.testing.assert_array_equal(turned["signal"], upright["signal"])
    np.testing.assert_array_equal(turned["logits"], upright["logits"])
    assert np.abs(turned["signal"] - lying["signal"]).max() > 0.1


@pytest.mark.parametrize("side", [MAX_SIDE + 1, 12000, 20000])  # Pillow warns, then refuses
def test_a_picture_that_is_too_large_is_one_line(side: int, runs: Path, tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(png_header(side, side))
    line = refuse("predict", runs / "classification", tmp_path / "large.png")
    assert f"large.png: expected at most {MAX_SIDE} pixels along a side" in line
    assert str(side) in line or str(side**2) in line


def test_large_pictures_are_laid_on_the_surface_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config("cnn", "classification", ["domain.size=24"])
    network = build_model(config).eval()
    images = torch.from_numpy(np.stack([shaded()] * 5))[:, None]
    logits = []
    for pixels, sizes in ((prediction.BATCH_PIXELS, [5]), (2 * 28**2, [2, 2, 1]), (1, [1] * 5)):
        monkeypatch.setattr(prediction, "BATCH_PIXELS", pixels)
        description, upright = describe(config, network.domain), PoseDistribution.none
        samples = prediction.asked(images, config, network, description, upright, seed=0)
        seen = []
        samples.renderer.register_forward_hook(
            lambda _, __, batch, seen=seen: seen.append(len(batch[1]))
        )
        found = prediction.ask(network, samples)
        assert seen == sizes
        logits.append(found.outputs)
    for other in logits[1:]:
        torch.testing.assert_close(other, logits[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.txt", b"1", "expected a file of type .npy"),
        ("gone.npy", None, "no file at"),
        ("half.npy", b"\x93NUMPY\x01\x00", "is not an array that can be read"),
        ("half.npz", b"PK\x03\x04", "is not an array that can be read"),
        ("half.png", b"\x89PNG\r\n", "is not a picture that can be read"),
        ("line.npy", np.zeros(4), "got shape (4,)"),
        ("none.npy", np.zeros((0, 8, 8)), "expected at least one image"),
        ("large.npy", np.full((8, 8), 7.0), "expected float images in [0, 1]"),
        ("nan.npy", np.full((8, 8), np.nan), "expected float images in [0, 1]"),
        ("whole.npy", np.ones((8, 8), np.int64), "expected images of type uint8"),
        ("words.npy", np.array([["a"]]), "expected an array of numbers"),
        ("objects.npy", np.array([[None]]), "is not an array that can be read"),
        ("rgb.npy", np.zeros((1, 3, 8, 8)), "expected images of 1 channels, got 3"),
        ("two.npz", {"a": np.zeros(3), "b": np.zeros(3)}, "it holds a, b"),
    ],
)
def test_predict_refuses_a_file(
    name: str, content: object, told: str, runs: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    elif content is not None:
        np.save(path, content, allow_pickle=True)
    line = refuse("predict", runs / "classification", path, "--output", tmp_path / "out")
    assert told in line
    assert name in line
    assert not (tmp_path / "out").exists()


def test_predict_never_writes_over_its_input(runs: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "a.npy", tmp_path / "b.npy"):
        np.save(path, np.zeros((8, 8)))
    np.savez(tmp_path / "a.npz", np.zeros((8, 8)))
    command = ["predict", runs / "classification"]
    together = [tmp_path / "a.npy", tmp_path / "a.npz", "--output", tmp_path / "out"]
    assert "both be written" in refuse(*command, *together)
    inside = [tmp_path / "a.npz", "--output", tmp_path]
    assert "would be written over" in refuse(*command, *inside)
