"""Maps of the whole sphere with a class at each pixel: where a field is high, low or between.

Run from the folder above::

    gaugecnn train model=gauge task=segmentation domain.level=3 data.name=examples.own_fields:load
"""

import numpy as np

from gaugecnn.data import Fields

ROWS, COLUMNS = 32, 64
TRAIN, TEST = 300, 100


def load(train: bool) -> Fields:
    """Values ``(map, channel, row, column)``, north up, and classes ``(map, row, column)``."""
    random = np.random.default_rng(1 if train else 2)
    maps = np.stack([waves(random) for _ in range(TRAIN if train else TEST)])
    hidden = np.stack([waves(random) for _ in maps])
    classes = np.select([maps > 0.5, maps < -0.5], [1, 2], 0)
    classes[hidden > 1] = -1  # not known there: no part in the loss nor in the metrics
    return Fields(maps[:, None], classes, layout="equirectangular")


def waves(random: np.random.Generator, count: int = 12) -> np.ndarray:
    """A smooth random map ``(row, column)``: plane waves in space, read on the sphere."""
    vectors, phases = random.normal(size=(3, count)), random.uniform(0, 2 * np.pi, count)
    return np.cos(3 * points() @ vectors + phases).sum(-1) / np.sqrt(count / 2)


def points() -> np.ndarray:
    """The pixels on the unit sphere ``(row, column, xyz)``; the poles lie half a row outside."""
    beta = np.pi * (2 * np.arange(ROWS)[:, None] + 1) / (2 * ROWS)
    alpha = 2 * np.pi * np.arange(COLUMNS) / COLUMNS
    x, y = np.sin(beta) * np.cos(alpha), np.sin(beta) * np.sin(alpha)
    return np.stack([x, y, np.broadcast_to(np.cos(beta), x.shape)], axis=-1)
