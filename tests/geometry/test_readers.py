"""Files from the wild, small and as text: what each holds, or the line that it is refused with."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from gaugecnn.errors import UserError
from gaugecnn.geometry.loading import read_mesh

TRIANGLE = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
HOUSE = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0], [1, 3, 0]]
PLY = """\
ply
format ascii 1.0
element vertex 4
property float x
property float y
property float z
element face 4
property list uchar int vertex_indices
end_header
0 0 0
1 0 0
0 1 0
0 0 1
3 0 2 1
3 0 1 3
3 0 3 2
3 1 2 3
"""
SOLID = """\
solid a
 facet normal 0 0 0
  outer loop
   vertex 0 0 0
   vertex 0 1 0
   vertex 1 0 0
  endloop
 endfacet
 facet normal 0 0 0
  outer loop
   vertex 0 0 0
   vertex 1 0 0
   vertex 0 0 1
  endloop
 endfacet
endsolid a
"""
SOLIDS = SOLID + SOLID.replace("1 0 0", "0 0 1", 1).replace("solid a", "solid b")
OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\n"
OFF = "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"


def read(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_mesh(path)


def binary_ply(faces, order="<", count="uchar", index="int", name="vertex_indices", extra=""):
    kind = {"uchar": "B", "uint8": "B", "int": "i", "int32": "i", "uint": "I", "ushort": "H"}
    header = (
        f"ply\nformat binary_{'little' if order == '<' else 'big'}_endian 1.0\n"
        f"element vertex {len(HOUSE)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"element face {len(faces)}\nproperty list {count} {index} {name}\n{extra}end_header\n"
    )
    body = np.array(HOUSE, order + "f4").tobytes()
    for face in faces:
        body += struct.pack(f"{order}{kind[count]}", len(face))
        body += struct.pack(f"{order}{len(face)}{kind[index]}", *face)
    return header.encode() + body


EDGE = "element edge 1\nproperty int vertex1\nproperty int vertex2\n"
MIXED = [[0, 1, 2, 3], [3, 2, 4]]
CUT = [[0, 1, 2], [0, 2, 3], [3, 2, 4]]


@pytest.mark.parametrize(
    ("content", "faces"),
    [
        (binary_ply(MIXED), CUT),
        (binary_ply(MIXED[::-1]), [CUT[2], *CUT[:2]]),
        (binary_ply(MIXED, order=">"), CUT),
        (binary_ply([[0, 1, 2, 4, 3], [4, 3, 2]]), [[3, 0, 1], [3, 1, 2], [3, 2, 4], [4, 3, 2]]),
        (binary_ply(CUT, order=">"), CUT),
        (binary_ply(CUT, count="uint8", index="int32"), CUT),
        (binary_ply(CUT, count="int", index="uint"), CUT),
        (binary_ply(CUT, index="ushort", name="vertex_index"), CUT),
        (binary_ply(MIXED, extra=EDGE) + struct.pack("<ii", 0, 1), CUT),
        (binary_ply(CUT, extra=EDGE) + struct.pack("<ii", 0, 1), CUT),
        (binary_ply(CUT) + b"\0\0", CUT),
        (b"\xef\xbb\xbf" + binary_ply(CUT), CUT),
    ],
)
def test_binary_ply(tmp_path, content, faces):
    found = read(tmp_path, "house.ply", content)
    assert found.vertices.tolist() == HOUSE
    assert found.faces.tolist() == faces
    assert found.said == ()


COLUMNS = (
    PLY.replace("float z\n", "double z\nproperty float nx\nproperty uchar red\n")
    .replace("property list", "property uchar flags\nproperty list")
    .replace("0\n", "0 0.5 255\n")
    .replace("0 0 1\n", "0 0 1 0.5 255\n")
    .replace("1.0 0.5 255\n", "1.0\n")
    .replace("\n3 ", "\n7 3 ")
)


@pytest.mark.parametrize(
    "content",
    [
        PLY,
        PLY.replace("\n", "\r\n"),
        PLY.replace("\n", "\r"),
        "\ufeff" + PLY,
        PLY.replace("end_header\n", "end_header\n\n").replace("vertex_indices", "vertex_index"),
        PLY.replace("format", "comment of the \xe9cole\nobj_info x\nformat"),
        PLY.replace("int vertex", "float vertex").replace("3 0 2 1", "3 0.0 2.0 1.0"),
        PLY.replace("element vertex", EDGE + "element vertex").replace("header\n", "header\n0 1\n"),
        COLUMNS,
    ],
)
def test_text_ply(tmp_path, content):
    found = read(tmp_path, "solid.ply", content)
    assert found.vertices.tolist() == [*TRIANGLE, [0, 0, 1]]
    assert found.faces.tolist() == [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]


def test_a_text_keeps_its_digits(tmp_path):
    found = read(tmp_path, "far.ply", PLY.replace("0 1 0", "448262.123456789 5411930.1 112"))
    assert found.vertices[2].tolist() == [448262.123456789, 5411930.1, 112]


@pytest.mark.parametrize(
    ("content", "faces"),
    [
        (OBJ + "# faces of C:\\models\\\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n", 4),
        (OBJ + "f 1 3 2 # C:\\\nf 1 2 4\n", 2),
        (OBJ + "f 1 \\\n 3 \\\r\n2\nf 1 2 4\n", 2),
        (OBJ + "f -4 -2 -3\nf -4/1/1 -3//2 -1/3\n", 2),
        ("\ufeff" + OBJ + "f 1 3 2\n\x1a", 1),
        (OBJ.replace("\n", " 1 0 0\n") + "f 1 3 2\n", 1),  # colours
        (OBJ.replace("\n", " 1.0\n") + "o a#b\nusemtl c#\ng \xe9\x85f 1 2 3\nf 1 3 2 2\n", 1),
    ],
)
def test_obj(tmp_path, content, faces):
    found = read(tmp_path, "solid.obj", content)
    assert found.vertices.tolist() == [*TRIANGLE, [0, 0, 1]]
    assert found.faces.tolist() == [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]][:faces]


@pytest.mark.parametrize(
    "content",
    [
        OFF,
        "\ufeff" + OFF.lower(),
        "# first\n" + OFF.replace("OFF\n", "OFF # second\n# third\n"),
        OFF.replace("OFF\n3 1 0", "OFF 3 1"),
        OFF.replace("OFF", "COFF").replace("0\n", "0 255 0 0 255\n").replace("0 1 2", "0 1 2 .5 1"),
        OFF.replace("OFF", "NOFF").replace("0\n", "0 0 0 1\n"),
        OFF.replace("3 0 1 2", "3 0. 1. 2."),
    ],
)
def test_off(tmp_path, content):
    found = read(tmp_path, "solid.off", content)
    assert (found.vertices.tolist(), found.faces.tolist()) == (TRIANGLE, [[0, 1, 2]])


def binary_stl(header, excess=b""):
    records = np.zeros(2, [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("", "<u2")])
    records["corners"] = [[[0, 0, 0], [0, 1, 0], [1, 0, 0]], [[0, 0, 0], [1, 0, 0], [0, 0, 1]]]
    return header.ljust(80, b" ") + struct.pack("<I", 2) + records.tobytes() + excess


@pytest.mark.parametrize(
    "content",
    [
        SOLID,
        SOLID.upper(),
        SOLID.replace("\n", "\r\n"),
        "\ufeff" + SOLID.replace(" a\n", "\n"),
        SOLID.replace("endloop", "end loop").replace("endsolid", "end solid"),
        SOLID.replace("solid a\n", "solid a\ncolor 1 0 0\n", 1),
        SOLID.replace(" endfacet\n facet", " endfacet\nendsolid a\nsolid b c d\n facet", 1),
        binary_stl(b"solid exported by somebody"),
        binary_stl(b"\0"),
        binary_stl(b"solid", excess=b"\0"),
    ],
)
def test_stl(tmp_path, content):
    found = read(tmp_path, "two.stl", content)
    assert found.vertices.tolist() == [[0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert found.faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert found.vertex_map.tolist() == [0, 1, 2, 5]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.ply", binary_ply(CUT) + b"garbage", "7 bytes after the last face left unread"),
        ("a.ply", PLY + "3 0 1 2\n", "1 rows after the last face left unread"),
        ("a.off", OFF + "3 0 2 1\n3 0 2 1\n", "2 rows after the last face left unread"),
        ("a.stl", SOLID + "by hand\n", "1 lines after the last face left unread"),
        ("a.stl", binary_stl(b"solid", b"xx"), "2 bytes after the last face left unread"),
    ],
)
def test_what_lies_beyond_is_said(tmp_path, name, content, said):
    assert read(tmp_path, name, content).said[0] == said


UNFINISHED = SOLIDS.removesuffix("endsolid b\n")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.ply",
            PLY.replace("3 1 2 3\n", "3 1 2"),
            "line 17: expected 3 vertices in the",
        ),
        ("a.ply", PLY.replace("3 1 2 3", "2 1 2"), r"line 17: .* at least 3 .* got \[1, 2\]"),
        ("a.ply", PLY.replace("3 1 2 3", "0"), r"line 17: expected at least 3 vertices"),
        ("a.ply", PLY.replace("3 1 2 3", "3 1 2 x"), "line 17: expected an integer, got 'x'"),
        ("a.ply", PLY.replace("3 1 2 3", "3 1 2 2.5"), "line 17: expected an integer, got '2.5'"),
        ("a.ply", PLY.replace("0 1 0", "0 1"), "line 12: the vertex '0 1' is incomplete"),
        ("a.ply", PLY.replace("0 1 0", "0 one 0"), "line 12: expected 3 coordinates"),
        ("a.ply", PLY.replace("face 4", "face 5"), "expected 5 rows of face, got 4"),
        ("a.ply", PLY.replace("list uchar", "list byte"), "line 8: expected one of char, .*'byte'"),
        ("a.ply", PLY.replace("ascii", "utf8"), "expected the format ascii or binary, got 'utf8'"),
        ("a.ply", PLY.replace("element", "elements"), "line 3: 'elements vertex 4' belongs to no"),
        ("a.ply", binary_ply([[0, 1], [0, 1, 2]]), "row 0 of face, .*at least 3 .* got 2"),
        ("a.ply", binary_ply(MIXED)[:-1], "expected 2 rows of face, got 1"),
        ("a.ply", binary_ply(CUT)[:-1], "expected 3 rows of face, got 2"),
        ("a.ply", binary_ply(CUT).replace(b"face 3", b"face 3000000000"), "got 3"),
        ("a.obj", OBJ + "f 1 2\nf 1 2 3\n", r"line 5: .* at least 3 vertices in a face, got"),
        ("a.obj", OBJ + "f 1 2 x\n", "line 5: expected an integer, got 'x'"),
        ("a.obj", OBJ + "v 1,5 0 0\nf 1 2 3\n", "line 5: expected 3 coordinates, got '1,5 0 0'"),
        ("a.obj", OBJ + "v 1 0\nf 1 2 3\n", "line 5: expected 3 coordinates, got '1 0'"),
        ("a.obj", OBJ + "f 1 2 3\nf 1 2 \\", "the last line goes on in a line that is not there"),
        ("a.off", OFF.replace("3 0 1 2", "2 0 1"), r"line 6: expected at least 3 vertices"),
        ("a.off", OFF.replace("3 0 1 2", "3 0 1"), "line 6: expected 3 vertices in the face '3 0"),
        ("a.off", OFF.replace("3 1 0", "3 2 0"), "expected 3 vertices and 2 faces, got 4 rows"),
        ("a.off", OFF.replace("OFF", "4OFF"), "expected an OFF file of text and 3 coordinates"),
        ("a.off", OFF.replace("OFF", "OFF BINARY"), "expected an OFF file of text"),
        ("a.off", OFF.replace("OFF\n", ""), "expected the header OFF"),
        ("a.stl", UNFINISHED, "line 32: the file ends inside a solid"),
        ("a.stl", SOLID.removesuffix("endsolid a\n"), "line 16: the file ends inside a solid"),
        ("a.stl", SOLID[:-60], "line 12: the file ends inside a loop"),
        ("a.stl", SOLID.replace("   vertex 0 1 0\n", ""), "line 6: expected 3 vertices in a tri"),
        ("a.stl", SOLID.replace("  outer loop\n", "", 1), "line 3: 'vertex 0 0 0' stands where"),
        (
            "a.stl",
            SOLID.replace("   vertex 0 1 0\n", 4 * "vertex 0 1 0\n"),
            "line 10: expected 3 vertices",
        ),
        ("a.stl", "solid\nfacet\nendfacet\nendsolid\n", "line 3: expected 3 vertices in a tri"),
        ("a.stl", SOLID.replace("   vertex 0 1 0", "   vortex 0 1 0"), "'vortex 0 1 0' stands"),
        ("a.stl", SOLID.replace("  endloop\n", "", 1), "line 7: 'endfacet' stands where it cannot"),
        ("a.stl", SOLID.replace("0 1 0", "0 1"), "line 5: expected 3 coordinates, got '0 1'"),
        ("a.stl", binary_stl(b"solid")[:-1], "expected 2 triangles, .* end of the file 1 bytes"),
    ],
)
def test_incomplete_files_are_refused_with_their_line(tmp_path, name, content, message):
    with pytest.raises(UserError, match=f"{name} could not be read: ValueError: .*{message}"):
        read(tmp_path, name, content)


@pytest.mark.parametrize(
    "name",
    ["cost $_^$ x.obj", "a: b.obj", "100%.obj", "[b].obj", "\u5b54 #1.obj", "b\udcff.obj"],
)
def test_files_of_any_name(tmp_path, name):
    assert len(read(tmp_path, name, OBJ + "f 1 2 3\n").faces) == 1
    with pytest.raises(UserError) as refusal:
        read(tmp_path, name, "f 1\n")
    str(refusal.value).encode()
