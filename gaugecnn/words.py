"""Words ``key=value`` of the command line: of a text key the value is the text that was typed."""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from typing import Any, get_type_hints

from omegaconf import OmegaConf

from gaugecnn.errors import UserError

UNDECODABLE = 0xDC00 - 0xF700
"""Python reads a byte that is no text as U+DC80 to U+DCFF, which no YAML file can hold; it is kept
as U+F780 to U+F7FF, which have no meaning of their own."""


def text_keys(schema: type) -> dict[str, Any]:
    """The keys of a typed configuration whose values are text, with their types."""
    found: dict[str, Any] = {}
    for name, kind in get_type_hints(schema).items():
        if is_dataclass(kind) and isinstance(kind, type):
            found |= {f"{name}.{key}": inner for key, inner in text_keys(kind).items()}
        elif kind in (str, str | None):
            found[name] = kind
    return found


def parsed(key: str, typed: str, kind: Any) -> Any:
    """The value of a word.

    A text is neither read as YAML nor interpolated; null says that one is missing, where it may.

    Args:
        key: what is given the value.
        typed: the value as it was typed.
        kind: the type of a text key; None for other keys, which are read as YAML.

    Raises:
        UserError: a text that is no text, but for a file.
    """
    if kind is None:
        return OmegaConf.from_dotlist([f"value={typed}"]).value
    if typed == "null" and kind is not str:
        return None
    kept = re.sub("[\udc80-\udcff]", lambda byte: chr(ord(byte[0]) - UNDECODABLE), typed)
    if kept != typed and key != "domain.file":
        raise UserError(f"{key}: expected text, got {typed!a}, which is not UTF-8")
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", kept)  # OmegaConf's escape


def file_name(text: str) -> str:
    """The name of a file whose name `parsed` kept."""
    return re.sub("[\uf780-\uf7ff]", lambda byte: chr(ord(byte[0]) + UNDECODABLE), text)
