"""Losses: weighted means of cross-entropies and of distances."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, huber_loss

from gaugecnn.choices import Loss as Loss

EXPONENT = {Loss.cross_entropy: 0.0, Loss.sqrt_balanced: 0.5, Loss.balanced: 1.0}


def weighted_cross_entropy(
    logits: Tensor, truth: Tensor, weight: Tensor, smoothing: float = 0.0
) -> Tensor:
    """``sum_i w_i CE_i / sum_i w_i``, those without a truth left out.

    With smoothing s the cross-entropy is to ``(1 - s) onehot(t_i) + s / classes`` (Szegedy et al.
    2016).

    Args:
        logits: ``(batch, class, *points)``.
        truth: ``(batch, *points)``; below 0 where there is none.
        weight: of each truth, the same shape.
        smoothing: s, in [0, 1).
    """
    known = truth >= 0
    weight = weight * known
    losses = cross_entropy(logits, truth.clamp_min(0), reduction="none", label_smoothing=smoothing)
    return (weight * losses).sum() / weight.sum().clamp_min(torch.finfo(weight.dtype).tiny)


def class_weights(frequencies: Tensor, loss: Loss) -> Tensor:
    """``u(t) = frequency(t)^-exponent`` of each class ``(class,)``, 1 for a class never met."""
    return torch.where(frequencies > 0, frequencies, 1.0).pow(-EXPONENT[loss])


def foreground_weights(truth: Tensor, areas: Tensor, classes: int, loss: Loss) -> Tensor:
    """``u(t) = frequency(t)^-exponent``, the digits sharing the frequency of the foreground.

    More than nine tenths of the sphere are background. Unweighted, a network first learns to
    answer background everywhere and leaves that slowly; weighted by inverse frequency, it paints
    digits too fat, because a foreground point then counts a hundred times. The square root lies
    between, where IoU, which punishes both errors, is best.

    Args:
        truth: ``(batch, *points)``, 0 on the background.
        areas: of each point, the same shape.
        classes: how many there are, background included.
        loss: which exponent.

    Returns:
        the weight of each truth by the frequencies of the batch, ``(batch, *points)``.
    """
    foreground = truth > 0
    share = (areas * foreground).sum() / areas.sum()
    per_class = (share / (classes - 1)).clamp_min(1e-6)
    frequency = torch.where(foreground, per_class, (1 - share).clamp_min(1e-6))
    return frequency.pow(-EXPONENT[loss])


def weighted_distance(distance: Tensor, weight: Tensor, loss: Loss) -> Tensor:
    """``sum_i w_i l(d_i) / sum_i w_i`` with l the square, the distance itself, or Huber's of both.

    Args:
        distance: between answer and target, in standard deviations of the targets.
        weight: of each, the same shape; 0 where there is no target.
        loss: ``l2``, ``l1``, or ``huber``, ``d^2 / 2`` up to one deviation and ``d - 1/2`` beyond.
    """
    if loss is Loss.l2:
        losses = distance.square()
    elif loss is Loss.l1:
        losses = distance.abs()
    else:
        losses = huber_loss(distance, torch.zeros_like(distance), reduction="none")
    return (weight * losses).sum() / weight.sum().clamp_min(torch.finfo(weight.dtype).tiny)


def weighed(
    outputs: Tensor, target: Tensor, areas: Tensor, vectors: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """What distances and their weights are; a target that is NaN has the weight 0.

    Args:
        outputs: ``(batch, output, [xyz,] *points)``.
        target: the same shape.
        areas: of each point of the domain, ``(*points)``; numbers of the whole signal weigh alike.
        vectors: whether there is an axis xyz.

    Returns:
        weights, distances and sizes of the targets, ``(batch, output, *points)`` each.
    """
    known = ~target.isnan()
    target = torch.nan_to_num(target).to(outputs)
    difference = outputs - target
    size = target
    if vectors:
        known = known.all(2)
        difference = _norm(difference)
        size = _norm(target)
    weight = known.to(outputs) if target.dim() == 2 else areas.to(outputs) * known
    return weight, torch.where(known, difference, 0.0), size


def _norm(vectors: Tensor) -> Tensor:
    """The length over the axis xyz, with a gradient at 0 too."""
    return (vectors.square().sum(2) + 1e-24).sqrt()
