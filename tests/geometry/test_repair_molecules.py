"""The molecular surfaces of a published benchmark load, where the data is there."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from gaugecnn.errors import GaugecnnWarning
from gaugecnn.geometry.loading import read_mesh
from gaugecnn.geometry.repair import Repair, mended
from tests.geometry.mending import area
from tests.geometry.test_validation import assert_oriented_surface

SHARED = Path(os.environ.get("GAUGECNN_SHARED", Path(__file__).parents[3] / "shared"))
FOLDER = SHARED / "data" / "RNA" / "off"
NEEDS_DATA = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"RNA surfaces are not in {FOLDER}; GAUGECNN_SHARED says where"
)
TWICE = "faces without area dropped, two corners of each at one place"
THIN = "1 faces without area or thinner than 1e-06 of their longest edge, mended by"
SOME = {
    "1VY5_DB": (),
    "1VQ9_9": (
        "1 edges with more than two faces parted into sheets",
        "5 components kept side by side",
    ),
    "4V6A_DB": (
        "286 unused vertices left out",
        "2 vertices joined with equal ones",
        f"4 {TWICE}",
        f"{THIN} collapsing their shortest edge",
    ),
    "4V5A_BB": (
        "502 unused vertices left out",
        "5 vertices joined with equal ones",
        f"10 {TWICE}",
        f"{THIN} flipping their longest edge",
    ),
    "6CFJ_2B": (
        "4092 unused vertices left out",
        "2 vertices whose faces form more than one fan parted",
    ),
}


def load(path: Path):
    """What is mended of a file, and by how much its area changes."""
    given = read_mesh(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GaugecnnWarning)
        found = mended(path.name, given.vertices, given.faces, Repair.safe)
    np.testing.assert_array_equal(found.vertices, given.vertices[found.vertex_map])
    change = area(found.vertices, found.faces) / area(given.vertices, given.faces) - 1
    assert abs(change) < 1e-8
    return found


@NEEDS_DATA
@pytest.mark.parametrize("name", SOME)
def test_a_molecule_loads_and_says_what_was_mended(name):
    found = load(FOLDER / f"{name}.off")
    assert found.repairs == SOME[name]
    assert_oriented_surface(found.vertices, found.faces)


@NEEDS_DATA
@pytest.mark.slow
def test_all_molecules_load():
    files = sorted(FOLDER.glob("*.off"))
    assert len(files) == 120
    repairs = [load(path).repairs for path in files]
    unused, empty = (sum(kind in " ".join(r) for r in repairs) for kind in ("unused", "area"))
    assert (unused, empty) == (65, 81)
    assert sum(len(said) > 0 for said in repairs) == 108
