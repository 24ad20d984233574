"""What is mended, to what, and what is said; and that the order of storage does not matter."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.geometry.repair import Repair, mended
from gaugecnn.surfaces.mesh import TriangleMesh
from tests.geometry.damage import DAMAGES, GOOD, append, tetrahedron, torus
from tests.geometry.mending import APART, CASES, area, counts, mend, shuffled, surface
from tests.geometry.test_validation import assert_oriented_surface, damaged


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
    told = "domain.repair: expected one of safe, strict, got 'best'"
    with pytest.raises(UserError, match=told):
        TriangleMesh(np.eye(3), np.array([[0, 1, 2]]), repair="best")


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
