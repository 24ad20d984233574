"""Fields that a user might have, as modules in the current directory."""

from __future__ import annotations

from pathlib import Path

SPHERE = """
import numpy as np
from gaugecnn import Fields

ROWS, COLUMNS = 16, 32

def waves(count, seed):
    random = np.random.default_rng(seed)
    beta = np.pi * (2 * np.arange(ROWS) + 1) / (2 * ROWS)
    alpha = 2 * np.pi * np.arange(COLUMNS) / COLUMNS
    s, c = np.sin(beta)[:, None], np.cos(beta)[:, None]
    x = np.stack(np.broadcast_arrays(s * np.cos(alpha), s * np.sin(alpha), c), -1)
    k = random.normal(size=(count, 2, 3)) * 2
    argument = np.einsum("scx,jkx->scjk", k, x)
    field = np.sin(argument)
    gradient = np.einsum("scjk,scx->scxjk", np.cos(argument), k)
    radial = np.einsum("scxjk,jkx->scjk", gradient, x)
    return field, gradient - np.einsum("scjk,jkx->scxjk", radial, x)

def half(train):
    return waves(24 if train else 6, int(train))

def labels(train):
    field, _ = half(train)
    return Fields(field, np.arange(len(field)) % 3, "equirectangular")

def masks(train):
    field, _ = half(train)
    classes = (field[:, 0] > 0).astype(int) + (field[:, 1] > 0.5)
    classes[:, :2] = -1
    return Fields(100 + 5 * field, classes, layout="equirectangular")

def numbers(train):
    field, _ = half(train)
    return Fields(field, field.reshape(len(field), 2, -1).std(2) * 3 + 7, "equirectangular")

def fields(train):
    field, _ = half(train)
    target = field[:, :1] * field[:, 1:] + 5
    target[0, 0, 0] = np.nan
    return Fields(field, target, "equirectangular")

def vectors(train):
    field, gradient = half(train)
    return Fields(field, gradient[:, :1], "equirectangular")
"""

MESH = """
import numpy as np
from gaugecnn import Fields

def values(domain, train):
    random = np.random.default_rng(int(train))
    k = random.normal(size=(12 if train else 4, 1, 3))
    x = domain.points.numpy()
    return np.sin(k @ x.T), (np.cos(k @ x.T)[..., None] * k[:, :, None]).transpose(0, 1, 3, 2)

def fields(train, domain):
    field, _ = values(domain, train)
    return Fields(field, field ** 2)

def vectors(train, domain):
    field, gradient = values(domain, train)
    return Fields(field, gradient)

def masks(train, domain):
    field, _ = values(domain, train)
    return Fields(field, (field[:, 0] > 0).astype(int))

def height(train, domain):
    targets = np.repeat(domain.points.numpy()[None, None, :, 2] ** 2, 4, 0)
    return Fields(None, targets)
"""


def write(folder: Path, text: str, name: str) -> str:
    """A module of the user's own; its name."""
    (folder / f"{name}.py").write_text(text)
    return name
