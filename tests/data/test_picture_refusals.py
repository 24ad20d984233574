from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gaugecnn.data.images.pictures import read_images
from gaugecnn.data.images.raster import MAX_SIDE, MAX_VALUES
from gaugecnn.errors import UserError
from tests.data.picture_files import png_header, saved


class TestBounds:
    def test_a_panorama_is_read(self, tmp_path: Path) -> None:
        path = saved(Image.new("1", (8192, 4096), 1), tmp_path / "x.png")
        assert read_images(path, 1).shape == (1, 1, 4096, 8192)

    @pytest.mark.parametrize("side", [MAX_SIDE + 1, 12000])  # Pillow warns of the second
    def test_a_larger_picture_is_refused(
        self, side: int, tmp_path: Path, recwarn: pytest.WarningsRecorder
    ) -> None:
        (tmp_path / "x.png").write_bytes(png_header(side, side - 1))
        message = (
            rf"x.png: expected at most {MAX_SIDE} pixels .* {side - 1} rows and {side} columns"
        )
        with pytest.raises(UserError, match=message):
            read_images(tmp_path / "x.png", 1)
        assert not recwarn

    def test_so_is_one_that_pillow_refuses(self, tmp_path: Path) -> None:
        (tmp_path / "x.png").write_bytes(png_header(20000, 20000))
        message = rf"x.png: expected at most {MAX_SIDE} pixels along a side, .*400000000 pixels"
        with pytest.raises(UserError, match=message):
            read_images(tmp_path / "x.png", 1)

    @pytest.mark.parametrize(
        ("shape", "told"),
        [
            ((4, MAX_SIDE + 1), f"at most {MAX_SIDE} pixels along a side, got 4 rows and 8193"),
            ((2**20, 1, 2**6, 2**6), f"at most {MAX_VALUES} values, got {2**32}"),
            ((2**40,), f"at most {MAX_VALUES} values"),
        ],
    )
    @pytest.mark.parametrize("suffix", [".npy", ".npz"])
    def test_arrays_are_refused_by_their_header(
        self, shape: tuple[int, ...], told: str, suffix: str, tmp_path: Path
    ) -> None:
        promised = np.broadcast_to(np.uint8(0), shape)
        with (tmp_path / "x.npy").open("wb") as file:
            described = np.lib.format.header_data_from_array_1_0(promised)
            np.lib.format.write_array_header_1_0(file, described | {"fortran_order": False})
        if suffix == ".npz":
            with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
                archive.write(tmp_path / "x.npy", "images.npy")
        with pytest.raises(UserError, match=told):
            read_images(tmp_path / f"x{suffix}", 1)


class TestDamage:
    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".gif", ".bmp"])
    def test_a_cut_picture_is_named(self, suffix: str, tmp_path: Path) -> None:
        path = saved(Image.effect_noise((64, 64), 50).convert("RGB"), tmp_path / f"x{suffix}")
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(UserError, match=rf"x{suffix} is not a picture that can be read"):
            read_images(path, 1)

    def test_a_drawing_that_is_a_program_is_not_run(self, tmp_path: Path) -> None:
        path = tmp_path / "x.png"
        Image.new("L", (4, 4)).save(path, format="EPS")
        with pytest.raises(UserError, match="is not a picture that can be read"):
            read_images(path, 1)

    @pytest.mark.parametrize("header", [b"{'descr': '<f4', ", b"{'shape': (2, 2)}", b"(", b""])
    def test_a_broken_header_is_named(self, header: bytes, tmp_path: Path) -> None:
        text = struct.pack("<H", len(header)) + header
        (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + text)
        with pytest.raises(UserError, match=r"x.npy is not an array that can be read"):
            read_images(tmp_path / "x.npy", 1)

    def test_pictures_have_one_channel_or_three(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"x.png: expected 1 or 3 channels .* got 2"):
            read_images(saved(Image.new("L", (4, 4)), tmp_path / "x.png"), 2)
