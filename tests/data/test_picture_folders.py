from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gaugecnn.data.images.pictures import read_folder
from gaugecnn.errors import UserError
from tests.data.picture_files import saved

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
DEEP = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000


def test_classes_are_subfolders_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("round", "flat", "none"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.txt").write_text("beside the subfolders")
    (tmp_path / "flat" / ".hidden").write_text("")
    saved(GREY, tmp_path / "flat" / "b.png")
    saved(GREY + 1, tmp_path / "flat" / "a.png")
    np.save(tmp_path / "round" / "two.npy", np.stack([GREY + 2, GREY + 3]))
    images, labels = read_folder(tmp_path, channels=1)
    assert labels.tolist() == [0, 0, 2, 2]  # flat, none, round
    assert labels.dtype == torch.int64
    assert images.dtype == torch.uint8
    assert (images[:, 0, 0, 0]).tolist() == [1, 0, 2, 3]


def test_depths_may_differ(tmp_path: Path) -> None:
    (tmp_path / "only").mkdir()
    saved(GREY, tmp_path / "only" / "a.png")
    saved(DEEP, tmp_path / "only" / "b.png")
    images, _ = read_folder(str(tmp_path), channels=1)
    assert images.dtype == torch.float32
    np.testing.assert_array_equal(images[0, 0], GREY / np.float32(255))
    np.testing.assert_array_equal(images[1, 0], DEEP / np.float32(65535))


def test_sizes_may_not(tmp_path: Path) -> None:
    for name, shape in (("a", (3, 4)), ("b", (4, 3))):
        (tmp_path / name).mkdir()
        saved(np.zeros(shape, np.uint8), tmp_path / name / "x.png")
    message = r"3 rows and 4 columns in .*a.x\.png, 4 rows and 3 columns in .*b.x\.png"
    with pytest.raises(UserError, match=message):
        read_folder(tmp_path, channels=1)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected a subfolder of pictures for each class"):
        read_folder(tmp_path, channels=1)
    with pytest.raises(UserError, match="no folder at .*absent"):
        read_folder(tmp_path / "absent", channels=1)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.heic").write_bytes(b"")
    with pytest.raises(UserError, match=r"expected a file of type .*x\.heic"):
        read_folder(tmp_path, channels=1)
