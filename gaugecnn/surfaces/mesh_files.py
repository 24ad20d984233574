"""The mesh of a file: the user's, or a shipped one by its name."""

from __future__ import annotations

from pathlib import Path

from gaugecnn.choices import FrameChoice, Repair
from gaugecnn.overrides import file_name
from gaugecnn.shipped import shipped_folder
from gaugecnn.surfaces.mesh import TriangleMesh


def mesh_of_file(
    file: str,
    repair: Repair = Repair.safe,
    frames: FrameChoice = FrameChoice.aligned,
    frame_seed: int = 0,
) -> TriangleMesh:
    """The mesh of a file, or else the shipped one of that name (``meshes/torus.ply``).

    Raises:
        UserError: it cannot be read or mended.
    """
    given = Path(file_name(file))
    shipped = shipped_folder("meshes").parent / given
    path = shipped if shipped.is_file() and not given.is_file() else given
    return TriangleMesh.from_file(path, frames, frame_seed, repair)
