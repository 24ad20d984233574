"""The page as text: contents, style, programs and the library that draws, in one file."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from gaugecnn.report.content import Content
from gaugecnn.report.curves import Curves

FOLDER = Path(__file__).parent / "page"
PROGRAMS = ("theme.js", "tables.js", "curves.js", "surfaces.js")
SURFACES = 8
"""Above so many on a page, those that are out of sight are not kept alive."""


def page(contents: Sequence[Content]) -> str:
    """The text of the page.

    Args:
        contents: the studies, in their order.
    """
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["packed"] = packed
    environment.tests["curves"] = lambda figure: isinstance(figure, Curves)
    surfaces = sum(scene.surfaces for content in contents for scene in content.scenes)
    return environment.get_template("page.html").render(
        contents=contents,
        title=" and ".join(content.name.replace("_", " ") for content in contents),
        library=Markup(get_plotlyjs()),
        style=_file("style.css"),
        programs=[_file(name) for name in PROGRAMS],
        lively=surfaces > SURFACES,
        version=version("gaugecnn"),
    )


def packed(content: Any) -> str:
    """What JSON can hold, in few characters: masks are long and say little."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _file(name: str) -> Markup:
    return Markup((FOLDER / name).read_text())
