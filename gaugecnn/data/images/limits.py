"""How many digits a scene can hold, known without drawing one."""

from __future__ import annotations

from gaugecnn.errors import UserError

MAX_DIGITS = 4


def check_digits(digits: int) -> None:
    """Refuse a number of digits for which a canvas has no cells.

    Raises:
        UserError: it is not between 1 and 4.
    """
    if not 1 <= digits <= MAX_DIGITS:
        raise UserError(f"expected 1 <= data.digits_per_sphere <= {MAX_DIGITS}, got {digits}")
