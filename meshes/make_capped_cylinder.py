"""Writes capped_cylinder.ply: a cylinder of radius 1 and length 2.6 with hemispherical caps.

The coarsest mesh has a pole, rings of six vertices, and a pole; each ring is turned by half a
step against the one below. It is refined three times, and each time every vertex moves to the
nearest point of the surface: 2,306 vertices, those of the coarser levels first.
"""

from pathlib import Path

import numpy as np
from common import Array, Index, onto_unit_sphere, refine, write

HALF_LENGTH = 1.3
SIDES = 6
CAP_ANGLE = np.radians(47)
REFINEMENTS = 3
EULER = 2


def coarsest() -> tuple[Array, Index]:
    """Two poles and six rings: one on each cap, four on the cylinder."""
    cap = HALF_LENGTH + np.cos(CAP_ANGLE)
    heights = np.array([-cap, *np.linspace(-HALF_LENGTH, HALF_LENGTH, 4), cap])
    radii = np.array([np.sin(CAP_ANGLE), 1, 1, 1, 1, np.sin(CAP_ANGLE)])
    ring, side = np.meshgrid(np.arange(len(heights)), np.arange(SIDES), indexing="ij")
    angle = 2 * np.pi * (side + ring / 2) / SIDES
    height, radius = heights[ring], radii[ring]
    rings = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=-1)
    pole = np.array([[0, 0, HALF_LENGTH + 1]])
    a = ring * SIDES + side
    b = ring * SIDES + (side + 1) % SIDES
    below, above = a[:-1], a[1:]
    upward = np.stack([below, b[:-1], above], axis=-1).reshape(-1, 3)
    downward = np.stack([b[:-1], b[1:], above], axis=-1).reshape(-1, 3)
    south, north = a.size, a.size + 1
    bottom = np.stack([b[0], a[0], np.full(SIDES, south)], axis=-1)
    top = np.stack([a[-1], b[-1], np.full(SIDES, north)], axis=-1)
    vertices = np.concatenate([rings.reshape(-1, 3), -pole, pole])
    return vertices, np.concatenate([upward, downward, bottom, top])


def project(points: Array) -> Array:
    """The nearest point of the surface: at distance 1 from the segment that is its axis."""
    axis = np.clip(points, [0, 0, -HALF_LENGTH], [0, 0, HALF_LENGTH])
    return axis + onto_unit_sphere(points - axis)


def build() -> tuple[Array, Index]:
    """The vertices ``(vertex, xyz)`` and faces ``(face, corner)``."""
    return refine(*coarsest(), REFINEMENTS, project)


if __name__ == "__main__":
    write(Path(__file__).with_name("capped_cylinder.ply"), *build(), EULER)
