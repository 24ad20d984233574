"""How a method proves itself: the tests that every method has to pass, and what they measure with.

A method of another package takes them over with one subclass, in a file of its own::

    # tests/test_mine.py
    from gaugecnn.testing import Conformance

    class TestMine(Conformance):
        model = "path/to/mine.yaml"            # or a name that `gaugecnn models` lists
        overrides = ("domain.bandwidth=8",)    # which make it small

    python -m pytest tests/test_mine.py        # or, of an installed package,
    python -m pytest --pyargs mine.tests

The package has to be installed, so that its entry point of the group ``gaugecnn.methods`` is found.
`Conformance` needs pytest, ``pip install 'gaugecnn[testing]'``; the checks do without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.testing.conformance import Conformance
    from gaugecnn.testing.gradient_checks import derivative_errors, gradient_violation
    from gaugecnn.testing.symmetry_checks import (
        Moved,
        feature_moves,
        feature_violations,
        measured,
        on_logits,
        patches,
        randomise,
        reframed,
        turns_of,
        violation,
    )

__all__ = [
    "Conformance",
    "Moved",
    "derivative_errors",
    "feature_moves",
    "feature_violations",
    "gradient_violation",
    "measured",
    "on_logits",
    "patches",
    "randomise",
    "reframed",
    "turns_of",
    "violation",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "conformance": ["Conformance"],
        "gradient_checks": ["derivative_errors", "gradient_violation"],
        "symmetry_checks": [
            "Moved",
            "feature_moves",
            "feature_violations",
            "measured",
            "on_logits",
            "patches",
            "randomise",
            "reframed",
            "turns_of",
            "violation",
        ],
    },
)
