"""Where the shipped surfaces lie."""

from pathlib import Path

MESHES = Path(__file__).parents[1] / "meshes"
