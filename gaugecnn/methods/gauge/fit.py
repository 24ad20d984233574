"""Whether a mesh is fine enough for a kernel, and what to say where it is not."""

from __future__ import annotations

import warnings
from collections.abc import Collection

from gaugecnn.errors import GaugecnnWarning
from gaugecnn.geometry.surface import Surface
from gaugecnn.methods.gauge.geometry import Geometry
from gaugecnn.ops.stencil import ONE_RING


def warn_of_misfits(geometry: Geometry, surface: Surface, frequencies: Collection[int]) -> None:
    """Say once at how many vertices a kernel is not what it should be, and which radius would do.

    Vertices on a boundary see one side alone, whatever the mesh: those of them that cannot tell a
    frequency are counted in the geometry, and not told of.

    Args:
        geometry: of the surface, from `mesh_geometry`.
        surface: the mesh.
        frequencies: those that are read.
    """
    kernel, found = geometry.kernel, []
    ring = int(max(geometry.ring[0, s] for s in frequencies))
    if ring:
        what = "the one ring" if kernel.radius == ONE_RING else f"radius {kernel.radius:.3g}"
        found.append(
            f"a kernel of {what} does not fit the edges at {ring:,} of {len(surface):,} vertices: "
            f"there the one ring stands in, with a width of its own"
        )
    for s in sorted(frequencies):
        untold = int(geometry.untold_inside[0, s])
        if untold:
            found.append(
                f"frequency {s} is left out at {untold:,} of {len(surface):,} vertices, whose "
                f"neighbours cannot tell it (it takes at least {2 * s + 1}, all around)"
            )
    if found:
        enough = 1.05 * float(geometry.enough[0])  # more than two digits can round off
        advice = f"a radius of {enough:.2g} would do"
        message = f"{surface.title}: {'; '.join(found)}; {advice}"
        warnings.warn(message, GaugecnnWarning, stacklevel=3)
