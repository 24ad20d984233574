"""A synthetic climate: two fields on maps of the sphere, classes and vectors that follow from them.

Temperature T and pressure p are zonal means, a wave of two crests that has travelled some way
around the pole, and smooth random waves; all in closed form, so that gradients are exact. The
geostrophic wind blows along the isobars, ``v = n x grad p``, and carries temperature: where
``-v . grad T`` is in its upper third a place warms (class 1), in its lower third it cools (class
2), between them it is steady (class 0). A fifth of every map has no label: a twentieth is not
observed, in patches, and the rest is undecided, nearest to the border of two classes (labels are
turned to the nearest pixel, which would be felt there). Nothing in this knows where north is; but
the maps do, whose zonal means fall towards the poles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gaugecnn.data import Fields

ROWS, COLUMNS = 64, 128
TRAIN, TEST = 800, 200
WAVES, STEEPEST, STRENGTH = 12, 4.0, 0.4
THIRD = 0.53
"""Of the advection, in both directions, up to which a place is steady: about a third is."""
OBSERVED, UNDECIDED = 0.95, 0.158
"""Shares of the sphere."""


class Climate(NamedTuple):
    """Fields and tangent gradients at the pixels of a map.

    Attributes:
        fields: temperature and pressure ``(sample, field, row, column)``.
        gradients: ``(sample, field, xyz, row, column)``.
        observed: ``(sample, row, column)``.
    """

    fields: np.ndarray
    gradients: np.ndarray
    observed: np.ndarray


def points() -> np.ndarray:
    """The pixels on the unit sphere, ``(row, column, xyz)``, north up."""
    beta = np.pi * (2 * np.arange(ROWS) + 1) / (2 * ROWS)
    alpha = 2 * np.pi * np.arange(COLUMNS) / COLUMNS
    s, c = np.sin(beta)[:, None], np.cos(beta)[:, None]
    return np.stack(np.broadcast_arrays(s * np.cos(alpha), s * np.sin(alpha), c), axis=-1)


def climate(train: bool) -> Climate:
    """The samples of one half, the same ones always."""
    random = np.random.default_rng(1 if train else 2)
    x = points()
    samples = [sample(random, x) for _ in range(TRAIN if train else TEST)]
    return Climate(*(np.stack(part) for part in zip(*samples, strict=True)))


def sample(random: np.random.Generator, x: np.ndarray) -> tuple[np.ndarray, ...]:
    """One climate at points ``(row, column, xyz)``."""
    phase = random.uniform(0, 2 * np.pi)
    shares = ((2.0, 0.4), (1.5, 1.2))  # of the zonal mean and of the travelling wave
    parts = []
    for zonal, travelling in shares:
        waves = random_waves(random, x)
        both = zonal_mean(x), travelling_wave(x, phase)
        value = zonal * both[0][0] + travelling * both[1][0] + waves[0]
        gradient = zonal * both[0][1] + travelling * both[1][1] + waves[1]
        parts.append((value, tangential(gradient, x)))
    hidden, _ = random_waves(random, x)
    fields = np.stack([value for value, _ in parts]).astype(np.float32)
    gradients = np.stack([g for _, g in parts]).transpose(0, 3, 1, 2).astype(np.float32)
    return fields, gradients, lowest(hidden[None], OBSERVED)[0]


def lowest(values: np.ndarray, share: float) -> np.ndarray:
    """Whether each pixel is of that share of its sphere where values are lowest; their shape."""
    areas = np.sqrt(1 - points()[..., 2] ** 2).ravel()
    flat = values.reshape(len(values), -1)
    order = np.argsort(flat, axis=1)
    found = np.zeros_like(flat, dtype=bool)
    np.put_along_axis(found, order, np.cumsum(areas[order], axis=1) <= share * areas.sum(), axis=1)
    return found.reshape(values.shape)


def zonal_mean(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``1 - z^2``, warm at the equator, and its gradient in space."""
    gradient = np.zeros_like(x)
    gradient[..., 2] = -2 * x[..., 2]
    return 1 - x[..., 2] ** 2, gradient


def travelling_wave(x: np.ndarray, phase: float) -> tuple[np.ndarray, np.ndarray]:
    """``2 z Re((x + i y)^2 e^{i phase})`` (a Rossby-Haurwitz wave), and its gradient in space."""
    turn = np.exp(1j * phase)
    w = x[..., 0] + 1j * x[..., 1]
    along = 2 * w * turn  # the derivative by x; that by y is i times it
    z = x[..., 2]
    gradient = np.stack([z * along.real, z * (1j * along).real, (w**2 * turn).real], axis=-1)
    return 2 * z * (w**2 * turn).real, 2 * gradient


def random_waves(random: np.random.Generator, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A sum of plane waves in space, read on the sphere, and its gradient in space."""
    direction = random.normal(size=(WAVES, 3))
    length = random.uniform(1, STEEPEST, WAVES)
    vector = direction / np.linalg.norm(direction, axis=1, keepdims=True) * length[:, None]
    size = STRENGTH * random.normal(size=WAVES) / np.sqrt(WAVES / 2)
    argument = x @ vector.T + random.uniform(0, 2 * np.pi, WAVES)  # (row, column, wave)
    return np.cos(argument) @ size, -(np.sin(argument) * size) @ vector


def tangential(vectors: np.ndarray, x: np.ndarray) -> np.ndarray:
    """What of vectors ``(row, column, xyz)`` lies in the sphere."""
    return vectors - (vectors * x).sum(-1, keepdims=True) * x


def advection(found: Climate) -> np.ndarray:
    """``-v . grad T`` with ``v = n x grad p``, ``(sample, row, column)``."""
    temperature, pressure = np.moveaxis(found.gradients, 2, -1).swapaxes(0, 1)
    wind = np.cross(np.broadcast_to(points(), pressure.shape), pressure)
    return -(wind * temperature).sum(-1)


def weather(train: bool) -> Fields:
    """Which places warm and which cool: three classes at each pixel, -1 where nothing is known."""
    found = climate(train)
    carried = advection(found)
    classes = np.select([carried > THIRD, carried < -THIRD], [1, 2], 0)
    known = found.observed & ~lowest(np.abs(np.abs(carried) - THIRD), UNDECIDED)
    return Fields(found.fields, np.where(known, classes, -1), "equirectangular")


def heating(train: bool) -> Fields:
    """How fast each place warms: one number at each pixel."""
    found = climate(train)
    return Fields(found.fields, advection(found)[:, None], "equirectangular")


def gradient(train: bool) -> Fields:
    """The gradient of temperature, a tangent vector at each pixel."""
    found = climate(train)
    return Fields(found.fields, found.gradients[:, :1], "equirectangular")


def warmth(train: bool) -> Fields:
    """How much of the sphere warms and cools: two numbers of each sample, in percent."""
    found = climate(train)
    carried, areas = advection(found), np.sqrt(1 - points()[..., 2] ** 2)
    sides = [carried > THIRD, carried < -THIRD]
    shares = [100 * (side * areas).sum((1, 2)) / areas.sum() for side in sides]
    return Fields(found.fields, np.stack(shares, axis=1), "equirectangular")
