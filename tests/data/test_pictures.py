from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gaugecnn.data.images.pictures import images_for, read_images
from gaugecnn.errors import UserError
from tests.data.picture_files import saved, tiff_of_12_bits

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
RAMP = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
COLOUR = np.stack([GREY, GREY[::-1], np.full_like(GREY, 7)], axis=-1)
ORANGE, ORANGE_GREY = (250, 120, 30), 149  # 0.299 * 250 + 0.587 * 120 + 0.114 * 30 = 148.6
HALF = 128
LOSSLESS = {"lossless": True, "exact": True}
"""Of WebP: every pixel as it is, the hidden ones too."""


def numbers(path: Path, channels: int = 1) -> list:
    """The values of one picture, ``(row, column)`` or ``(channel, row, column)``."""
    images = read_images(path, channels)
    assert images.shape[:2] == (1, channels)
    return images[0].squeeze(0).tolist()


class TestEightBits:
    """Stay the uint8 that they are."""

    @pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".bmp", ".gif"])
    def test_grey(self, suffix: str, tmp_path: Path) -> None:
        path = saved(GREY, tmp_path / f"x{suffix}")
        assert read_images(path, 1).dtype == torch.uint8
        assert numbers(path) == GREY.tolist()
        assert numbers(path, 3) == [GREY.tolist()] * 3

    @pytest.mark.parametrize(
        ("suffix", "options"), [(".png", {}), (".tif", {}), (".bmp", {}), (".webp", LOSSLESS)]
    )
    def test_colour(self, suffix: str, options: dict, tmp_path: Path) -> None:
        path = saved(COLOUR, tmp_path / f"x{suffix}", **options)
        assert read_images(path, 3).dtype == torch.uint8
        assert numbers(path, 3) == COLOUR.transpose(2, 0, 1).tolist()

    def test_colour_becomes_the_grey_of_itu_r_601(self, tmp_path: Path) -> None:
        path = saved(Image.new("RGB", (1, 1), ORANGE), tmp_path / "x.png")
        assert numbers(path) == [[ORANGE_GREY]]

    def test_one_bit_is_black_and_white(self, tmp_path: Path) -> None:
        path = saved(Image.fromarray(GREY > 100), tmp_path / "x.png")
        assert numbers(path) == np.where(GREY > 100, 255, 0).tolist()

    def test_palette(self, tmp_path: Path) -> None:
        picture = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
        picture.putpalette([*ORANGE, 10, 20, 30])
        path = saved(picture, tmp_path / "x.png")
        assert numbers(path, 3) == [[[250, 10]], [[120, 20]], [[30, 30]]]
        assert numbers(path)[0][0] == ORANGE_GREY

    def test_print_colours(self, tmp_path: Path) -> None:
        cyan = Image.new("CMYK", (1, 1), (255, 0, 0, 51))
        assert numbers(saved(cyan, tmp_path / "x.tif"), 3) == [[[0]], [[204]], [[204]]]

    def test_jpeg_stores_brightness_and_hue(self, tmp_path: Path) -> None:
        path = saved(Image.new("RGB", (16, 16), ORANGE), tmp_path / "x.jpeg", quality=95)
        mean = read_images(path, 3).float().mean((0, 2, 3))
        torch.testing.assert_close(mean, torch.tensor(ORANGE).float(), atol=2, rtol=0)


