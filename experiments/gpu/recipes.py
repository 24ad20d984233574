"""The long recipes: the only list of them that is used here."""

from __future__ import annotations

RECIPES: dict[str, tuple[str, ...]] = {
    "gauge_100k": ("train=long",),
    "s2cnn_100k": ("train=long",),
}
"""The classifiers that are trained for hours on a CPU, and the words that they are trained with."""

EMBEDDED = ("data.name=digits", "data.copies=50")
"""Where MNIST is not at hand: about as many images in an epoch as MNIST has."""
