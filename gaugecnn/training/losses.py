"""Losses: cross-entropy, and the weights that keep a small foreground from being ignored."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from gaugecnn.choices import Loss
from gaugecnn.errors import UserError

EXPONENT = {Loss.cross_entropy: 0.0, Loss.sqrt_balanced: 0.5, Loss.balanced: 1.0}


def loss_for(name: str, task: str) -> Loss:
    """The loss of that name; ``auto`` is cross-entropy, and `sqrt_balanced` for segmentation.

    More than nine tenths of the sphere are background. Unweighted, a network first learns to
    answer background everywhere and leaves that slowly; weighted by inverse frequency, it paints
    digits too fat, because a foreground point then counts a hundred times. The square root lies
    between, where IoU, which punishes both errors, is best.

    Raises:
        UserError: no such loss.
    """
    try:
        loss = Loss(name)
    except ValueError as error:
        raise UserError(f"train.loss: expected one of {', '.join(Loss)}, got {name!r}") from error
    if loss is not Loss.auto:
        return loss
    return Loss.sqrt_balanced if task == "segmentation" else Loss.cross_entropy


def weighted_cross_entropy(
    logits: Tensor, truth: Tensor, weight: Tensor, loss: Loss, smoothing: float = 0.0
) -> Tensor:
    """``sum_i w_i u(t_i) CE_i / sum_i w_i u(t_i)`` with ``u(t) = frequency(t)^-exponent``.

    Frequencies are those of the batch; the digits share the frequency of the foreground. With
    smoothing s the cross-entropy is to ``(1 - s) onehot(t_i) + s / classes`` (Szegedy et al. 2016).

    Args:
        logits: ``(batch, class, *points)``.
        truth: ``(batch, *points)``.
        weight: of each point, broadcast to the shape of `truth`: its area.
        loss: which exponent.
        smoothing: s, in [0, 1).
    """
    weights = weight.to(logits).expand(truth.shape)
    if EXPONENT[loss] > 0:
        foreground = truth > 0
        share = (weights * foreground).sum() / weights.sum()
        digit_classes = logits.shape[1] - 1
        per_class = (share / digit_classes).clamp_min(1e-6)
        frequency = torch.where(foreground, per_class, (1 - share).clamp_min(1e-6))
        weights = weights * frequency.pow(-EXPONENT[loss])
    losses = cross_entropy(logits, truth, reduction="none", label_smoothing=smoothing)
    return (weights * losses).sum() / weights.sum()
