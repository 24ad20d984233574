"""The warnings and errors that are ours: tests turn the warnings into errors."""

from __future__ import annotations


class GaugecnnWarning(UserWarning):
    """Something that a user should know and that does not stop the work."""


class UserError(ValueError):
    """A mistake in what the user gave: a file, a key, a combination.

    The command line prints its message in one line and exits with code 2.
    """
