"""How many digits a scene can hold and how far it can be distorted, known without drawing one."""

from __future__ import annotations

from gaugecnn.choices import Convention
from gaugecnn.errors import UserError

MAX_DIGITS = 4

MAX_STRAIN = 0.25
"""Relative change of lengths at which pictures begin to fold: one place in 1,500."""


def check_digits(digits: int) -> None:
    """Refuse a number of digits for which a canvas has no cells.

    Raises:
        UserError: it is not between 1 and 4.
    """
    if not 1 <= digits <= MAX_DIGITS:
        raise UserError(f"expected 1 <= data.digits_per_sphere <= {MAX_DIGITS}, got {digits}")


def check_distortion(strain: float, convention: Convention) -> None:
    """Refuse a distortion by which pictures fold, or of pictures that are laid otherwise.

    Raises:
        UserError: it is not above 0 and at most 0.25, or the convention has none.
    """
    if not 0 < strain <= MAX_STRAIN:
        raise UserError(
            f"data.distortion: expected above 0 and at most {MAX_STRAIN}, where pictures begin to "
            f"fold, or null for none, got {strain:g}"
        )
    if convention is not Convention.standard:
        raise UserError(
            f"data.distortion={strain:g}: data.convention={convention} lays pictures as published "
            "networks were fed them, which is undistorted"
        )
