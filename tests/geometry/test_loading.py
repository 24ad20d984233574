from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import trimesh
from trimesh.exchange.ply import export_ply
from trimesh.exchange.stl import export_stl, export_stl_ascii

from gaugecnn.errors import UserError
from gaugecnn.geometry.loading import load_mesh, read_mesh
from gaugecnn.geometry.validation import validated
from tests.geometry.damage import DAMAGES, GOOD, torus


def rows(table, prefix=""):
    return "".join(prefix + " ".join(map(repr, row)) + "\n" for row in np.asarray(table).tolist())


def ply(vertices, faces, binary=False, vertex_type="double"):
    header = (
        f"ply\nformat {'binary_little_endian' if binary else 'ascii'} 1.0\n"
        f"element vertex {len(vertices)}\n"
        + "".join(f"property {vertex_type} {axis}\n" for axis in "xyz")
        + f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    ).encode()
    if not binary:
        return header + (rows(vertices) + rows(faces, f"{len(faces[0])} ")).encode()
    records = np.zeros(len(faces), [("count", "u1"), ("index", "<i4", 3)])
    records["count"], records["index"] = 3, faces
    return header + np.asarray(vertices, "<f8").tobytes() + records.tobytes()


def binary_ply(vertices, faces):
    return ply(vertices, faces, binary=True)


def off(vertices, faces):
    counts = f"OFF\n{len(vertices)} {len(faces)} 0\n"
    return (counts + rows(vertices) + rows(faces, f"{len(faces[0])} ")).encode()


def obj(vertices, faces):
    faces = np.asarray(faces)
    faces = np.where(faces < 0, 0, faces + 1)  # no index below 1 but relative ones
    return (rows(vertices, "v ") + rows(faces, "f ")).encode()


def stl(vertices, faces):
    corners = np.asarray(vertices)[faces]
    records = np.zeros(len(faces), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("", "<u2")])
    records["corners"] = corners
    return bytes(80) + np.uint32(len(faces)).tobytes() + records.tobytes()


WRITERS = {"ply": ply, "binary.ply": binary_ply, "off": off, "obj": obj}


def saved(folder, suffix, content):
    path = folder / f"mesh.{suffix}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("name", GOOD)
def test_files_keep_every_vertex_and_face(tmp_path, suffix, name):
    vertices, faces = GOOD[name]()
    loaded, index = load_mesh(saved(tmp_path, suffix, WRITERS[suffix](vertices, faces)))
    assert (loaded.dtype, index.dtype) == (np.float64, np.int64)
    np.testing.assert_array_equal(loaded, vertices)
    np.testing.assert_array_equal(index, faces)


@pytest.mark.parametrize("suffix", WRITERS)
def test_vertices_at_equal_places_stay_apart(tmp_path, suffix):
    vertices, faces = np.zeros((4, 3)), np.array([[3, 1, 2], [0, 2, 1]])
    loaded, index = load_mesh(saved(tmp_path, suffix, WRITERS[suffix](vertices, faces)))
    assert loaded.shape == (4, 3)
    np.testing.assert_array_equal(index, faces)


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_files_are_refused(tmp_path, suffix, name):
    path = saved(tmp_path, suffix, WRITERS[suffix](*DAMAGES[name].apply(*torus())))
    with pytest.raises(UserError, match=rf"^mesh.{suffix}: {DAMAGES[name].message}"):
        validated(path.name, *load_mesh(path))


@pytest.mark.parametrize("name", [name for name, damage in DAMAGES.items() if damage.stl])
def test_damaged_stl_files_are_refused(tmp_path, name):
    path = saved(tmp_path, "stl", stl(*DAMAGES[name].apply(*torus())))
    with pytest.raises(UserError, match=rf"^mesh.stl: .*{DAMAGES[name].stl}"):
        validated(path.name, *load_mesh(path))


def ascii_stl(vertices, faces):
    return export_stl_ascii(trimesh.Trimesh(vertices, faces, process=False))


def two_solids(vertices, faces):
    return ascii_stl(vertices, faces[:100]) + ascii_stl(vertices, faces[100:])