class TestTransparency:
    """What is transparent is black, whatever colour it hides."""

    def test_grey(self, tmp_path: Path) -> None:
        both = np.array([[[200, 255], [200, 0], [200, HALF]]], np.uint8)
        path = saved(Image.fromarray(both, "LA"), tmp_path / "x.png")
        assert numbers(path) == [[200, 0, 100]]  # 200 * 128 / 255 = 100.4

    @pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
    def test_colour(self, suffix: str, tmp_path: Path) -> None:
        pixels = np.array([[[*ORANGE, 255], [*ORANGE, 0], [*ORANGE, HALF]]], np.uint8)
        options = LOSSLESS if suffix == ".webp" else {}
        path = saved(Image.fromarray(pixels, "RGBA"), tmp_path / f"x{suffix}", **options)
        assert numbers(path, 3) == [[[250, 0, 125]], [[120, 0, 60]], [[30, 0, 15]]]
        assert numbers(path)[0][:2] == [ORANGE_GREY, 0]

    def test_opaque_pixels_are_as_without(self, tmp_path: Path) -> None:
        values = np.arange(256, dtype=np.uint8).reshape(16, 16)
        opaque = Image.merge("LA", [Image.fromarray(values), Image.new("L", (16, 16), 255)])
        assert numbers(saved(opaque, tmp_path / "x.png")) == values.tolist()

    @pytest.mark.parametrize("suffix", [".png", ".gif"])
    def test_palette(self, suffix: str, tmp_path: Path) -> None:
        picture = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
        picture.putpalette([*ORANGE, 10, 20, 30])
        path = saved(picture, tmp_path / f"x{suffix}", transparency=0)
        assert numbers(path, 3) == [[[0, 10]], [[0, 20]], [[0, 30]]]

    def test_palette_of_half_transparent_colours(self, tmp_path: Path) -> None:
        picture = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
        picture.putpalette([*ORANGE, 10, 20, 30])
        path = saved(picture, tmp_path / "x.png", transparency=bytes([HALF, 255]))
        assert numbers(path, 3) == [[[125, 10]], [[60, 20]], [[15, 30]]]

    @pytest.mark.parametrize(("values", "key", "scale"), [(GREY, 60, 1), (RAMP, 15000, 65535)])
    def test_one_grey_value(self, values: np.ndarray, key: int, scale: int, tmp_path: Path) -> None:
        path = saved(values, tmp_path / "x.png", transparency=key)
        found = read_images(path, 1)[0, 0].double() * scale
        assert found.round().tolist() == np.where(values == key, 0, values).tolist()


class TestDepth:
    """Of more than eight bits nothing is lost."""

    @pytest.mark.parametrize("suffix", [".png", ".tif"])
    @pytest.mark.parametrize("kind", ["<u2", ">u2"])
    def test_sixteen_bits(self, suffix: str, kind: str, tmp_path: Path) -> None:
        path = saved(RAMP.astype(kind), tmp_path / f"x{suffix}")
        images = read_images(path, 1)
        assert images.dtype == torch.float32
        assert torch.equal(images[0, 0], torch.from_numpy(RAMP).float() / 65535)
        assert torch.equal(read_images(path, 3)[0, 2], images[0, 0])

    def test_sixteen_bits_of_eight_are_the_same_picture(self, tmp_path: Path) -> None:
        deep = read_images(saved(GREY.astype(np.uint16) * 257, tmp_path / "x.png"), 1)
        assert torch.equal(deep[0, 0], torch.from_numpy(GREY).float() / 255)

    def test_thirty_two_bits_within_sixteen(self, tmp_path: Path) -> None:
        images = read_images(saved(RAMP.astype(np.int32), tmp_path / "x.tif"), 1)
        assert torch.equal(images[0, 0], torch.from_numpy(RAMP).float() / 65535)

    @pytest.mark.parametrize(("low", "high"), [(-1, 5), (0, 65536)])
    def test_thirty_two_bits_beyond_are_refused(self, low: int, high: int, tmp_path: Path) -> None:
        path = saved(np.array([[low, high]], np.int32), tmp_path / "x.tif")
        with pytest.raises(UserError, match=rf"x.tif: .*0 to 65535, got .* {low} to {high}"):
            read_images(path, 1)

    def test_floats(self, tmp_path: Path) -> None:
        values = np.array([[0, 0.1, 1]], np.float32)
        path = saved(values, tmp_path / "x.tif")
        assert torch.equal(read_images(path, 1)[0, 0], torch.from_numpy(values))

    @pytest.mark.parametrize("value", [1.5, -0.5, np.nan])
    def test_floats_beyond_one_are_refused(self, value: float, tmp_path: Path) -> None:
        path = saved(np.array([[0, value]], np.float32), tmp_path / "x.tif")
        with pytest.raises(UserError, match=r"x.tif: expected float images in \[0, 1\], got"):
            read_images(path, 1)

    def test_white_as_zero(self, tmp_path: Path) -> None:
        inverted = {"tiffinfo": {262: 0}}
        path = saved(GREY, tmp_path / "x.tif", **inverted)  # Pillow inverts 8 bits, both ways
        assert numbers(path) == GREY.tolist()
        with pytest.raises(UserError, match=r"x.tif: .* 16 bits, .* and 0 as black"):
            read_images(saved(RAMP, tmp_path / "x.tif", **inverted), 1)

    def test_twelve_bits_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "x.tif").write_bytes(tiff_of_12_bits())
        with pytest.raises(UserError, match=r"x.tif: expected grey values of 16 bits, or floats"):
            read_images(tmp_path / "x.tif", 1)

    def test_arrays(self, tmp_path: Path) -> None:
        np.save(tmp_path / "deep.npy", RAMP.astype(">u2"))
        np.save(tmp_path / "real.npy", RAMP / 65535)
        np.savez_compressed(tmp_path / "deep.npz", images=RAMP[None], labels=np.array([3]))
        expected = torch.from_numpy(RAMP).float() / 65535
        for name in ("deep.npy", "real.npy", "deep.npz"):
            images = read_images(tmp_path / name, 1)
            assert images.dtype == torch.float32
            torch.testing.assert_close(images[0, 0], expected, rtol=1e-7, atol=0)


