"""The p4 convolutions tap by tap: slow, readable, the truth that the fast ones are tested against.

Nothing is rotated here but the place of one tap at a time, and nothing is summed but by the loops.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def turned_tap(row: int, column: int, kernel: int, turns: int) -> tuple[int, int]:
    """Where the tap (row, column) of a filter lies once the filter has made quarter turns.

    One turn takes the end of the first row to its start: ``(row, column) -> (k-1-column, row)``.
    """
    for _ in range(turns):
        row, column = kernel - 1 - column, row
    return row, column


def p4_conv_p4(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    """``y[o, r](x) = b[o] + sum_{i, s, d} w[o, i, s - r](Q^-r d) f[i, s](x + d)``.

    Args:
        x: feature ``(batch, in, rotation, row, column)``.
        weight: filters ``(out, in, rotation, k, k)``.
        bias: one number per output channel ``(out,)``.
        stride: pixels between windows.
        padding: zeros added on each side.

    Returns:
        Feature ``(batch, out, rotation, row, column)``.
    """
    planes = []
    for r in range(4):
        terms = [
            _correlate(x[:, :, s], weight[:, :, (s - r) % 4], r, stride, padding) for s in range(4)
        ]
        planes.append(torch.stack(terms).sum(0))
    return _with_bias(torch.stack(planes, dim=2), bias)


def p4_conv_z2(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    """``y[o, r](x) = b[o] + sum_{i, d} w[o, i](Q^-r d) f[i](x + d)``.

    Args:
        x: planes ``(batch, in, row, column)``.
        weight: filters ``(out, in, k, k)``.
        bias: one number per output channel ``(out,)``.
        stride: pixels between windows.
        padding: zeros added on each side.

    Returns:
        Feature ``(batch, out, rotation, row, column)``.
    """
    planes = [_correlate(x, weight, r, stride, padding) for r in range(4)]
    return _with_bias(torch.stack(planes, dim=2), bias)


def _correlate(x: Tensor, weight: Tensor, turns: int, stride: int, padding: int) -> Tensor:
    """Planes ``(batch, in, row, column)`` with a turned filter ``(out, in, k, k)``, tap by tap."""
    kernel = weight.shape[-1]
    padded = F.pad(x, (padding,) * 4)
    rows, columns = ((n - kernel) // stride + 1 for n in padded.shape[-2:])
    output = x.new_zeros(x.shape[0], weight.shape[0], rows, columns)
    for row in range(kernel):
        for column in range(kernel):
            top, left = turned_tap(row, column, kernel, turns)
            bottom, right = top + (rows - 1) * stride + 1, left + (columns - 1) * stride + 1
            seen = padded[:, :, top:bottom:stride, left:right:stride]
            output = output + torch.einsum("oi,bihw->bohw", weight[:, :, row, column], seen)
    return output


def _with_bias(y: Tensor, bias: Tensor | None) -> Tensor:
    return y if bias is None else y + bias[:, None, None, None]  # (out, rotation, row, column)
