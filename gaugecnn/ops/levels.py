"""Walking up and down the nested levels of a mesh."""

from __future__ import annotations

from gaugecnn.surfaces.hierarchy import Coarsening, levels
from gaugecnn.surfaces.surface import Surface


def surface_at(finest: Surface, down: int) -> Surface:
    """The surface `down` levels below the finest one."""
    return levels(finest, down)[-1].coarse if down else finest


def steps_between(
    finest: Surface, source: Surface, target: Surface
) -> list[tuple[Coarsening, bool]]:
    """The coarsenings on the way from one level to another, each with True where it is undone."""
    here, there = _depth(finest, source), _depth(finest, target)
    steps = levels(finest, max(here, there))
    down = [(step, False) for step in steps[here:there]]
    up = [(step, True) for step in reversed(steps[there:here])]
    return down + up


def _depth(finest: Surface, surface: Surface) -> int:
    down = 0
    while surface_at(finest, down) is not surface:
        down += 1
    return down
