"""What a network can read of fields and of their surface: the words of ``data.input``."""

from __future__ import annotations

from enum import StrEnum

from gaugecnn.errors import UserError


class Input(StrEnum):
    """A part of ``data.input``; parts are joined by ``+``."""

    values = "values"
    xyz = "xyz"
    curvature = "curvature"
    hks = "hks"


def check_inputs(text: str) -> tuple[Input, ...]:
    """The parts of ``data.input``.

    Raises:
        UserError: one is not known, or stands twice.
    """
    parts = text.split("+")
    unknown = [part for part in parts if part not in list(Input)]
    if unknown or len(set(parts)) < len(parts):
        choices = ", ".join(Input)
        raise UserError(
            f"data.input: expected some of {choices}, each once, joined by +, got {text!r}"
        )
    return tuple(Input(part) for part in parts)


def check_picture_options(inputs: str, standardise: bool | None) -> None:
    """Refuse for pictures what is said of fields.

    Raises:
        UserError: the key.
    """
    if inputs != Input.values:
        raise UserError(f"data.input={inputs}: pictures are read as they are, fields need not be")
    if standardise:
        raise UserError("data.standardise=true: pictures keep their grey values, fields need not")
