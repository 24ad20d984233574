"""The convolutions of p4 and p4m tap by tap, the subsampling picture by picture: slow, readable.

They are the truth that the fast ones are tested against. Nothing is moved here but the place of one
tap at a time, nothing is summed but by the loops, and which element is the product of two is read
off what they do to a tap.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

Element = tuple[int, bool]
"""Quarter turns, and whether the columns are reflected before them."""

P4_ELEMENTS: list[Element] = [(turns, False) for turns in range(4)]
P4M_ELEMENTS: list[Element] = P4_ELEMENTS + [(turns, True) for turns in range(4)]


def moved_tap(row: int, column: int, kernel: int, element: Element) -> tuple[int, int]:
    """Where the tap (row, column) of a filter lies once the filter has been moved.

    A reflection takes the end of a row to its start: ``(row, column) -> (row, k-1-column)``. Then
    each turn takes the end of the first row to its start: ``(row, column) -> (k-1-column, row)``.
    """
    turns, flip = element
    if flip:
        column = kernel - 1 - column
    for _ in range(turns):
        row, column = kernel - 1 - column, row
    return row, column


def quotient(g: Element, s: Element) -> Element:
    """The element ``g^-1 s``: the one that g has to follow to do what s does.

    No two elements take the tap (0, 1) of a 4x4 filter to the same place.
    """
    for h in P4M_ELEMENTS:
        if moved_tap(*moved_tap(0, 1, 4, h), 4, g) == moved_tap(0, 1, 4, s):
            return h
    raise AssertionError("the elements of p4m form a group")


def conv_on_group(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    """``y[o, g](x) = b[o] + sum_{i, s, d} w[o, i, g^-1 s](g^-1 d) f[i, s](x + d)``.

    Args:
        x: feature ``(batch, in, element, row, column)``, of four elements or of eight.
        weight: filters ``(out, in, element, k, k)``.
        bias: one number per output channel ``(out,)``.
        stride: pixels between windows.
        padding: zeros added on each side.

    Returns:
        Feature ``(batch, out, element, row, column)``.
    """
    elements = P4M_ELEMENTS[: weight.shape[2]]
    planes = []
    for g in elements:
        terms = [
            _correlate(x[:, :, i], weight[:, :, elements.index(quotient(g, s))], g, stride, padding)
            for i, s in enumerate(elements)
        ]
        planes.append(torch.stack(terms).sum(0))
    return _with_bias(torch.stack(planes, dim=2), bias)


def lifting_conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    *,
    elements: list[Element],
) -> Tensor:
    """``y[o, g](x) = b[o] + sum_{i, d} w[o, i](g^-1 d) f[i](x + d)``.

    Args:
        x: planes ``(batch, in, row, column)``.
        weight: filters ``(out, in, k, k)``.
        bias: one number per output channel ``(out,)``.
        stride: pixels between windows.
        padding: zeros added on each side.
        elements: of the group.

    Returns:
        Feature ``(batch, out, element, row, column)``.
    """
    planes = [_correlate(x, weight, g, stride, padding) for g in elements]
    return _with_bias(torch.stack(planes, dim=2), bias)


def _correlate(x: Tensor, weight: Tensor, element: Element, stride: int, padding: int) -> Tensor:
    """Planes ``(batch, in, row, column)`` with a moved filter ``(out, in, k, k)``, tap by tap."""
    kernel = weight.shape[-1]
    padded = F.pad(x, (padding,) * 4)
    rows, columns = ((n - kernel) // stride + 1 for n in padded.shape[-2:])
    output = x.new_zeros(x.shape[0], weight.shape[0], rows, columns)
    for row in range(kernel):
        for column in range(kernel):
            top, left = moved_tap(row, column, kernel, element)
            bottom, right = top + (rows - 1) * stride + 1, left + (columns - 1) * stride + 1
            seen = padded[:, :, top:bottom:stride, left:right:stride]
            output = output + torch.einsum("oi,bihw->bohw", weight[:, :, row, column], seen)
    return output


def _with_bias(y: Tensor, bias: Tensor | None) -> Tensor:
    return y if bias is None else y + bias[:, None, None, None]  # (out, element, row, column)


def subsample(dense: Tensor, strength: Tensor, factor: int) -> Tensor:
    """The pixels of the coset in which the strength is highest, 0 where the plane has none.

    Args:
        dense: planes ``(batch, ..., row, column)``.
        strength: what chooses ``(batch, row, column)``, highest at one place of each picture.
        factor: pixels from one that is kept to the next.

    Returns:
        Planes ``(batch, ..., row, column)`` of ``ceil(dense / factor)`` rows and columns.
    """
    size = dense.shape[-1]
    kept = -(-size // factor)
    output = dense.new_zeros(*dense.shape[:-2], kept, kept)
    for picture in range(len(dense)):
        place = strength[picture]
        row, column = divmod(int(place.argmax()), size)
        top = _start(row, place.sum(1).tolist(), kept, factor)
        left = _start(column, place.sum(0).tolist(), kept, factor)
        for i in range(kept):
            for j in range(kept):
                y, x = top + factor * i, left + factor * j
                if 0 <= y < size and 0 <= x < size:
                    output[picture, ..., i, j] = dense[picture, ..., y, x]
    return output


def _start(chosen: int, strength: list[float], kept: int, factor: int) -> int:
    """The row from which `kept` ones reach through `chosen`, their middle nearest to the plane's.

    Of two that are as near it is the one on the side of `chosen`; if that is in the middle, on the
    side that has the larger moment of the `strength` of the rows.
    """
    size = len(strength)
    starts = [i for i in range(-factor, size + factor) if (i - chosen) % factor == 0]
    twice = {i: 2 * i + factor * (kept - 1) - (size - 1) for i in starts}  # off the middle, doubled
    nearest = min(abs(off) for off in twice.values())
    moment = sum((2 * i - (size - 1)) * weight for i, weight in enumerate(strength))
    side = 2 * chosen - (size - 1) or moment
    return max((i for i in starts if abs(twice[i]) == nearest), key=lambda i: twice[i] * side)
