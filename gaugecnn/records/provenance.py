"""Where a number comes from: versions, commit, device, threads."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

VARIABLE = "GAUGECNN_COMMIT"
"""The environment variable that names the commit of copied code, on a cluster say."""

OF_NUMBERS = (":/gaugecnn", ":/configs")
"""What of the checkout numbers depend on, from its top."""

PACKAGES = ("gaugecnn", "torch", "lightning", "e3nn", "torch-geometric", "trimesh", "numpy")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a number depends on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def commit() -> str:
    """The commit of the checkout that the package runs from, ``+`` when it has changes.

    What the environment says (`VARIABLE`) goes before what a copy's own history says, which may be
    an older one. It is ``unknown`` for an installed wheel, whose version says what it is.
    """
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    folder = Path(__file__).parent

    def git(*words: str) -> str:
        command = ["git", "-C", str(folder), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", str(folder / "provenance.py"))
        head = git("rev-parse", "--short=12", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", *OF_NUMBERS)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def device_name(device: torch.device) -> str:
    """The device in words: the GPU's name, or ``cpu`` with its number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({torch.get_num_threads()} threads)"
