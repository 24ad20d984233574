"""Packages that only some commands need: which extra of ours installs each of them."""

from __future__ import annotations

EXTRA_OF = {
    "lightning": "train",
    "tensorboard": "train",
    "matplotlib": "figures",
    "plotly": "figures",
    "pytest": "testing",
    "ray": "ray",
}
"""By the name under which a package is imported."""


def advice(error: ImportError) -> str | None:
    """What to install for an import that failed, in one line; None if it is none of these."""
    package = (error.name or "").partition(".")[0]
    if package not in EXTRA_OF:
        return None
    return f"needs {package}: pip install 'gaugecnn[{EXTRA_OF[package]}]'"
