"""One triangle mesh, from within: files, what is mended, how faces meet, discs, levels."""

from gaugecnn.geometry.connectivity import Connectivity
from gaugecnn.geometry.discs import Discs
from gaugecnn.geometry.hierarchy import coarser, level
from gaugecnn.geometry.loading import load_mesh, read_mesh
from gaugecnn.geometry.repair import Mended, Repair, mended
from gaugecnn.geometry.room import boundary_distance, room_on
from gaugecnn.geometry.subdivision import subdivide
from gaugecnn.geometry.surface import Surface, surface_from_mesh

__all__ = [
    "Connectivity",
    "Discs",
    "Mended",
    "Repair",
    "Surface",
    "boundary_distance",
    "coarser",
    "level",
    "load_mesh",
    "mended",
    "read_mesh",
    "room_on",
    "subdivide",
    "surface_from_mesh",
]
