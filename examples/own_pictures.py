"""A folder of pictures, one subfolder for each class: discs and squares, drawn where none are.

Run from the folder above::

    gaugecnn train model=gauge data.name=examples.own_pictures:load data.rotation=so3
"""

from pathlib import Path

import numpy as np
from PIL import Image

from gaugecnn.data.images.pictures import read_folder

FOLDER = Path("shapes")
SIDE = 24


def load(train: bool):
    """Images ``(image, channel, row, column)`` and labels ``(image,)`` of one half."""
    half = FOLDER / ("train" if train else "test")
    if not half.is_dir():
        draw(half, count=200 if train else 40, random=np.random.default_rng(1 if train else 2))
    return read_folder(half, channels=1)


def draw(half: Path, count: int, random: np.random.Generator) -> None:
    """Write `count` light shapes on dark ground, each of its own size, in its own place."""
    row, column = np.mgrid[:SIDE, :SIDE]
    for i in range(count):
        r, c = random.uniform(9, SIDE - 10, size=2)
        radius = random.uniform(4, 8)
        disc = (row - r) ** 2 + (column - c) ** 2 < radius**2
        square = np.maximum(abs(row - r), abs(column - c)) < 0.886 * radius  # of the same area
        for name, shape in (("disc", disc), ("square", square)):
            (half / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.uint8(220 * shape)).save(half / name / f"{i:03}.png")
