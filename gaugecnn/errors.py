"""The warnings and errors that are ours: tests turn the warnings into errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class GaugecnnWarning(UserWarning):
    """Something that a user should know and that does not stop the work."""


class UserError(ValueError):
    """A mistake in what the user gave: a file, a key, a combination.

    The command line prints its message in one line and exits with code 2.
    """


class OptionError(UserError):
    """An option that cannot be what it was given.

    Args:
        option: its name, which whoever knows where it stands makes a whole key.
        message: what was expected and what came.
    """

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


@contextmanager
def blamed(what: str) -> Iterator[None]:
    """Errors of type and of value, raised meanwhile, are mistakes of the user's in `what`.

    Raises:
        UserError: one was raised; those that are `UserError` stay as they are.
    """
    try:
        yield
    except UserError:
        raise
    except (TypeError, ValueError) as error:
        raise UserError(f"{what}: {error}") from error
