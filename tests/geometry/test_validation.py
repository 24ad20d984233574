from __future__ import annotations

import warnings

import numpy as np
import potpourri3d
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.geometry.validation import validated
from tests.geometry.damage import DAMAGES, GOOD, icosahedron, sheet, split, torus


@pytest.mark.parametrize("name", GOOD)
def test_good_meshes_pass_unchanged(name):
    vertices, faces = GOOD[name]()
    kept = vertices.copy(), faces.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = validated(name, vertices, faces)
    assert result.dtype == np.int64
    np.testing.assert_array_equal(result, faces)
    np.testing.assert_array_equal(vertices, kept[0])
    np.testing.assert_array_equal(faces, kept[1])


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_meshes_are_refused(name):
    damage = DAMAGES[name]
    with pytest.raises(UserError, match=rf"^bad: {damage.message}"):
        validated("bad", *damage.apply(*torus()))


@pytest.mark.parametrize("name", ["bow tie", "crossing fans", "two components", "moebius strip"])
def test_turned_faces_hide_no_other_defect(name):
    vertices, faces = DAMAGES[name].apply(*torus())
    faces[::3] = faces[::3, [0, 2, 1]]
    with pytest.raises(UserError, match=rf"^bad: {DAMAGES[name].message}$"):
        validated("bad", vertices, faces)


def test_the_first_five_of_many_are_named():
    vertices, faces = torus()
    vertices[10:30] = np.nan
    message = r"20 vertices that are not finite, the first: \[10, 11, 12, 13, 14\]$"
    with pytest.raises(UserError, match=message):
        validated("bad", vertices, faces)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v, f: (v[:, :2], f), r"expected vertices \(vertex, 3\) and .* got \(128, 2\)"),
        (lambda v, f: (v, f[:, :2]), r"faces \(face, 3\), got \(128, 3\) and \(256, 2\)"),
        (lambda v, f: (v, f[0]), r"got \(128, 3\) and \(3,\)"),
        (lambda v, f: (v[0, 0], f), r"got \(\) and \(256, 3\)"),
        (lambda v, f: (v, f[:0]), "expected at least one face, got none"),
        (lambda v, f: (v[:0], f), r"256 faces with an index outside 0\.\.-1"),
        (lambda v, f: (v, f + 0.5), "integer faces, got float64 and float64"),
        (lambda v, f: (v.astype(complex), f), "real vertices and .* got complex128 and int64"),
        (lambda v, f: (v.astype(str), f), "real vertices and integer faces, got <U"),
        (lambda v, f: (v, f.astype(np.uint64) - 1), r"6 faces with an index outside 0\.\.127"),
    ],
)
def test_arrays_of_another_kind_are_refused(change, message):
    with pytest.raises(UserError, match=rf"^bad: .*{message}"):
        validated("bad", *change(*torus()))


EXTENT = r"expected an extent between 1e-60 and 1e\+60"


@pytest.mark.parametrize("scale", [1e-300, 1e-61, 1e61, 1e150, 1e300])
def test_extreme_coordinates_are_refused_without_overflow(scale):
    vertices, faces = torus()
    with np.errstate(over="raise", invalid="raise"), pytest.raises(UserError, match=EXTENT):
        validated("bad", scale * vertices, faces)
    vertices[5] = 1e300
    with np.errstate(over="raise", invalid="raise"), pytest.raises(UserError, match=EXTENT):
        validated("bad", vertices * [1, -1, 1], faces)


@pytest.mark.parametrize("scale", [1e-59, 1e-20, 1e20, 1e59])
def test_no_scale_between_is_refused(scale):
    vertices, faces = torus()
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_array_equal(validated("torus", scale * vertices, faces), faces)


@pytest.mark.parametrize("name", ["torus", "sheet", "icosahedron"])
def test_faces_that_disagree_are_turned_like_the_majority(name):
    vertices, faces = GOOD[name]()
    count = len(faces) // 3
    for first in (0, len(faces) - count):  # the first face among the minority, and not
        mixed = faces.copy()
        mixed[first : first + count] = mixed[first : first + count, [0, 2, 1]]
        message = rf"^mixed: {count} of {len(faces)} faces turned over to agree"
        with pytest.warns(GaugecnnWarning, match=message):
            np.testing.assert_array_equal(validated("mixed", vertices, mixed), faces)


