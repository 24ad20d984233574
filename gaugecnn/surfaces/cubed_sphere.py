"""The cubed sphere: six square charts, glued along the edges of a cube."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gaugecnn.domain_options import check_face_size
from gaugecnn.surfaces.cube import COLUMNS, FACES, NORMALS, ROWS, described, isometries
from gaugecnn.surfaces.domain import SphereDomain
from gaugecnn.surfaces.symmetry import Reflection, Rotation, Symmetry


class CubedSphere(SphereDomain):
    """The sphere as the six faces of a cube, each a chart of `size` rows and columns.

    The equiangular gnomonic projection (Ronchi, Iacono & Paolucci 1996): a cell whose middle lies
    at s of a row and t of a column, both in [-1, 1], is seen from the centre in the direction
    ``n + tan(pi s / 4) u + tan(pi t / 4) v``. Lines of equal s or t are arcs of great circles;
    along the middle row equal steps are equal angles, and lines of two faces meet at their edge.
    Columns run along u and rows, downwards, along v, so that a chart is seen upright from outside;
    those of the south pole's run along +x and +y, as those of images laid there.

    Areas are those of the cells, spherical quadrangles between such lines, and sum to 4 pi.

    Args:
        size: rows and columns of a face, at least 2.

    Raises:
        UserError: the size is below 2.
    """

    def __init__(self, size: int) -> None:
        check_face_size(size)
        self.size = size
        middles = torch.tan(math.pi / 4 * ((2 * torch.arange(size).double() + 1) / size - 1))
        u, v, n = (torch.from_numpy(axes)[:, None, None].double() for axes in
                   (COLUMNS, ROWS, NORMALS))  # fmt: skip
        points = n + middles[:, None] * u + middles[:, None, None] * v  # (face, row, column, xyz)
        areas = cell_areas(size).expand(len(FACES), size, size)
        super().__init__(
            (len(FACES), size, size),
            torch.nn.functional.normalize(points, dim=-1).flatten(0, 2),
            areas.flatten(),
        )

    @property
    def title(self) -> str:
        return f"cubed_sphere(size={self.size})"

    def symmetries(self) -> list[Symmetry]:
        """The 24 rotations of the cube, the identity among them, and its 24 reflections."""
        matrices = torch.from_numpy(isometries()).double()
        rotations = [Rotation(described(m.long().numpy()), m, self) for m in matrices[:24]]
        inversions = [f"inversion and {rotation.name}" for rotation in rotations]
        reflections = [
            Reflection(name, -rotation.matrix, self)
            for name, rotation in zip(inversions, rotations, strict=True)
        ]
        return [*rotations, *reflections]


def cell_areas(size: int) -> Tensor:
    """The area of each cell of a face on the unit sphere, ``(row, column)``, float64.

    Of the plane one unit from the centre, the rectangle from its middle to ``(x, y)`` is seen under
    the solid angle ``F(x, y) = arctan(x y / sqrt(1 + x^2 + y^2))``; a cell is the difference of
    four of them. The six faces sum to 4 pi.
    """
    edge = torch.tan(math.pi / 4 * (2 * torch.arange(size + 1).double() / size - 1))
    x, y = edge, edge[:, None]
    corner = torch.atan(x * y / torch.sqrt(1 + x**2 + y**2))
    return corner.diff(dim=0).diff(dim=1)
