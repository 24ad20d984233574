"""Orientation of triangles: which of them to turn over so that all agree about the outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.connectivity import Connectivity, groups


@dataclass(frozen=True, eq=False)
class Orientation:
    """How faces are to be turned, component by component.

    Attributes:
        component: the component of each face ``(face,)``, numbered from 0.
        minority: the faces that disagree with the others of their component ``(face,)``.
        inside_out: the faces of closed components that enclose a negative volume ``(face,)``.
        one_sided: the faces of components that have no outside ``(face,)``.
    """

    component: Index
    minority: Mask
    inside_out: Mask
    one_sided: Mask

    @property
    def turned(self) -> Mask:
        """The faces to be turned over ``(face,)``."""
        return self.minority ^ self.inside_out

    def sentences(self) -> list[str]:
        """What is turned over, with counts."""
        count, said = len(self.component), []
        if self.minority.any():
            turned = self.minority.sum()
            said.append(f"{turned} of {count} faces turned over to agree with the others")
        if self.inside_out.all():
            said.append(f"closed and inside out: all {count} faces turned over")
        elif self.inside_out.any():
            parts, faces = len(set(self.component[self.inside_out])), self.inside_out.sum()
            said.append(
                f"{parts} closed components inside out: all their {faces} faces turned over"
            )
        return said


def orientation(vertices: Array, mesh: Connectivity) -> Orientation:
    """How the faces of a manifold are to be turned to be counter-clockwise seen from outside.

    Faces are turned like the majority of their component, and a closed component that encloses a
    negative volume as a whole, unless it lies within another: it is the wall of a hollow then, and
    what is outside of the body lies within it.

    Args:
        vertices: positions ``(vertex, xyz)``, of an extent near 1.
        mesh: its faces and how they meet.
    """
    faces = mesh.faces
    one, other, opposite = mesh.meeting
    found = agreement(vertices, faces, one, other, opposite)
    count = found.component.max() + 1
    inner = np.bincount(found.component[one // 3], minlength=count)
    closed = 2 * inner == 3 * np.bincount(found.component)
    volume = volumes(vertices, faces, found.component, found.minority)
    bodies = np.where(closed, np.sign(volume), 0)[found.component] * np.where(found.minority, -1, 1)
    wrong = closed & (volume < 0)
    for number in np.flatnonzero(wrong):
        own = found.component == number
        place = vertices[faces[own.argmax(), 0]]
        wrong[number] = windings(vertices, faces[~own], bodies[~own], place) < 0.5
    inside_out = wrong[found.component]
    return Orientation(found.component, found.minority, inside_out, found.one_sided)


def agreement(
    vertices: Array, faces: Index, one: Index, other: Index, opposite: Mask
) -> Orientation:
    """The components that pairs of sides make, and in each the faces that disagree with most.

    Args:
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        one: a side of each pair ``(pair,)``.
        other: the side that it meets ``(pair,)``.
        opposite: whether the two run opposite ways, as they should ``(pair,)``.
    """
    count = len(faces)
    face, neighbour = one // 3, other // 3
    # Each face twice, as it is and turned over (+ count); the halves meet on a one-sided surface.
    as_is = np.where(opposite, neighbour, neighbour + count)
    turned = np.where(opposite, neighbour + count, neighbour)
    ends = np.concatenate([as_is, turned])
    _, sheet = groups(2 * count, np.concatenate([face, face + count]), ends)
    _, component = np.unique(np.minimum(sheet[:count], sheet[count:]), return_inverse=True)
    differs = sheet[:count] > sheet[count:]
    minority = differs ^ _outvoted(vertices, faces, component, differs)[component]
    return Orientation(component, minority, np.zeros(count, bool), sheet[:count] == sheet[count:])


def volumes(vertices: Array, faces: Index, component: Index, turned: Mask) -> Array:
    """The volume that each component encloses, seen from its middle ``(component,)``."""
    corners = vertices[faces]  # (face, corner, xyz)
    size = np.bincount(component)
    means = corners.mean(axis=1)
    middle = np.stack([np.bincount(component, weights=x) / size for x in means.T], axis=1)
    a, b, c = (corners - middle[component, None]).swapaxes(0, 1)
    signed = np.where(turned, -1, 1) * (a * np.cross(b, c)).sum(axis=1)
    return np.bincount(component, weights=signed) / 6


def windings(vertices: Array, faces: Index, signs: Array, place: Array) -> float:
    """How often faces go around a place: the sum of their solid angles over the full one.

    (van Oosterom & Strackee 1983, eq. 8)

    Args:
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        signs: -1 for faces that are to be turned, 0 for those that do not count ``(face,)``.
        place: the place ``(xyz,)``, on no face.
    """
    a, b, c = (vertices[faces] - place).swapaxes(0, 1)
    la, lb, lc = (np.linalg.norm(x, axis=1) for x in (a, b, c))
    above = (a * np.cross(b, c)).sum(axis=1)
    ab, bc, ca = ((x * y).sum(axis=1) for x, y in ((a, b), (b, c), (c, a)))
    below = la * lb * lc + ab * lc + bc * la + ca * lb
    return float((signs * np.arctan2(above, below)).sum() / (2 * np.pi))


def _outvoted(vertices: Array, faces: Index, component: Index, differs: Mask) -> Mask:
    """Of which components more faces differ than do not.

    Of equally many the larger area counts, and of equal areas the one that lies farther out:
    nothing that depends on the order of the faces.
    """
    side = np.where(differs, 1.0, -1.0)
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    votes = np.bincount(component, weights=side)
    excess = np.bincount(component, weights=side * area)
    place = np.bincount(component, weights=side * area * (corners.sum(axis=1) @ [1.0, 2.0, 4.0]))
    uneven = np.abs(excess) > 1e-9 * np.bincount(component, weights=area)
    outvoted: Mask = np.where(votes != 0, votes, np.where(uneven, excess, place)) > 0
    return outvoted
