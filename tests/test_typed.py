"""Nodes of YAML become dataclasses, and nothing is taken for something else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import pytest

from gaugecnn.errors import OptionError, UserError
from gaugecnn.typed import leaves, nearest, read, shown


class Colour(StrEnum):
    red = "red"
    blue = "blue"


@dataclass(frozen=True)
class Brush:
    width: float
    colour: Colour = Colour.red

    def __post_init__(self) -> None:
        if self.width <= 0:
            raise OptionError("width", f"expected width > 0, got {self.width}")


@dataclass(frozen=True)
class WideBrush(Brush):
    bristles: int = 10


@dataclass
class Picture:
    brushes: tuple[Brush, ...] = ()
    layers: list[int] = field(default_factory=list)
    title: str | None = None
    scale: int | str = 1
    signed: bool = False
    notes: dict[str, Any] = field(default_factory=dict)
    paper: Literal["a", "b"] = "a"


def test_a_whole_tree():
    node = {
        "brushes": [{"width": 2, "colour": "blue"}, {"width": 0.5}],
        "layers": [3, 1],
        "title": None,
        "scale": "large",
        "signed": True,
        "notes": {"a": [1]},
    }
    brushes = (Brush(2, Colour.blue), Brush(0.5))
    assert read(Picture, node, "") == Picture(brushes, [3, 1], None, "large", True, {"a": [1]})
    assert read(Picture, {}, "") == Picture()


def test_one_dataclass_is_read_instead_of_another():
    node = {"brushes": [{"width": 2, "bristles": 3}]}
    assert read(Picture, node, "", {Brush: WideBrush}).brushes == (WideBrush(2, bristles=3),)
    with pytest.raises(UserError, match="unknown key 'brushes\\[0\\].bristles'"):
        read(Picture, node, "")


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ({"brushes": 3}, "p.brushes: expected a list, got 3"),
        ({"brushes": [3]}, "p.brushes[0]: expected the keys width, colour; got 3"),
        ({"brushes": [{}]}, "p.brushes[0].width: expected a value, got none"),
        ({"brushes": [{"width": 0}]}, "p.brushes[0].width: expected width > 0, got 0"),
        ({"brushes": [{"width": True}]}, "p.brushes[0].width: expected a number, got true"),
        ({"brushes": [{"width": float("inf")}]}, "width: expected a finite number, got inf"),
        ({"brushes": [{"width": 1, "colour": "r"}]}, "colour: expected one of red, blue, got 'r'"),
        ({"layers": [1, 2.0]}, "p.layers[1]: expected a whole number, got 2.0"),
        ({"layers": [2**63]}, "p.layers[0]: expected a number below 2^63"),
        ({"layers": [16**5000]}, "expected a number below 2^63, got a number with thousands of"),
        ({"title": 3}, "p.title: expected text, got 3"),
        ({"scale": 0.5}, "p.scale: expected a whole number or text, got 0.5"),
        ({"signed": 1}, "p.signed: expected true or false, got 1"),
        ({"signed": None}, "p.signed: expected true or false, got null"),
        ({"notes": [1]}, "p.notes: expected keys below it, got [1]"),
        ({"titel": "x"}, "unknown key 'p.titel'; did you mean p.title?"),
        ({3: "x"}, "unknown key 'p.3'"),
        ([], "p: expected the keys brushes, layers, title, scale, signed, notes, paper; got []"),
    ],
)
def test_what_does_not_fit_is_named(node, told):
    with pytest.raises(UserError) as raised:
        read(Picture, node, "p")
    assert told in str(raised.value)


def test_types_that_are_not_ours_are_left_to_who_declares_them():
    assert read(Picture, {"paper": "c"}, "").paper == "c"


def test_all_keys_of_a_dataclass_within_another():
    @dataclass
    class Outer:
        seed: int
        brush: Brush

    Outer.__annotations__ = {"seed": int, "brush": Brush}
    assert leaves(Outer) == {"seed": int, "brush.width": float, "brush.colour": Colour}


def test_messages_stay_short():
    assert len(shown("x" * 500)) <= 82
    assert nearest("zzz", ["levels"]) == ""
