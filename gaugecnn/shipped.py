"""Where what is shipped beside the code lies."""

from __future__ import annotations

from pathlib import Path


def shipped_folder(name: str) -> Path:
    """The folder `name`: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    packed = package / name
    return packed if packed.is_dir() else package.parent / name
