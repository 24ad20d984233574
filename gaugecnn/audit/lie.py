"""The local error: how fast invariants change under infinitesimal rotations.

    L_A I(f) = d/dt I(f(exp(-t A) x)) at t = 0  =  [I(f_t) - I(f_-t)] / 2t + O(t^2)

by central differences, I being the outputs of an invariant network or the invariants of a feature,
f_t the function itself read at turned places. It is 0 for what is invariant, and told per radian.
The step t is the third root of the machine epsilon, at which truncation, ``t^2``, and rounding,
``epsilon / t``, are alike: 0.005 in float32, 6e-6 in float64.

Source: Gruver et al. 2022, The Lie Derivative for Measuring Learned Equivariance, equations 3 and 4
(there by automatic differentiation, and of features by interpolation on their grids).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from gaugecnn.audit.signals import Signals


def step_of(precision: torch.finfo) -> float:
    """The angle of a finite difference, in radians."""
    return float(precision.eps ** (1 / 3))


def lie_derivative(
    invariants: Callable[[Tensor], Mapping[str, Tensor]],
    signals: Signals,
    forth: Tensor,
    back: Tensor,
    step: float,
) -> dict[str, Tensor]:
    """``d/dt I(f_t)`` per radian, by name, of the shape of each I.

    Args:
        invariants: all I ``(batch, feature)`` of signals ``(batch, *type.shape)``, by name.
        signals: f.
        forth: the rotation ``(3, 3)`` by `step`.
        back: the one by ``-step``.
        step: the angle.
    """
    one, other = invariants(signals.turned(forth)), invariants(signals.turned(back))
    return {name: (one[name] - other[name]) / (2 * step) for name in one}
