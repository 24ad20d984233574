"""Pictures of functions on surfaces: PNG from two sides, and interactive HTML."""

from gaugecnn.figures.interactive import save_html
from gaugecnn.figures.picture import save_png
from gaugecnn.figures.sample import Sample

__all__ = ["Sample", "save_html", "save_png"]
