"""Where functions live: domains, frames, transport, symmetries."""

from gaugecnn.surfaces.chart import AzimuthalChart, EquirectangularChart, PlaneChart
from gaugecnn.surfaces.cubed_sphere import CubedSphere
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.mesh import Icosphere, TriangleMesh

__all__ = [
    "AzimuthalChart",
    "CubedSphere",
    "Domain",
    "EquirectangularChart",
    "Icosphere",
    "LatLonGrid",
    "PlaneChart",
    "TriangleMesh",
]
