"""The smooth surfaces that the meshes stand for, and what a continuous kernel does on them.

The kernel ``r^s e^{-r^2} e^{i s theta} / pi``, r in widths, is integrated along geodesics of the
surface itself. Nothing of the package's geometry or stencils goes into it but the frames.

On a curved surface, or for several wave numbers, the answer of the *continuous* kernel of phase 1
is no multiple of the gradient (on icosphere 4 it is 2 % off for six waves of length 1), so that
a comparison with the gradient would hide what the discretisation does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.polynomial.legendre import leggauss
from torch import Tensor

from experiments.stencil_consistency.functions import Function
from gaugecnn.geometry.arrays import Array
from gaugecnn.geometry.surface import Surface
from gaugecnn.ops.moments import Complex

FAR = 4.0
"""Widths after which ``e^{-r^2}`` is nothing."""

NODES, DIRECTIONS = 12, 12


def sphere(x: Tensor) -> Tensor:
    """The unit sphere; each function here is 0 on its surface ``(point, xyz) -> (point,)``."""
    return x.norm(dim=1) - 1


def ellipsoid(x: Tensor) -> Tensor:
    """Semi-axes 1, 0.85 and 0.7."""
    return (x / x.new_tensor([1.0, 0.85, 0.7])).norm(dim=1) - 1


def bumpy_sphere(x: Tensor) -> Tensor:
    """The unit sphere with three waves in its radius."""
    waves = x.new_tensor([(5.0, 2.0, 1.0), (-2.0, 4.5, 3.0), (1.0, -3.0, 5.0)])
    radius = x.norm(dim=1)
    bumps = torch.cos(x / radius[:, None] @ waves.T + x.new_tensor([0.3, 1.1, 2.5])).sum(dim=1)
    return radius / (1 + 0.04 * bumps) - 1


def torus(x: Tensor) -> Tensor:
    """Radii 1 and 0.45."""
    return _from_circle(x) - 0.45


def capped_cylinder(x: Tensor) -> Tensor:
    """At distance 1 from a segment of length 2.6."""
    along = x[:, 2] - x[:, 2].clamp(-1.3, 1.3)
    return torch.stack([x[:, 0], x[:, 1], along], dim=1).norm(dim=1) - 1


def genus2(x: Tensor) -> Tensor:
    """Two tori blended."""
    distances = [_from_circle(x - x.new_tensor([centre, 0, 0])) for centre in (-1.1, 1.1)]
    return -0.15 * torch.logsumexp(-torch.stack(distances) / 0.15, dim=0) - 0.4


def _from_circle(x: Tensor) -> Tensor:
    return torch.hypot(x[:, :2].norm(dim=1) - 1, x[:, 2])


SHAPES = {
    "hemisphere": sphere,  # beyond its boundary too
    **{f.__name__: f for f in (ellipsoid, bumpy_sphere, torus, capped_cylinder, genus2)},
}


@dataclass(frozen=True)
class Smooth:
    """A surface where a function of space is 0.

    Args:
        level: that function, ``(point, xyz) -> (point,)``.
        scale: of the surface, against the function's.
        centre: the point of the function's space on which the surface's origin lies.
    """

    level: Callable[[Tensor], Tensor]
    scale: float = 1.0
    centre: tuple[float, ...] = (0.0, 0.0, 0.0)

    @classmethod
    def through(cls, level: Callable[[Tensor], Tensor], own: Array, vertices: Array) -> Smooth:
        """The surface of a mesh that was moved and scaled from its `own` vertices."""
        spread = [np.linalg.norm(x - x.mean(axis=0)) for x in (vertices, own)]
        scale = float(spread[0] / spread[1])
        centre = own.mean(axis=0) - vertices.mean(axis=0) / scale
        return cls(level, scale, tuple(centre.tolist()))

    def _placed(self, points: Array) -> Tensor:
        return torch.from_numpy(points / self.scale + np.array(self.centre))

    def holds(self, surface: Surface) -> bool:
        """Whether the vertices of a mesh lie on it."""
        return float(self.level(self._placed(surface.vertices)).abs().max()) < 1e-6

    def gradient(self, points: Array) -> Array:
        """Of the level function, ``(point, xyz)``."""
        x = self._placed(points).requires_grad_()
        (found,) = torch.autograd.grad(self.level(x).sum(), x)
        return found.numpy()

    def acceleration(self, points: Array, velocity: Array) -> Array:
        """Of a geodesic ``(point, xyz)``: along the normal, as much as stays on the surface."""
        step = 1e-4
        ahead, behind = (self.gradient(points + k * step * velocity) for k in (1, -1))
        normal = (ahead + behind) / 2
        bend = ((ahead - behind) / (2 * step) * velocity).sum(axis=1)
        return -(bend / (normal**2).sum(axis=1))[:, None] * normal


@lru_cache(maxsize=64)
def answer(
    function: Function, smooth: Smooth, surface: Surface, width: float
) -> tuple[Complex, ...]:
    """What the continuous kernels of phases 0, 1, 2 make of a function, ``(vertex,)`` each."""
    r, weight = _nodes()
    values = function.values(geodesics(smooth, surface, width))  # (node, direction, vertex)
    radial = weight * r * np.exp(-(r**2)) * 2 / DIRECTIONS
    waves = np.exp(1j * _directions())
    return tuple(waves**s @ np.tensordot(radial * r**s, values, 1) for s in (0, 1, 2))


@lru_cache(maxsize=2)
def geodesics(smooth: Smooth, surface: Surface, width: float) -> Array:
    """Where the nodes of the integral lie, ``(node, direction, vertex, xyz)``; Runge-Kutta."""
    assert smooth.holds(surface), f"{surface} is another surface"
    start, theta = surface.vertices, _directions()[:, None, None]
    normal = smooth.gradient(start)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    e1 = surface.frames[:, 0]
    e1 = e1 - (e1 * normal).sum(axis=1, keepdims=True) * normal
    e1 /= np.linalg.norm(e1, axis=1, keepdims=True)
    velocity = (np.cos(theta) * e1 + np.sin(theta) * np.cross(normal, e1)).reshape(-1, 3)
    points, found = np.tile(start, (DIRECTIONS, 1)), []
    for step in np.diff(_nodes()[0] * width, prepend=0.0):
        points, velocity = _advanced(smooth, points, velocity, step)
        found.append(points.reshape(DIRECTIONS, -1, 3))
    return np.stack(found)


def _advanced(smooth: Smooth, x: Array, v: Array, step: float) -> tuple[Array, Array]:
    a1 = smooth.acceleration(x, v)
    x2, v2 = x + step / 2 * v, v + step / 2 * a1
    a2 = smooth.acceleration(x2, v2)
    x3, v3 = x + step / 2 * v2, v + step / 2 * a2
    a3 = smooth.acceleration(x3, v3)
    x4, v4 = x + step * v3, v + step * a3
    a4 = smooth.acceleration(x4, v4)
    moved = x + step / 6 * (v + 2 * v2 + 2 * v3 + v4)
    return moved, v + step / 6 * (a1 + 2 * a2 + 2 * a3 + a4)


def _nodes() -> tuple[Array, Array]:
    node, weight = leggauss(NODES)
    return FAR * (node + 1) / 2, FAR * weight / 2


def _directions() -> Array:
    return 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
