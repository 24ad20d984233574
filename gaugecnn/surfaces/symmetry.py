"""What a rotation or a change of frames does to the signals of a domain.

A symmetry acts on scalars here and on every other feature through ``FeatureType.transform``;
tests and audits use these same objects.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from gaugecnn.surfaces.rotations import rotation_about_y, rotation_about_z


class Symmetry(ABC):
    """A transformation of a domain under which a network may be invariant."""

    name: str

    @abstractmethod
    def on_signal(self, signal: Tensor) -> Tensor:
        """Act on a scalar signal ``(batch, channel, *domain.shape)``."""


class Points(Protocol):
    """What an isometry moves: the points of a domain."""

    shape: tuple[int, ...]

    @property
    def title(self) -> str: ...

    def permutation(self, isometry: Tensor) -> Tensor:
        """The index of ``Q^T x_i`` among the points, ``(point,)``."""


@dataclass(frozen=True, eq=False)
class Isometry(Symmetry):
    """An orthogonal map that permutes the points of a domain: ``(L_Q f)(x) = f(Q^-1 x)``.

    Args:
        name: how to call it.
        matrix: the orthogonal map ``(3, 3)``.
        domain: whose signals it moves.

    Raises:
        ValueError: the points are not carried onto themselves, or the determinant is that of
            another kind of isometry.
    """

    determinant: ClassVar[int]

    name: str
    matrix: Tensor
    domain: Points

    def __post_init__(self) -> None:
        found = float(torch.linalg.det(self.matrix.double()))
        if abs(found - self.determinant) > 1e-6:
            raise ValueError(
                f"expected a {type(self).__name__.lower()}, determinant {self.determinant}, "
                f"for {self.name}, got determinant {found:.3g}"
            )
        object.__setattr__(self, "_index", self.domain.permutation(self.matrix))

    def on_signal(self, signal: Tensor) -> Tensor:
        flat = signal.flatten(2)  # (batch, channel, point)
        index: Tensor = self._index  # type: ignore[attr-defined]
        return flat[:, :, index.to(flat.device)].unflatten(2, self.domain.shape)


class Rotation(Isometry):
    """An isometry that keeps right hands right."""

    determinant = 1


class Reflection(Isometry):
    """An isometry that makes left hands of right ones."""

    determinant = -1


@dataclass(frozen=True, eq=False)
class FrameChange(Symmetry):
    """Every tangent frame turned by its own angle; scalar signals do not change.

    Args:
        angles: the angle ``(vertex,)`` in radians by which each frame is turned.
    """

    angles: Tensor
    name: str = "change of frames"

    def on_signal(self, signal: Tensor) -> Tensor:
        return signal


@dataclass(frozen=True, eq=False)
class AnyRotation(Symmetry):
    """A rotation that need not permute the points of a domain: ``(L_R f)(x) = f(R^-1 x)``.

    It acts on functions, and not on their samples.

    Args:
        name: how to call it.
        matrix: R ``(3, 3)``.
        degree: highest degree of the spherical harmonics that the functions are made of; None
            where all degrees may occur, as in pictures.
    """

    name: str
    matrix: Tensor
    degree: int | None = None

    def on_signal(self, signal: Tensor) -> Tensor:
        """Refused.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{self.name} acts on functions, not on samples of them")


def same(one: Symmetry, other: Symmetry) -> bool:
    """Whether two symmetries do the same: equal isometries, or any two changes of frames."""
    if isinstance(one, Isometry) and isinstance(other, Isometry):
        return bool((one.matrix - other.matrix.to(one.matrix)).abs().max() < 1e-6)
    return isinstance(one, FrameChange) and isinstance(other, FrameChange)


def half_turn_about_x() -> Tensor:
    """The rotation ``(3, 3)`` by pi about the x axis."""
    return torch.diag(torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64))


def reflection_of_x() -> Tensor:
    """The reflection ``(3, 3)`` that takes x to -x."""
    return torch.diag(torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64))


def step_about_z(steps: int) -> Tensor:
    """The rotation ``(3, 3)`` by ``2 pi / steps`` about the polar axis."""
    return rotation_about_z(torch.tensor(2 * math.pi / steps, dtype=torch.float64))


def icosahedral_rotations(corners: Tensor) -> Tensor:
    """The 60 rotations ``(60, 3, 3)`` that permute the corners ``(12, 3)`` of an icosahedron.

    A rotation is fixed by where it takes one edge: to any of 30 edges, in either direction.
    """
    corners = corners.double().cpu()
    dots = corners @ corners.T
    neighbour = (dots > 0.3) & (dots < 0.9)
    edges = torch.nonzero(neighbour)  # (60, 2): directed edges
    frames = _edge_frames(corners[edges[:, 0]], corners[edges[:, 1]])
    return frames @ frames[0].T


def _edge_frames(tail: Tensor, head: Tensor) -> Tensor:
    """Right-handed orthonormal bases ``(..., xyz, basis)`` whose first vector is the tail."""
    along = torch.nn.functional.normalize(head - (head * tail).sum(-1, True) * tail, dim=-1)
    return torch.stack([tail, along, torch.linalg.cross(tail, along)], dim=-1)


def tilt(angle: float) -> Tensor:
    """The rotation ``(3, 3)`` by `angle` radians about the y axis, which moves the poles."""
    return rotation_about_y(torch.tensor(angle, dtype=torch.float64))
