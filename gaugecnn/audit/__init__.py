"""Which symmetries a network has, how well, and which layer breaks them.

    from gaugecnn import audit_model
    audit = audit_model(model)
    audit.failures()  # rows that are predicted exact and are not
    audit.table(layers=True)

Every layer is measured by itself where its features can be moved: ``f(g x)`` against ``g f(x)``, x
being the feature that really reaches it. Rotations that permute no grid move the signal alone,
which is a function of position; what is compared then are the invariants of each feature, its own
method's integral, that no such rotation may change: the error that has gathered up to there, with
no interpolation in it.
"""

from __future__ import annotations

from gaugecnn.audit.model import audit_model
from gaugecnn.audit.rows import Audit, AuditRow
from gaugecnn.audit.signals import Pictures, RandomFunctions, Signals
from gaugecnn.audit.weights import randomised

__all__ = [
    "Audit",
    "AuditRow",
    "Pictures",
    "RandomFunctions",
    "Signals",
    "audit_model",
    "randomised",
]
