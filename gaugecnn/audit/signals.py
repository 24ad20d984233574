"""The inputs of an audit: functions that can be read at turned places without interpolation."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from gaugecnn.data.batch import SignalRenderer
from gaugecnn.data.field_rendering import RawFields
from gaugecnn.data.images.rendering import RawBatch
from gaugecnn.layers import SignalType
from gaugecnn.surfaces.chart import PlaneChart
from gaugecnn.surfaces.domain import Domain, SphereDomain

DEGREE = 6
"""Highest degree of `RandomFunctions`: below what every shipped grid and level resolves."""
RIDGES = 6
"""Directions along which a random function varies."""


class Signals(ABC):
    """Some inputs of a network, as they are and turned.

    Attributes:
        name: what to call them.
        degree: highest degree of spherical harmonics in them; None where there is no highest.
        can_turn: whether they are known at turned places.
    """

    name: str
    degree: int | None = None
    can_turn: bool = True

    @abstractmethod
    def turned(self, rotation: Tensor) -> Tensor:
        """``f(R^-1 x)`` at the points of the domain, ``(batch, *type.shape)``.

        Args:
            rotation: R ``(3, 3)``.
        """

    def upright(self) -> Tensor:
        """The inputs as they are."""
        return self.turned(torch.eye(3, dtype=torch.float64))


def turns(domain: Domain) -> bool:
    """Whether functions on a domain can be turned by any angle: on spheres, and in the plane."""
    return isinstance(domain, SphereDomain | PlaneChart)


class RandomFunctions(Signals):
    """Random sums of Legendre polynomials of ridges, ``f(x) = sum_kl c_kl P_l(u_k . x)``.

    On the unit sphere these are spherical harmonics of degrees up to 6, read exactly at any place.
    In the plane they are fenced in by ``(1 - r^2)^2``, so that nothing leaves a picture that turns;
    on other meshes places are taken relative to the farthest vertex.

    Args:
        type_: the signal; vectors turn with the function.
        count: how many.
        seed: of the coefficients and directions.
    """

    name = "smooth functions"
    degree = DEGREE

    def __init__(self, type_: SignalType, count: int = 4, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        channels = type_.shape[0]
        shape = (count, channels, RIDGES)
        along = torch.randn(*shape, 3, generator=generator, dtype=torch.float64)
        self.along = torch.nn.functional.normalize(along, dim=-1)
        size = (*shape, DEGREE + 1)
        self.coefficients = torch.randn(size, generator=generator, dtype=torch.float64)
        self.type = type_

    def turned(self, rotation: Tensor) -> Tensor:
        domain, rotation = self.type.domain, rotation.double().cpu()
        points = domain.points.double().cpu().nan_to_num()
        points = points / points.norm(dim=1).max()
        turned = self.along @ rotation.T  # u . R^-1 x = R u . x
        places = torch.einsum("bckx,px->bckp", turned, points)
        values = torch.einsum("bckl,bckpl->bcp", self.coefficients, legendre(places, DEGREE))
        values = values * (domain.areas > 0).double().cpu()
        if isinstance(domain, PlaneChart):
            squares = domain.points.double().cpu().square().sum(1)
            values = values * (1 - squares).clamp_min(0).square()
        scalars, vectors = self.type.channels, self.type.vectors
        if vectors:
            parts = values[:, scalars:].unflatten(1, (vectors, 3))
            parts = torch.einsum("xy,bvyp->bvxp", rotation, parts)
            values = torch.cat([values[:, :scalars], parts.flatten(1, 2)], dim=1)
        return values.unflatten(2, domain.shape) / math.sqrt(RIDGES)


def legendre(x: Tensor, degree: int) -> Tensor:
    """``P_0(x) .. P_degree(x)``, along a new last axis."""
    found = [torch.ones_like(x), x]
    for n in range(2, degree + 1):
        found.append(((2 * n - 1) * x * found[-1] - (n - 1) * found[-2]) / n)
    return torch.stack(found[: degree + 1], dim=-1)


class Pictures(Signals):
    """Samples of a data set, rendered anew in each pose: pictures, or fields on a sphere.

    Args:
        renderer: lays them on the domain.
        raw: the samples, upright.
        name: what to call them.
    """

    def __init__(
        self, renderer: SignalRenderer, raw: RawBatch | RawFields, name: str = "test images"
    ) -> None:
        self.renderer, self.raw, self.name = renderer, raw, name

    def turned(self, rotation: Tensor) -> Tensor:
        return self.renderer(posed(self.raw, rotation)).signal


def posed(raw: RawBatch | RawFields, rotation: Tensor) -> RawBatch | RawFields:
    """Samples turned further by a rotation ``(3, 3)``; by none they stay what they are."""
    if torch.equal(rotation, torch.eye(3).to(rotation)):
        return raw
    if isinstance(raw, RawBatch):
        return raw._replace(poses=(rotation.to(raw.poses) @ raw.poses))
    before = torch.eye(3) if raw.rotations is None else raw.rotations
    return raw._replace(rotations=(rotation.float() @ before).expand(len(raw.values), 3, 3))


class Fixed(Signals):
    """Inputs that are known at the points of the domain alone, and cannot be turned.

    Args:
        values: ``(batch, *type.shape)``.
    """

    name = "signals"
    can_turn = False

    def __init__(self, values: Tensor) -> None:
        self.values = values

    def turned(self, rotation: Tensor) -> Tensor:
        raise ValueError("these signals are known at the points of their domain alone")

    def upright(self) -> Tensor:
        return self.values