@pytest.mark.parametrize("name", ["torus", "icosahedron", "tetrahedron"])
def test_a_closed_surface_inside_out_is_turned(name):
    vertices, faces = GOOD[name]()
    message = rf"^out: closed and inside out: all {len(faces)} faces turned over"
    with pytest.warns(GaugecnnWarning, match=message):
        result = validated("out", vertices + 100, faces[:, [0, 2, 1]])
    np.testing.assert_array_equal(result, faces)


def test_an_open_surface_has_no_inside():
    vertices, faces = sheet()
    turned = faces[:, [0, 2, 1]]
    np.testing.assert_array_equal(validated("sheet", vertices, turned), turned)


@pytest.mark.parametrize("height", [1e-2, 1e-4])
def test_thin_faces_that_can_be_solved_pass(height):
    vertices, faces = split(height)(*torus())
    np.testing.assert_array_equal(validated("thin", vertices, faces), faces)
    assert np.isfinite(potpourri3d.MeshVectorHeatSolver(vertices, faces).compute_log_map(0)).all()


@st.composite
def damaged(draw):
    """A small mesh after one to four random damages."""
    vertices, faces = draw(st.sampled_from([lambda: torus(6, 4), icosahedron, sheet]))()
    index = st.integers(-2, len(vertices) + 1)
    for _ in range(draw(st.integers(1, 4))):
        row = st.integers(0, len(faces) - 1)
        vertex = st.integers(0, len(vertices) - 1)
        match draw(st.sampled_from(["write", "delete", "merge", "move", "stretch", "turn", "add"])):
            case "write":
                faces[draw(row), draw(st.integers(0, 2))] = draw(index)
            case "delete":
                faces = np.delete(faces, draw(st.lists(row, max_size=len(faces) // 2)), axis=0)
            case "merge":
                one, other = draw(vertex), draw(vertex)
                faces[faces == one] = other
            case "move":
                near = st.sampled_from([np.nan, np.inf, 0.0, 1e-12, 1e-5, 0.5, 2.0, 1e5, 1e300])
                one, other = draw(vertex), draw(vertex)
                with np.errstate(all="ignore"):
                    vertices[one] += draw(near) * (vertices[other] - vertices[one])
            case "stretch":
                factor = st.sampled_from([0.0, 1e-300, 1e-8, 1e-3, 1.0, 1e3, 1e8, 1e300])
                with np.errstate(all="ignore"):
                    vertices = vertices * [draw(factor), draw(factor), draw(factor)]
            case "turn":
                chosen = draw(st.lists(row, max_size=len(faces)))
                faces[chosen] = faces[chosen][:, draw(st.permutations(range(3)))]
            case "add":
                more = draw(st.lists(st.tuples(index, index, index), min_size=1, max_size=3))
                faces = np.concatenate([faces, more])
    return vertices, faces


def assert_oriented_surface(vertices, faces):
    """Checked with dictionaries, face by face."""
    neighbours = {}
    for a, b, c in faces.tolist():
        for side in ((a, b), (b, c), (c, a)):
            assert side not in neighbours, "an edge that two faces run through the same way"
            neighbours[side] = (a, b, c)
    after = [{} for _ in vertices]
    for a, b, c in faces.tolist():
        after[a][b], after[b][c], after[c][a] = c, a, b
    for ring in after:
        starts = set(ring) - set(ring.values())
        assert ring
        assert len(starts) <= 1
        here, steps = (starts or set(ring)).pop(), 0
        while here in ring and steps < len(ring):
            here, steps = ring[here], steps + 1
        assert steps == len(ring), "more than one fan"


@settings(derandomize=True, deadline=None, max_examples=400)
@given(damaged())
def test_random_damage_is_refused_or_harmless(mesh):
    vertices, faces = mesh
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", GaugecnnWarning)
            faces = validated("random", vertices, faces)
    except UserError:
        return
    assert_oriented_surface(vertices, faces)
    vertices = vertices / np.ptp(vertices, axis=0).max()
    solver = potpourri3d.MeshVectorHeatSolver(vertices, faces)
    assert np.isfinite(solver.get_tangent_frames()).all()
    assert np.isfinite(solver.compute_log_map(0)).all()