UPRIGHT = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.T,
    6: lambda x: np.rot90(x, -1),  # a quarter turn clockwise
    7: lambda x: x[::-1, ::-1].T,
    8: lambda x: np.rot90(x),
}
"""What EXIF says is to be done to a picture before it is shown."""


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize(
    ("suffix", "options"), [(".png", {}), (".tif", {}), (".tif", {"compression": "tiff_lzw"})]
)
@pytest.mark.parametrize("stored", [GREY, RAMP], ids=["8 bits", "16 bits"])
def test_pictures_are_upright(
    stored: np.ndarray, suffix: str, options: dict, orientation: int, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = saved(stored, tmp_path / f"turned{suffix}", exif=exif, **options)
    upright = saved(np.ascontiguousarray(UPRIGHT[orientation](stored)), tmp_path / "upright.png")
    assert torch.equal(read_images(turned, 1), read_images(upright, 1))


class TestPages:
    def test_of_a_tiff_are_images(self, tmp_path: Path) -> None:
        more = [Image.fromarray(GREY[::-1].copy()), Image.fromarray(RAMP)]
        path = saved(GREY, tmp_path / "x.tif", save_all=True, append_images=more)
        images = read_images(path, 1)
        assert images.shape == (3, 1, 3, 4)
        for image, values in zip(images, (GREY / 255, GREY[::-1] / 255, RAMP / 65535), strict=True):
            np.testing.assert_allclose(image[0], values, atol=1e-7)

    def test_must_be_of_one_size(self, tmp_path: Path) -> None:
        more = [Image.new("L", (5, 2))]
        path = saved(GREY, tmp_path / "x.tif", save_all=True, append_images=more)
        message = r"3 rows and 4 columns in page 1 of .*x.tif, 2 rows and 5 columns in page 2 of"
        with pytest.raises(UserError, match=message):
            read_images(path, 1)

    @pytest.mark.parametrize("suffix", [".gif", ".png"])
    def test_of_an_animation_only_the_first_is_seen(self, suffix: str, tmp_path: Path) -> None:
        more = [Image.fromarray(255 - GREY)]
        path = saved(GREY, tmp_path / f"x{suffix}", save_all=True, append_images=more)
        assert numbers(path) == GREY.tolist()


@pytest.mark.parametrize("shape", [(0, 1, 4, 4), (0, 4, 4)])
def test_no_image_at_all_is_refused(shape):
    with pytest.raises(UserError, match="mine: expected at least one image, got none"):
        images_for(torch.zeros(shape), 1, "mine")
