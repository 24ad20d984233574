"""A package as good as installed: what an installer writes down of it, in a folder of the path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_down(site: Path, name: str, entry_points: Mapping[str, Mapping[str, str]]) -> None:
    """The metadata of a package and its entry points, by group and by name."""
    folder = site / f"{name.replace('-', '_')}-0.1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\n")
    lines = [
        f"[{group}]\n" + "".join(f"{point} = {value}\n" for point, value in points.items())
        for group, points in entry_points.items()
    ]
    (folder / "entry_points.txt").write_text("\n".join(lines))