@pytest.mark.parametrize("writer", [stl, ascii_stl, two_solids])
def test_stl_corners_are_joined_where_they_are_equal(tmp_path, writer):
    vertices, faces = torus()
    vertices = vertices.astype(np.float32).astype(float)
    assert (vertices == 0).any()
    corners = vertices[faces]
    corners[::2] = np.where(corners[::2] == 0, -0.0, corners[::2])
    path = saved(tmp_path, "stl", writer(corners.reshape(-1, 3), np.arange(768).reshape(-1, 3)))
    loaded, index, vertex_map, said = read_mesh(path)
    assert said == ("768 corners at equal places joined into 128 vertices",)
    np.testing.assert_allclose(corners.reshape(-1, 3)[vertex_map], loaded, atol=1e-7)
    np.testing.assert_allclose(loaded[index], corners, atol=1e-7)
    first = [index.ravel().tolist().index(vertex) for vertex in range(128)]
    assert first == sorted(first)
    np.testing.assert_array_equal(validated("stl", loaded, index), index)


def test_stl_corners_that_nearly_agree_stay_apart(tmp_path):
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 1e-9, 0], [0, 1, 0]])
    path = saved(tmp_path, "stl", ascii_stl(vertices, [[0, 1, 2], [3, 5, 4]]))
    assert read_mesh(path).said == ("6 corners at equal places joined into 5 vertices",)


QUADS = [[0, 1, 2, 3], [3, 2, 4, 5]]
CORNERS = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 2, 0], [0, 2, 0]]


@pytest.mark.parametrize("suffix", ["ply", "off", "obj"])
def test_polygons_become_triangles(tmp_path, suffix):
    loaded, index = load_mesh(saved(tmp_path, suffix, WRITERS[suffix](CORNERS, QUADS)))
    np.testing.assert_array_equal(loaded, CORNERS)
    assert len(index) == 4
    np.testing.assert_array_equal(validated("quads", loaded, index), index)


@pytest.mark.parametrize("suffix", ["off", "obj"])
def test_a_pentagon_becomes_a_fan(tmp_path, suffix):
    _, index = load_mesh(saved(tmp_path, suffix, WRITERS[suffix](CORNERS, [[0, 1, 2, 4, 3]])))
    assert index.tolist() == [[3, 0, 1], [3, 1, 2], [3, 2, 4]]  # the one with short diagonals


OBJ = """\
# a mesh with everything that does not matter
mtllib absent.mtl
o first
v 0 0 0 1.0
v 1 0 0 0.5 0.5 0.5
v\t1 1 0
vt 0 0
vt 1 1
vn 0 0 1
vn 0 1 0
g left
usemtl red
s 1
f 1/1/1 2/2/1 3/1/2
o second
usemtl blue
v 0 1 0
f -4//1 3//2 \\
-1//1  # the two faces share an edge
l 1 2
"""


@pytest.mark.parametrize("text", [OBJ, OBJ.replace("\n", "\r\n"), OBJ.replace(" a ", " \xe9 ")])
def test_obj_objects_materials_and_textures_do_not_cut_a_mesh(tmp_path, text):
    loaded, index = load_mesh(saved(tmp_path, "obj", text.encode("latin-1")))
    assert loaded.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    assert index.tolist() == [[0, 1, 2], [0, 2, 3]]


def test_ply_texture_does_not_cut_a_mesh(tmp_path):
    text = ply(CORNERS[:4], [[0, 1, 2], [0, 2, 3]]).decode()
    text = text.replace("end_header", "property list uchar float texcoord\nend_header")
    text = text.replace("3 0 1 2\n", "3 0 1 2 6 0 0 1 0 1 1\n")
    text = text.replace("3 0 2 3\n", "3 0 2 3 6 .5 .5 0 0 0 1\n")
    loaded, index = load_mesh(saved(tmp_path, "ply", text))
    assert loaded.tolist() == CORNERS[:4]
    assert index.tolist() == [[0, 1, 2], [0, 2, 3]]


@pytest.mark.parametrize("header", ["OFF 4 2 0\n", "OFF4 2 5\n", "COFF # colours\n\n4 2 5\n"])
def test_off_headers(tmp_path, header):
    body = "0 0 0\n1 0 0 255 0 0\n1 1 0 # corner\n\n0 1 0\n3 0 1 2 9 9 9\n3 0 2 3\n"
    loaded, index = load_mesh(saved(tmp_path, "off", header + body))
    assert loaded.tolist() == CORNERS[:4]
    assert index.tolist() == [[0, 1, 2], [0, 2, 3]]


