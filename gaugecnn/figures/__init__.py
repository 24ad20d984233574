"""Pictures of functions on surfaces: PNG from two sides, and interactive HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.figures.interactive import save_html
    from gaugecnn.figures.picture import save_png
    from gaugecnn.figures.sample import Sample

__all__ = ["Sample", "save_html", "save_png"]

__getattr__, __dir__ = lazy(
    __name__,
    {"interactive": ["save_html"], "picture": ["save_png"], "sample": ["Sample"]},
)
