"""How many cells the faces have after each stage, and plans that do not leave six whole faces.

Between two stages the features must live on a cubed sphere again: a stage of stride s takes faces
of N rows to N / s of them, whose cells are s x s of the old ones. Then faces stay side by side, and
what one reads beyond its edge is as far away as what it reads within.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gaugecnn.errors import UserError
from gaugecnn.ops.planar import PlanarStage

StageT = TypeVar("StageT", bound=PlanarStage)

SizeAfter = Callable[[StageT, int], int]
"""Rows of a face behind a stage, from those before it; raises `UserError` where they do not fit."""

FARTHEST = 64
"""How far from its own size a domain is looked for that fits."""


def check_faces(stages: Sequence[StageT], size: int, size_after: SizeAfter[StageT]) -> None:
    """Refuse a plan that does not fit the faces of a domain, before a layer is built.

    Args:
        stages: all stages.
        size: rows and columns of a face of the domain.
        size_after: of the method.

    Raises:
        UserError: names the first stage that does not fit, and the nearest sizes of domains whose
            faces fit the whole plan.
    """
    reached = size
    for i, stage in enumerate(stages):
        try:
            reached = size_after(stage, reached)
        except UserError as error:
            raise UserError(f"stage {i} on cubed_sphere(size={size}): {error}"
                            f"{_nearest(stages, size, size_after)}") from error  # fmt: skip


def _nearest(stages: Sequence[StageT], size: int, size_after: SizeAfter[StageT]) -> str:
    """The nearest domains below and above that fit, in words."""

    def fits(candidate: int) -> bool:
        try:
            for stage in stages:
                candidate = size_after(stage, candidate)
        except UserError:
            return False
        return True

    below = next((n for n in range(size - 1, max(1, size - FARTHEST), -1) if fits(n)), None)
    above = next((n for n in range(size + 1, size + FARTHEST) if fits(n)), None)
    found = " or ".join(str(n) for n in (below, above) if n is not None)
    return f"; the whole plan fits domain.size={found}" if found else ""


def shrunk(size: int, factor: int, part: str) -> int:
    """Rows of a face after a pool or a strided convolution.

    Raises:
        UserError: the rows are no multiple of the factor.
    """
    if size % factor:
        raise UserError(
            f"expected faces whose rows are a multiple of {factor} before its {part}, got "
            f"{size}x{size} cells"
        )
    return size // factor


def check_padding(size: int, padding: int) -> None:
    """Refuse a convolution that reads farther than across one face.

    Raises:
        UserError: it does.
    """
    if padding > size:
        raise UserError(f"its padding {padding} reads beyond the neighbouring faces, "
                        f"which have {size}x{size} cells")  # fmt: skip
