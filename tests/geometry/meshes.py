"""Meshes as the tests of geometry take them: in their own unit, nothing mended."""

from __future__ import annotations

import numpy as np

from gaugecnn.geometry.connectivity import Connectivity
from gaugecnn.geometry.mesh_tangent import MeshTangent


def tangent_of(vertices: np.ndarray, faces: np.ndarray) -> MeshTangent:
    """The tangent geometry of a mesh as it is."""
    return MeshTangent("mesh", vertices, Connectivity(faces, len(vertices)))
