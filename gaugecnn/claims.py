"""What a layer claims to do under a symmetry, from its structure alone, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Prediction(StrEnum):
    """How well a layer commutes with a symmetry, if its code does what it says."""

    exact = "exact"
    approximate = "approximate"
    none = "none"


@dataclass(frozen=True)
class Claim:
    """A prediction and its reason.

    Args:
        prediction: ``exact`` up to rounding, ``approximate`` up to what sampling cannot tell, or
            ``none``, nothing is promised.
        reason: why, in words.
    """

    prediction: Prediction
    reason: str


def exact(reason: str) -> Claim:
    """It commutes up to rounding."""
    return Claim(Prediction.exact, reason)


def approximate(reason: str) -> Claim:
    """It commutes up to an error of sampling."""
    return Claim(Prediction.approximate, reason)


def not_claimed(reason: str) -> Claim:
    """Nothing is promised."""
    return Claim(Prediction.none, reason)
