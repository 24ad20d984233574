"""Pictures of the user's own: what a callable named in the configuration may give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gaugecnn import load_config
from gaugecnn.build_data import load_collection
from gaugecnn.data.custom import call_custom
from gaugecnn.errors import UserError
from gaugecnn.surfaces import LatLonGrid


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Write a module of the user's own into the current directory; gives its name."""
    monkeypatch.chdir(tmp_path)
    module = f"own_{abs(hash(str(tmp_path)))}"

    def write(body):
        text = "import numpy as np\nimport torch\n\ndef load(train):\n    " + body + "\n"
        (tmp_path / f"{module}.py").write_text(text)
        return f"{module}:load"

    return write


def load_own(name, train=True):
    return call_custom(name, train, LatLonGrid(2), Path("data"))


def test_own_images_as_uint8_arrays(own):
    name = own(
        "return np.full((5 if train else 2, 3, 4), 7, np.uint8), np.arange(5 if train else 2)"
    )
    images = load_own(name)
    assert images.images.shape == (5, 1, 3, 4)
    assert (images.classes, images.name) == (5, name)
    assert set(images.images.unique().tolist()) == {7}
    assert load_own(name, train=False).images.shape == (2, 1, 3, 4)


def test_own_images_are_looked_for_in_the_root(own, monkeypatch):
    name = own("pass")
    module = Path(name.partition(":")[0] + ".py")
    module.write_text(
        "import numpy as np\n\ndef load(train, root):\n"
        "    return np.load(root / 'cells.npy'), np.arange(2)\n"
    )
    Path("folder").mkdir()
    np.save("folder/cells.npy", np.full((2, 3, 3), 9, np.uint8))
    monkeypatch.setenv("HOME", str(Path.cwd()))
    config = load_config("cnn", overrides=[f"data.name={name}", "data.root=~/folder"])
    collection = load_collection(config, LatLonGrid(2))
    assert collection.train.images.unique().tolist() == [9]


def test_own_images_as_float_tensors_with_channels(own):
    name = own("return torch.linspace(0, 1, 12).reshape(2, 2, 1, 3), torch.tensor([0, 3])")
    images = load_own(name)
    assert images.images.shape == (2, 2, 1, 3)
    assert images.images.dtype == torch.float32  # as they are, not rounded to 8 bits
    assert torch.equal(images.images.flatten(), torch.linspace(0, 1, 12))
    assert images.classes == 4


def test_own_images_of_16_bits(own):
    name = own("return np.array([[[0, 257, 65535]]], np.uint16), np.zeros(1, int)")
    expected = torch.tensor([0, 257, 65535]) / 65535
    assert torch.equal(load_own(name).images.flatten(), expected)


def test_numbers_to_regress_beside_pictures(own):
    images = load_own(own("return np.zeros((2, 3, 3)), np.array([[1.0, 5], [3, 5]])"))
    assert images.labels.dtype == torch.float32
    described = images.description
    assert described.outputs == {"regression": 2}
    assert described.target_mean == (2, 5)
    assert described.target_deviation == (1, 1)  # a constant is in units of 1


def test_own_big_endian_arrays(own):
    name = own("return np.ones((2, 2, 2), '>f4'), np.array([0, 1], '>i4')")
    assert load_own(name).labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 3", r"expected the pair \(images, labels\) or .*Fields, got a int"),
        ("return [1], [2]", r"images: expected an array of numbers or a tensor, got a list"),
        ("return np.array(['a']), np.zeros(1)", r"images: expected an array of numbers"),
        ("return np.zeros((2, 3)), np.zeros(2, int)", r"got shape \(2, 3\)"),
        ("return np.zeros((2, 3, 0)), np.zeros(2, int)", r"got shape \(2, 1, 3, 0\)"),
        ("return np.zeros((2, 3, 3), int), np.zeros(2, int)", r"uint16 or floats.*got torch.int64"),
        ("return np.full((2, 3, 3), 2.0), np.zeros(2, int)", r"got values from 2 to 2"),
        ("return np.full((2, 3, 3), np.nan), np.zeros(2, int)", r"got values from nan"),
        ("return np.zeros((2, 3, 3)), np.zeros(2)", r"expected integer labels .*got torch.float64"),
        ("return np.zeros((2, 3, 3)), np.full((2, 1), np.inf)", r"expected finite numbers"),
        ("return np.zeros((2, 3, 3)), np.zeros((2, 1), int)", r"of shape \(2, 1\)"),
        ("return np.zeros((2, 3, 3)), np.array([0, -1])", r"labels from 0, got -1"),
        ("return np.zeros((2, 3, 3)), np.zeros(3, int)", r"got 2 images and 3 labels"),
        ("return np.zeros((0, 3, 3)), np.zeros(0, int)", r"got 0 images and 0 labels"),
    ],
)  # fmt: skip
def test_what_the_callable_gives_is_checked(own, body, message):
    with pytest.raises(UserError, match=message):
        load_own(own(body))


def test_the_callable_must_be_found(own):
    name = own("return None")
    module = name.split(":")[0]
    with pytest.raises(UserError, match=rf"callable absent in .*{module}\.py, got no such name"):
        load_own(f"{module}:absent")
    with pytest.raises(UserError, match=r"callable __file__ .*got a str"):
        load_own(f"{module}:__file__")
    with pytest.raises(UserError, match="cannot import nowhere_at_all from"):
        load_own("nowhere_at_all:load")
    with pytest.raises(UserError, match=r"path\.to:callable, got 'x:'"):
        load_own("x:")