def test_missing_files_and_other_formats_are_refused(tmp_path):
    with pytest.raises(UserError, match="no mesh file at .*absent.ply"):
        load_mesh(tmp_path / "absent.ply")
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(UserError, match="no mesh file at .*folder.ply"):
        load_mesh(str(tmp_path / "folder.ply"))
    with pytest.raises(UserError, match=r"expected one of .ply, .obj, .stl, .off, got mesh.glb"):
        load_mesh(saved(tmp_path, "glb", b""))
    (tmp_path / "UPPER.OFF").write_bytes(off(*torus()))
    assert len(load_mesh(tmp_path / "UPPER.OFF")[0]) == 128


NOT_READ = "could not be read: "
NO_FACE = "expected triangles in .* vertices and no face"
TORUS = torus()


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        ("ply", b"", NOT_READ + "ValueError: not a ply file"),
        ("ply", b"hello", NOT_READ),
        ("ply", ply(*TORUS)[:100], NOT_READ),
        ("ply", ply(*TORUS)[:3000], NOT_READ),
        ("ply", ply(*TORUS)[:-500], NOT_READ + "ValueError: expected 256 rows of face, got 2"),
        ("ply", ply(*TORUS).replace(b"3 0 8 9", b"3 0 x 9"), NOT_READ),
        ("ply", ply(*TORUS).split(b"3 0 8 9")[0], NOT_READ + ".*expected 256 rows of face, got 0"),
        (
            "ply",
            binary_ply(*TORUS)[:-1],
            NOT_READ + "ValueError: expected 256 rows of face, got 255",
        ),
        ("ply", binary_ply(*TORUS)[:500], NOT_READ),
        ("ply", export_ply(trimesh.Trimesh(*TORUS))[:200], NOT_READ),
        ("ply", ply(TORUS[0], np.empty((0, 3)), binary=True), "128 vertices and no face"),
        ("ply", ply([], np.empty((0, 3)), binary=True), "0 vertices and no face"),
        ("obj", b"", NO_FACE),
        ("obj", b"hello", NO_FACE),
        ("obj", rows(TORUS[0], "v ").encode(), "got 128 vertices and no face"),
        ("obj", obj(*TORUS) + b"f 1 2\n", NOT_READ + ".*at least 3 vertices in a face"),
        ("obj", obj(*TORUS) + b"f 1 2 x\n", NOT_READ + "ValueError: line 385: expected an integer"),
        ("obj", obj(*TORUS) + b"v 1 2\n", NOT_READ),
        ("obj", obj(*TORUS) + b"f 1 2 " + b"9" * 40, NOT_READ + "OverflowError"),
        ("off", b"", NOT_READ + "ValueError: expected the header OFF"),
        ("off", b"hello", NOT_READ + "ValueError: expected the header OFF"),
        ("off", b"OFF\n", NOT_READ),
        ("off", b"OFF\nmany\n", NOT_READ),
        ("off", off(*TORUS)[:-500], NOT_READ + "ValueError: expected 128 vertices and 256 faces"),
        ("off", off(*TORUS)[:-5], NOT_READ + "ValueError: line 386: expected 3 vertices in the"),
        ("off", b"OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n", "got 3 vertices and no face"),
        ("off", b"OFF\n2 1 0\n0 0 0\n1 0 0\n2 0 1\n", NOT_READ + ".*at least 3 vertices"),
        ("stl", b"", NO_FACE),
        ("stl", b"hello", NO_FACE),
        ("stl", stl(*TORUS)[:-1], NOT_READ + "ValueError: expected 256 triangles"),
        ("stl", export_stl(trimesh.Trimesh(TORUS[0], [[0, 1, 2]]))[:90], NOT_READ),
        ("stl", ascii_stl(*TORUS)[:-500], NOT_READ + "ValueError: line 17"),
        ("stl", ascii_stl(*TORUS).replace("vertex 1", "vertex x", 1), NOT_READ),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path, suffix, content, message):
    path = saved(tmp_path, suffix, content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserError) as refusal:
            load_mesh(path)
    assert re.search(message, str(refusal.value))
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)
