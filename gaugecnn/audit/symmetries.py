"""Which symmetries make sense on the domain of a network, in kinds of which some are tried."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gaugecnn.audit.lie import step_of
from gaugecnn.audit.signals import Signals, turns
from gaugecnn.networks import Network
from gaugecnn.surfaces.chart import PlaneChart, SquareChart
from gaugecnn.surfaces.cubed_sphere import CubedSphere
from gaugecnn.surfaces.domain import Domain, SphereDomain
from gaugecnn.surfaces.mesh import Icosphere
from gaugecnn.surfaces.mesh_domain import MeshDomain
from gaugecnn.surfaces.rotations import random_rotations
from gaugecnn.surfaces.symmetry import (
    AnyRotation,
    FrameChange,
    Isometry,
    Reflection,
    Rotation,
    Symmetry,
    same,
)

TRIED, MOST = 3, 4
"""Of many symmetries of a kind (the 60 of the icosahedron, those of SO(3)) so many are drawn, and
of how many all are tried.
"""
GROUPS: dict[type, tuple[str, str]] = {
    SquareChart: ("quarter turns", "reflections"),
    CubedSphere: ("rotations of the cube", "reflections of the cube"),
    Icosphere: ("icosahedral rotations", "point reflection"),
}
"""What the rotations and the reflections are called of domains that have finitely many."""
SMALL = 0.1
"""The angle of a small rotation, in radians: 5.7 degrees."""


@dataclass(frozen=True)
class Kind:
    """Symmetries that are told of together.

    Args:
        name: of the kind.
        members: those that are tried; of a Lie derivative the rotations by `step` and by ``-step``
            about one axis after the other.
        source: the signals that rotations turn which permute no grid; None of other symmetries.
        step: the angle of a finite difference; None of others.
    """

    name: str
    members: tuple[Symmetry, ...]
    source: Signals | None = None
    step: float | None = None


def kinds_of(network: Network, signals: Sequence[Signals], seed: int = 0) -> list[Kind]:
    """The symmetries of a network's domain, and those that its plan lists.

    Changes of frames (one, random) on meshes; the isometries of the points, of large groups three
    random ones, of an icosphere its point reflection too; and for all functions that can be
    turned three random rotations, three small ones, and the Lie derivative about two random axes.

    Args:
        network: the network.
        signals: its inputs.
        seed: of what is drawn.
    """
    generator = torch.Generator().manual_seed(seed)
    domain = network.domain
    kinds: list[Kind] = []
    if isinstance(domain, MeshDomain):
        angles = 2 * math.pi * torch.rand(len(domain.points), generator=generator).double()
        kinds.append(Kind("change of frames", (FrameChange(angles),)))
    found: list[Symmetry] = []
    for symmetry in [*domain.symmetries(), *network.exact_symmetries]:
        known = isinstance(symmetry, FrameChange) or any(same(symmetry, s) for s in found)
        if not known and not _is_identity(symmetry):
            found.append(symmetry)
    if isinstance(domain, Icosphere):
        found.append(Reflection("point reflection", -torch.eye(3, dtype=torch.float64), domain))
    for kind in grouped(found, domain):
        chosen = torch.randperm(len(kind.members), generator=generator)[:TRIED].tolist()
        few = tuple(kind.members[i] for i in sorted(chosen))
        kinds.append(kind if len(kind.members) <= MOST else replace(kind, members=few))
    for source in [s for s in signals if s.can_turn and turns(domain)]:
        kinds += free_kinds(domain, source, torch.finfo(_dtype(network)), generator)
    return kinds


def grouped(symmetries: Sequence[Symmetry], domain: Domain | None = None) -> list[Kind]:
    """Symmetries by name; those of a finite group by what they are."""
    kinds: dict[str, list[Symmetry]] = {}
    group = next((names for kind, names in GROUPS.items() if isinstance(domain, kind)), None)
    for symmetry in symmetries:
        name = symmetry.name
        if group is not None:
            name = group[0] if isinstance(symmetry, Rotation) else group[1]
        kinds.setdefault(name, []).append(symmetry)
    return [Kind(name, tuple(members)) for name, members in kinds.items()]


def free_kinds(
    domain: Domain, source: Signals, precision: torch.finfo, generator: torch.Generator
) -> list[Kind]:
    """Rotations by any angle of what can be turned: random ones, small ones, infinitesimal ones."""
    angles = 2 * math.pi * torch.rand(TRIED, generator=generator).double()
    if isinstance(domain, SphereDomain):
        everything = list(random_rotations(TRIED, generator))
    else:
        everything = [_about(_axis(domain, generator), float(angle)) for angle in angles]
    step = step_of(precision)
    small = [_about(_axis(domain, generator), SMALL) for _ in range(TRIED)]
    axes = [_axis(domain, generator) for _ in range(1 if isinstance(domain, PlaneChart) else 2)]
    both = [_about(axis, sign * step) for axis in axes for sign in (1, -1)]
    word = "turns" if isinstance(domain, PlaneChart) else "rotations"
    kinds = [
        (f"random {word}", everything, None),
        (f"small {word}", small, None),
        ("Lie derivative", both, step),
    ]
    return [
        Kind(
            f"{name} ({source.name})",
            tuple(AnyRotation(name, matrix, source.degree) for matrix in matrices),
            source,
            found,
        )
        for name, matrices, found in kinds
    ]


def given_kinds(
    symmetries: Sequence[Symmetry], signals: Sequence[Signals], domain: Domain
) -> list[Kind]:
    """Symmetries that the user names; rotations of functions once for each of the signals.

    Raises:
        ValueError: a rotation of functions on a domain that does not turn in space.
    """
    kinds = grouped([s for s in symmetries if not isinstance(s, AnyRotation)])
    for symmetry in symmetries:
        if isinstance(symmetry, AnyRotation):
            if not turns(domain):
                raise ValueError(
                    f"{symmetry.name}: expected a sphere or a plane, got {domain.title}"
                )
            kinds += [
                Kind(
                    f"{symmetry.name} ({source.name})",
                    (replace(symmetry, degree=source.degree),),
                    source,
                )
                for source in signals
                if source.can_turn
            ]
    return kinds


def _is_identity(symmetry: Symmetry) -> bool:
    return isinstance(symmetry, Isometry) and bool(
        torch.allclose(symmetry.matrix, torch.eye(3).to(symmetry.matrix), atol=1e-6)
    )


def _axis(domain: Domain, generator: torch.Generator) -> Tensor:
    """A random axis ``(xyz,)``; that of the plane in the plane."""
    if isinstance(domain, PlaneChart):
        return torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
    axis = torch.randn(3, generator=generator, dtype=torch.float64)
    return axis / axis.norm()


def _about(axis: Tensor, angle: float) -> Tensor:
    """The rotation ``(3, 3)`` about an axis."""
    x, y, z = (angle * axis).tolist()
    skew = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    return torch.linalg.matrix_exp(skew)


def _dtype(network: Network) -> torch.dtype:
    return next(network.parameters()).dtype
