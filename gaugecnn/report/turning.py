"""How the test sample turns, and from where the surfaces are seen."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from gaugecnn.figures.projection import SOUTH, front
from gaugecnn.figures.sample import Floats
from gaugecnn.surfaces.domain import Domain, SphereDomain

STEPS = 24
TILT = 40
"""Degrees of the axis from the south pole on which a sample stands: far enough for it to travel."""
AXIS = np.array([0.0, math.sin(math.radians(TILT)), -math.cos(math.radians(TILT))])
EYE_DISTANCE = 1.25

Camera = dict[str, dict[str, float]]
"""Of plotly: where the eye is, and what is up."""


class Turning(ABC):
    """A series of poses.

    Attributes:
        angles: in degrees.
        about: what it turns about, in words; empty where it does not turn.
    """

    angles: Sequence[float]
    about: str

    @abstractmethod
    def poses(self, domain: Domain) -> Tensor | None:
        """A pose for each angle, ``(angle, *pose axes)``; None where nothing turns."""

    def camera(self, domain: Domain, grey: Floats) -> Camera:
        """The eye of plotly, before a signal ``(point,)``."""
        _, up, towards = front(domain, grey)
        return _camera(up, towards)


class Tilted(Turning):
    """On spheres the sample travels around an axis, which points to the eye.

    Args:
        steps: how many angles there are.
    """

    about = f"about an axis {TILT}° from the middle of the picture"

    def __init__(self, steps: int) -> None:
        self.angles = _angles(steps)

    def poses(self, domain: Domain) -> Tensor:
        turns = np.deg2rad(self.angles)[:, None] * AXIS
        return torch.from_numpy(Rotation.from_rotvec(turns).as_matrix()).float()

    def camera(self, domain: Domain, grey: Floats) -> Camera:
        return _camera(SOUTH[1], AXIS)


class InPlace(Turning):
    """Where there is no such axis the sample turns about its own middle.

    Args:
        steps: how many angles there are.
    """

    about = "in its place"

    def __init__(self, steps: int) -> None:
        self.angles = _angles(steps)

    def poses(self, domain: Domain) -> Tensor:
        return domain.turned_poses(torch.deg2rad(torch.tensor(self.angles)))


class Still(Turning):
    """Fields on meshes that are no spheres do not turn."""

    about = ""
    angles: Sequence[float] = (0.0,)

    def poses(self, domain: Domain) -> None:
        return None


def turning(domains: Sequence[Domain], posed: bool, steps: int = STEPS) -> Turning:
    """How a sample turns on all of these domains alike.

    Args:
        domains: on which it is shown.
        posed: whether it has poses on them.
        steps: how many angles there are.
    """
    if all(isinstance(domain, SphereDomain) for domain in domains):
        return Tilted(steps)
    return InPlace(steps) if posed else Still()


def _angles(steps: int) -> list[float]:
    return [360.0 * i / steps for i in range(steps)]


def _camera(up: Floats, towards: Floats) -> Camera:
    axes = {"up": up, "eye": EYE_DISTANCE * towards}
    return {name: dict(zip("xyz", map(float, axis), strict=True)) for name, axis in axes.items()}
