"""Meshes from the wild: what has one sensible answer is mended, and said.

The result does not depend on the order in which vertices and faces are stored, beyond which of
equal copies is kept.
"""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaugecnn.choices import Repair
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.geometry.arrays import Array, Index, Mask
from gaugecnn.geometry.connectivity import Connectivity
from gaugecnn.geometry.orientation import orientation
from gaugecnn.geometry.parting import parted
from gaugecnn.geometry.thin_faces import THINNEST, mended_faces, without_area
from gaugecnn.geometry.validation import (
    check_areas,
    check_arrays,
    check_indices,
    check_manifold,
    check_positions,
    checked,
    refuse_one_sided,
)
from gaugecnn.geometry.welding import joined, superfluous

ROUNDS = 6
"""Mending one defect may uncover another; RNA's molecular surfaces need two rounds."""
FLAT = f"faces without area or thinner than {THINNEST:g} of their longest edge"


@dataclass(frozen=True, eq=False)
class Mended:
    """A mesh that can be worked on.

    Attributes:
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``, counter-clockwise seen from outside.
        vertex_map: the index of each vertex among those given ``(vertex,)``; one that was parted
            repeats its index.
        repairs: what was mended, a sentence for each kind with its count.
    """

    vertices: Array
    faces: Index
    vertex_map: Index
    repairs: tuple[str, ...]


def mended(
    name: str,
    vertices: NDArray[Any],
    faces: NDArray[Any],
    repair: Repair,
    before: tuple[str, ...] = (),
) -> Mended:
    """The oriented surface of any triangles, mended where `repair` is safe; said with a warning.

    Args:
        name: the file or mesh, for messages.
        vertices: positions ``(vertex, xyz)``.
        faces: vertex indices ``(face, corner)``.
        repair: ``safe``, or ``strict`` to refuse what would have to be mended.
        before: sentences on what was mended before, to be said with these.

    Raises:
        UserError: there is no sensible answer to a defect, or it is to be refused.
    """
    check_arrays(name, vertices, faces)
    check_indices(name, vertices, faces)
    faces = faces.astype(np.int64)
    if repair is Repair.strict:
        turned, said = checked(name, vertices, faces)
        for sentence in said:
            _warn(f"{name}: {sentence}")
        if before:
            _warn(f"{name}: mended: {'; '.join(before)}")
        return Mended(vertices.astype(float), turned, np.arange(len(vertices)), (*before, *said))
    done = _Mending(name, vertices.astype(np.float64), faces)
    sentences = (*before, *done.sentences())
    if sentences:
        refused = len(done.sentences()) > len(done.turned)  # faces are turned in either mode
        tail = "; domain.repair=strict refuses instead" if refused else ""
        _warn(f"{name}: mended: {'; '.join(sentences)}{tail}")
    return Mended(vertices[done.index].astype(float), done.faces, done.index, sentences)


class _Mending:
    """One mesh being mended.

    Attributes:
        faces: vertex indices ``(face, corner)``.
        points: the positions of its vertices, scaled to an extent of 1 ``(vertex, xyz)``.
        index: the index of each vertex among those given ``(vertex,)``.
        origin: the given vertex that each corner names ``(face, corner)``.
        counts: how often what was done.
    """

    def __init__(self, name: str, vertices: Array, faces: Index) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        used = np.zeros(len(vertices), bool)
        used[faces] = True
        self.index: Index = np.flatnonzero(used)
        self.origin = faces
        self.faces: Index = (np.cumsum(used) - 1)[faces]
        self.counts["unused"] = len(vertices) - len(self.index)
        check_positions(name, vertices[self.index], self.index)
        points = vertices[self.index] - vertices[self.index].min(axis=0)
        self.points = points / points.max()
        self.parted_edges: Index = faces[:0, :2]
        self.faces = joined(vertices[self.index], self.faces)
        self._mend()
        self._orient()

    def _mend(self) -> None:
        for step in range(ROUNDS):
            self._drop_repeats()
            empty, sliver = without_area(self.points, self.faces)
            if (empty | sliver).all():
                check_areas(self.name, self.points, self.faces)
            if not (empty | sliver).any():
                self._part()
                break
            faces, left, done = mended_faces(self.points, self.faces, force=step >= ROUNDS // 2)
            self.counts += done
            self._rename(faces)
            self._keep(left)
            self._drop_repeats()
            self._part()

    def _rename(self, faces: Index) -> None:
        """Give corners other vertices."""
        self.origin = np.where(faces == self.faces, self.origin, self.index[faces])
        self.faces = faces

    def _keep(self, left: Mask) -> None:
        self.faces, self.origin = self.faces[left], self.origin[left]
        if len(self.faces) == 0:
            raise UserError(f"{self.name}: no face is left: all are without area or repeat others")

    def _drop_repeats(self) -> None:
        a, b, c = self.faces.T
        twice = (a == b) | (b == c) | (c == a)
        self.counts["twice"] += twice.sum()
        self._keep(~twice)
        extra = superfluous(self.points, self.faces)
        self.counts["repeated"] += extra.sum()
        self._keep(~extra)

    def _part(self) -> None:
        """One vertex for each fan; fans of several copies take the lowest index."""
        corners, crowded = parted(self.points, self.faces)
        self.parted_edges = np.append(self.parted_edges, self.index[crowded], axis=0)
        index = np.full(corners.max() + 1, self.origin.max())
        np.minimum.at(index, corners, self.origin)
        source = np.empty(len(index), np.int64)
        source[corners] = self.faces
        order = np.argsort(index, kind="stable")
        self.index, self.points = index[order], self.points[source[order]]
        self.faces = np.argsort(order)[corners]

    def _orient(self) -> None:
        """Turn the faces outward, and look at the whole once more."""
        mesh = Connectivity(self.faces, len(self.points))
        found = orientation(self.points, mesh)
        refuse_one_sided(self.name, found)
        self.turned = found.sentences()
        flipped = self.faces[:, [0, 2, 1]]
        self.faces = np.where(found.turned[:, None], flipped, self.faces)
        self.components = len(np.unique(found.component))
        try:
            check_manifold(self.name, self.points, self.faces, mesh)
        except UserError as error:
            reason = str(error).removeprefix(f"{self.name}: ")
            raise UserError(f"{self.name}: could not be mended: {reason}") from error

    def sentences(self) -> list[str]:
        """What was mended, with counts."""
        given, copies = np.unique(self.index, return_counts=True)
        bow_ties = np.setdiff1d(given[copies > 1], self.parted_edges)
        counts = [
            (self.counts["unused"], "unused vertices left out"),
            (
                len(np.unique(self.origin)) - len(given),
                "vertices joined with equal ones",
            ),
            (self.counts["twice"], "faces without area dropped, two corners of each at one place"),
            (self.counts["collapsed"], f"{FLAT}, mended by collapsing their shortest edge"),
            (self.counts["flipped"], f"{FLAT}, mended by flipping their longest edge"),
            (self.counts["repeated"], "faces that repeat another dropped"),
            (len(self.parted_edges), "edges with more than two faces parted into sheets"),
            (len(bow_ties), "vertices whose faces form more than one fan parted"),
        ]
        said = [f"{count} {kind}" for count, kind in counts if count] + self.turned
        return said + [f"{self.components} components kept side by side"] * (self.components > 1)


def _warn(message: str) -> None:
    warnings.warn(message, GaugecnnWarning, stacklevel=4)
