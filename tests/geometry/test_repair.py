"""What is mended, to what, and what is said; and that the order of storage does not matter."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.geometry.connectivity import Connectivity
from gaugecnn.geometry.repair import Mended, Repair, mended
from tests.geometry.damage import DAMAGES, GOOD, Mesh, append, sheet, tetrahedron, torus
from tests.geometry.test_validation import assert_oriented_surface, damaged


def mend(vertices, faces, name="bad") -> tuple[Mended, list[str]]:
    """The mended mesh, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = mended(name, vertices, faces, Repair.safe)
    return found, [str(warning.message) for warning in caught]


def shuffled(vertices, faces, seed=0) -> Mesh:
    """The same surface, its vertices and faces in another order, another corner first."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(vertices))
    faces = np.argsort(order)[faces][random.permutation(len(faces))]
    turn = random.integers(0, 3, (len(faces), 1))
    return vertices[order], np.take_along_axis(faces, (turn + np.arange(3)) % 3, axis=1)


def surface(mesh: Mended) -> list:
    """The triangles by the places of their corners, whatever their order."""
    triangles = []
    for corners in mesh.vertices[mesh.faces].tolist():
        first = corners.index(min(corners))
        triangles.append(corners[first:] + corners[:first])
    return sorted(triangles)


def counts(mesh: Mended) -> tuple[int, int, int]:
    """Components, Euler characteristic, sides on the boundary."""
    edges = Connectivity(mesh.faces, len(mesh.vertices))
    euler = len(mesh.vertices) - len(edges.edges) + len(mesh.faces)
    return edges.components[0], euler, int((edges.sides_per_edge == 1).sum())


def area(vertices, faces):
    a, b, c = vertices[faces].swapaxes(0, 1)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def soup(vertices, faces) -> Mesh:
    """Every face with corners of its own, as an .stl file has it."""
    return vertices[faces].reshape(-1, 3), np.arange(faces.size).reshape(-1, 3)


def welded(*meshes: Mesh) -> Mesh:
    """Meshes whose equal vertices are one."""
    corners = np.concatenate([vertices[faces] for vertices, faces in meshes])
    places, faces = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    return places, faces.reshape(-1, 3)


def cube(*corner: float) -> Mesh:
    vertices = np.array(corner) + [[i & 1, i >> 1 & 1, i >> 2] for i in range(8)]
    squares = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    return vertices, np.array([f for a, b, c, d in squares for f in ((a, b, c), (a, c, d))])


def seamed() -> Mesh:
    """A torus cut open along a meridian, as texture coordinates do it."""
    points, faces = torus()
    faces = faces.copy()
    last = faces[-16:]
    last[last < 8] += 128
    return np.concatenate([points, points[:8]]), faces


def corner_of_three() -> Mesh:
    """Three pages of a book; the two that lie flat are one sheet."""
    pages = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, -1, 0.1], [0, 0.1, 1]])
    return pages, np.array([[0, 1, 2], [1, 0, 3], [0, 1, 4]])


def wall_in_a_box() -> Mesh:
    """Two cubes that share a square which is stored once."""
    points, faces = welded(cube(0, 0, 0), cube(1, 0, 0))
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return points, faces[np.sort(first)]


def flap(vertices, faces) -> Mesh:
    """Two faces back to back on an edge of a closed surface."""
    apex = len(vertices)
    return append(vertices, faces, (np.array([[3.0, 3, 3]]), [[0, 8, apex], [8, 0, apex]]))


def dust(vertices, faces) -> Mesh:
    """A component that is a point, at the size of the others."""
    points, more = tetrahedron()
    return append(vertices, faces, (3 + 1e-9 * points, more + len(vertices)))


def both_ways(vertices, faces) -> Mesh:
    return vertices, np.concatenate([faces, faces[:, ::-1]])


def cap_chain() -> Mesh:
    """An edge with faces without area along it, each on the side of the next."""
    points = [[0, 0, 0], [1, 0, 0], [0.5, 0, 0], [0.5, 1, 0], [0.5, -1, 0], [0.25, 0, 0]]
    faces = [[0, 3, 5], [5, 3, 2], [2, 3, 1], [0, 5, 2], [0, 2, 1], [0, 1, 4]]
    return np.array(points), np.array(faces)


def needle(vertices, faces) -> Mesh:
    vertices = vertices.copy()
    one, other = faces[40, :2]
    vertices[one] = vertices[other] + 1e-9 * (vertices[one] - vertices[other])
    return vertices, faces


TORUS, SPHERE = (1, 0, 0), (1, 2, 0)
FLAT = "faces without area or thinner than 1e-06 of their longest edge, mended by"


@dataclass(frozen=True)
class Case:
    """A mesh, the components, Euler characteristic and boundary it gets, and what is said."""

    mesh: Mesh
    counts: tuple[int, int, int]
    repairs: tuple[str, ...]
    area: float = 0.0  # by how much it may change, relative


def damage(name: str, *rest) -> Case:
    return Case(DAMAGES[name].apply(*torus()), *rest)


APART = "2 components kept side by side"
ONE_EDGE = "1 edges with more than two faces parted into sheets"
FAN = "1 vertices whose faces form more than one fan parted"
CASES = {
    "unused vertex": damage("unused vertex", TORUS, ("1 unused vertices left out",)),
    "repeated vertex": damage(
        "repeated vertex",
        (1, -1, 3),
        ("1 faces without area dropped, two corners of each at one place",),
        0.01,
    ),
    "degenerate": damage("degenerate", TORUS, (f"1 {FLAT} flipping their longest edge",)),
    "sliver": damage("sliver", TORUS, (f"1 {FLAT} flipping their longest edge",)),
    "cap chain": Case(cap_chain(), (1, 1, 4), (f"2 {FLAT} flipping their longest edge",)),
    "needle": Case(needle(*torus()), TORUS, (f"1 {FLAT} collapsing their shortest edge",), 1e-8),
    "duplicate face": damage("duplicate face", TORUS, ("1 faces that repeat another dropped",), 1),
    "duplicate face, turned": damage(
        "duplicate face, turned", TORUS, ("1 faces that repeat another dropped",), 1
    ),
    "three faces at an edge": damage("three faces at an edge", (2, 1, 3), (ONE_EDGE, APART)),
    "bow tie": damage("bow tie", (2, 0, 0), (FAN, APART)),
    "crossing fans": damage("crossing fans", TORUS, (FAN,), 1),
    "two components": damage("two components", (2, 2, 0), (APART,)),
    "seam": Case(seamed(), TORUS, ("8 vertices joined with equal ones",)),
    "soup": Case(soup(*torus()), TORUS, ("640 vertices joined with equal ones",)),
    "cubes at an edge": Case(welded(cube(0, 0, 0), cube(1, 1, 0)), (2, 4, 0), (ONE_EDGE, APART)),
    "cubes at an edge, inside out": Case(
        (lambda points, faces: (points, faces[:, ::-1]))(*welded(cube(0, 0, 0), cube(1, 1, 0))),
        (2, 4, 0),
        (ONE_EDGE, "closed and inside out: all 24 faces turned over", APART),
    ),
    "cubes at an edge, apart": Case(
        append(*cube(0, 0, 0), (cube(1, 1, 0)[0], cube(0, 0, 0)[1] + 8)), (2, 4, 0), (APART,)
    ),
    "cubes at a corner": Case(welded(cube(0, 0, 0), cube(1, 1, 1)), (2, 4, 0), (FAN, APART)),
    "cubes at a face": Case(
        welded(cube(0, 0, 0), cube(1, 0, 0)),
        (2, 4, 0),
        ("5 edges with more than two faces parted into sheets", APART),
    ),
    "cubes of a chessboard": Case(
        welded(cube(0, 0, 0), cube(1, 1, 0), cube(1, 0, 1), cube(0, 1, 1)),
        (4, 8, 0),
        (
            "6 edges with more than two faces parted into sheets",
            "4 components kept side by side",
        ),
    ),
    "wall": Case(
        wall_in_a_box(),
        (2, 3, 4),
        ("4 edges with more than two faces parted into sheets", APART),
    ),
    "book": Case(corner_of_three(), (2, 2, 7), (ONE_EDGE, APART)),
    "flap": Case(flap(*torus()), TORUS, ("2 faces that repeat another dropped",), 1),
    "both ways, open": Case(
        both_ways(*sheet()), (1, 1, 18), ("40 faces that repeat another dropped",), 1
    ),
    "both ways, closed": Case(
        both_ways(*torus()), TORUS, ("256 faces that repeat another dropped",), 1
    ),
    "dust": Case(dust(*torus()), TORUS, (f"2 {FLAT} collapsing their shortest edge",), 1e-8),
}


@pytest.mark.parametrize("name", CASES)
def test_what_has_one_answer_is_mended_and_said_once(name):
    case = CASES[name]
    vertices, faces = case.mesh
    kept = vertices.copy(), faces.copy()
    found, said = mend(*case.mesh)
    assert found.repairs == case.repairs
    tail = "; domain.repair=strict refuses instead"
    assert said == [f"bad: mended: {'; '.join(case.repairs)}{tail}"]
    assert counts(found) == case.counts
    assert_oriented_surface(found.vertices, found.faces)
    np.testing.assert_array_equal(found.vertices, vertices[found.vertex_map])
    np.testing.assert_allclose(
        area(found.vertices, found.faces), area(*kept), rtol=case.area + 1e-12
    )
    np.testing.assert_array_equal(vertices, kept[0])
    np.testing.assert_array_equal(faces, kept[1])


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_the_order_of_storage_does_not_matter(name, seed):
    found, _ = mend(*CASES[name].mesh)
    again, _ = mend(*shuffled(*CASES[name].mesh, seed))
    assert again.repairs == found.repairs
    assert surface(again) == surface(found)


@pytest.mark.parametrize("name", CASES)
def test_place_and_unit_do_not_matter(name):
    vertices, faces = CASES[name].mesh
    found, _ = mend(vertices, faces)
    for scale, shift in ((1000.0, 0), (2.0**-10, [448262, 5411930, 112])):
        if name in ("dust", "needle", "degenerate", "sliver") and shift:
            continue  # below the digits that are left there
        moved, _ = mend(vertices * scale + shift, faces)
        np.testing.assert_array_equal(moved.faces, found.faces)
        np.testing.assert_array_equal(moved.vertex_map, found.vertex_map)


@pytest.mark.parametrize("name", GOOD)
def test_good_meshes_stay_as_they_are(name):
    vertices, faces = GOOD[name]()
    for repair in Repair:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = mended(name, vertices, faces, repair)
        np.testing.assert_array_equal(found.vertices, vertices)
        np.testing.assert_array_equal(found.faces, faces)
        np.testing.assert_array_equal(found.vertex_map, np.arange(len(vertices)))
        assert found.repairs == ()


def test_a_parted_vertex_repeats_its_index():
    vertices, faces = DAMAGES["bow tie"].apply(*torus())
    found, _ = mend(vertices, faces)
    assert found.vertex_map.tolist() == [0, *range(len(vertices))]


@pytest.mark.parametrize("name", DAMAGES)
def test_strict_refuses(name):
    with pytest.raises(UserError, match=rf"^bad: {DAMAGES[name].message}"):
        mended("bad", *DAMAGES[name].apply(*torus()), Repair.strict)


def test_strict_turns_faces_and_says_so():
    vertices, faces = torus()
    faces[5] = faces[5, [0, 2, 1]]
    message = "1 of 256 faces turned over to agree with the others"
    for repair, warning in ((Repair.strict, f"bad: {message}"), (Repair.safe, f": {message}$")):
        with pytest.warns(GaugecnnWarning, match=warning):
            found = mended("bad", vertices, faces, repair)
        assert found.repairs == (message,)
        np.testing.assert_array_equal(found.faces, torus()[1])


def test_components_are_turned_each_by_itself():
    points, more = tetrahedron()
    mesh = append(*torus(), (points + 9, more[:, [0, 2, 1]] + 128))
    found, _ = mend(*mesh)
    assert found.repairs == ("1 closed components inside out: all their 4 faces turned over", APART)
    np.testing.assert_array_equal(found.faces[256:], more + 128)


def test_the_wall_of_a_hollow_faces_inwards():
    """Its outside is the hollow: it is turned only where it lies within nothing."""
    points, more = tetrahedron()
    hollow = append(points, more, (0.2 * points, more[:, ::-1] + 4))
    found, _ = mend(*hollow)
    assert found.repairs == (APART,)
    np.testing.assert_array_equal(found.faces, hollow[1])
    found, _ = mend(hollow[0], hollow[1][:, ::-1])  # the body inside out, a body in its hollow
    assert found.repairs[0] == "1 closed components inside out: all their 4 faces turned over"
    beside = append(points, more, (0.2 * points + 9, more[:, ::-1] + 4))
    found, _ = mend(*beside)
    assert found.repairs[0] == "1 closed components inside out: all their 4 faces turned over"
    sides = {(a, b) for face in found.faces[4:].tolist() for a, b in pairwise(face)}
    assert sides <= {
        (a + 4, b + 4) for a, b, c in more.tolist() for a, b in ((a, b), (b, c), (c, a))
    }


NO_ANSWER = ("nan", "infinite", "index too large", "index negative", "no extent")


@pytest.mark.parametrize("name", [*NO_ANSWER, "moebius strip", "klein bottle"])
def test_what_has_no_answer_is_refused_as_ever(name):
    with pytest.raises(UserError, match=rf"^bad: {DAMAGES[name].message}"):
        mended("bad", *DAMAGES[name].apply(*torus()), Repair.safe)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("collinear", "faces without area"),
        ("folded flat", r"could not be mended: 32 vertices without a normal, folded flat"),
    ],
)
def test_what_is_flat_cannot_be_mended(name, message):
    with pytest.raises(UserError, match=f"^bad: .*{message}"):
        mend(*DAMAGES[name].apply(*torus()))


def test_a_one_sided_component_is_refused_beside_others():
    points, more = DAMAGES["moebius strip"].apply(*torus())
    with pytest.raises(UserError, match="^bad: not orientable: 64 of its 320 faces have no common"):
        mend(*append(*torus(), (points, more + 128)))


def test_an_unused_vertex_may_be_anywhere():
    vertices, faces = torus()
    for place in (np.nan, 1e200):
        found, _ = mend(np.append(vertices, [[place] * 3], axis=0), faces)
        np.testing.assert_array_equal(found.faces, faces)


def test_a_choice_that_there_is_not():
    with pytest.raises(UserError, match="domain.repair: expected one of safe, strict, got 'best'"):
        Repair.of("best")


@settings(derandomize=True, deadline=None, max_examples=300)
@given(damaged())
def test_random_damage_is_mended_in_any_order_or_refused(mesh):
    vertices, faces = mesh
    try:
        found, _ = mend(vertices, faces)
    except UserError:
        return
    assert_oriented_surface(found.vertices, found.faces)
    np.testing.assert_array_equal(found.vertices, vertices[found.vertex_map])
    assert surface(mend(*shuffled(vertices, faces))[0]) == surface(found)
