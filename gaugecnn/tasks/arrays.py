"""What is written of a network's answers."""

from __future__ import annotations

from torch import Tensor


def class_arrays(logits: Tensor) -> dict[str, Tensor]:
    """Logits, probabilities ``(sample, class, *points)``, and the likeliest class of each."""
    return {
        "logits": logits,
        "prediction": logits.argmax(dim=1),
        "probabilities": logits.softmax(dim=1),
    }
