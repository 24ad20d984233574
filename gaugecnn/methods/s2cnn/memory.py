"""How much memory a layer takes, known before any of it is taken.

The steps of the transforms hold, per image and channel (`fourier`): the grid, then real waves along
gamma, then complex ones along alpha, then degrees. What lives at once is what a step reads, what it
writes, and the feature that came in; while training, the features of all stages besides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import psutil
import torch

from gaugecnn.errors import UserError
from gaugecnn.layers import FeatureType, SignalType
from gaugecnn.methods.s2cnn.spectral.spectrum import Blocks, orders_below
from gaugecnn.methods.s2cnn.types import GroupType, S2Type, on_group
from gaugecnn.surfaces.lat_lon import LatLonGrid

NUMBER = 4
"""Bytes of a float32, in which features are held."""

Feature = S2Type | GroupType


class OutOfMemoryError(UserError):
    """A feature would not fit on the device; nothing has been allocated."""


@dataclass(frozen=True)
class Steps:
    """Numbers per image and channel in the steps of one transform, the grid first.

    Args:
        feature: the signal at its points.
        cutoff: number of degrees that are taken.
        order: largest order that is taken.
    """

    feature: Feature
    cutoff: int
    order: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """Grid, waves along gamma, waves along alpha, orders, degrees."""
        beta, alpha, gamma = _points(self.feature)
        waves = 2 * self.order + 1
        spectrum = 2 * self.cutoff * waves  # (m, n, re/im)
        grid = beta * alpha * gamma
        return grid, beta * alpha * waves, spectrum * beta, spectrum * beta, spectrum * self.cutoff

    @property
    def peak(self) -> int:
        """The most that two neighbouring steps hold."""
        return max(before + after for before, after in pairwise(self.sizes))


def measured(type_: FeatureType) -> Feature:
    """A type by which memory is counted: a signal is one on the grid of its domain.

    Raises:
        TypeError: it lives neither there nor on SO(3).
    """
    if isinstance(type_, SignalType) and isinstance(type_.domain, LatLonGrid):
        return S2Type(type_.channels, type_.domain.bandwidth)
    return on_group(type_)


def layer_bytes(type_in: Feature, type_out: Feature, batch: int) -> int:
    """The peak of one convolution and its nonlinearity, what comes in included.

    Args:
        type_in: the feature that comes in.
        type_out: the feature that goes out.
        batch: images at once.
    """
    cutoff = min(type_in.bandwidth, type_out.bandwidth)
    first = Steps(type_in, cutoff, min(_order(type_in), cutoff - 1))
    second = Steps(type_out, cutoff, min(_order(type_out), cutoff - 1))
    incoming, outgoing = type_in.channels * first.sizes[0], type_out.channels * second.sizes[0]
    spectra = type_in.channels * first.sizes[-1] + type_out.channels * second.sizes[-1]
    moments = (
        type_in.channels * first.peak,
        type_in.channels * first.sizes[-1] + spectra,  # in blocks and whole
        type_out.channels * second.sizes[-1] + spectra,
        type_out.channels * second.peak,
        3 * outgoing,  # before and after the nonlinearity, and its square
    )
    return NUMBER * batch * (incoming + max(moments))


def spectra_bytes(type_in: Feature, type_out: Feature, batch: int) -> int:
    """The spectra of what comes in and of what goes out."""
    cutoff = min(type_in.bandwidth, type_out.bandwidth)
    sizes = [
        t.channels * Steps(t, cutoff, min(_order(t), cutoff - 1)).sizes[-1]
        for t in (type_in, type_out)
    ]
    return NUMBER * batch * sum(sizes)


def kernel_bytes(type_in: Feature, type_out: Feature) -> int:
    """The spectrum of a kernel, ``(degree, K, in, N, out)``, in the blocks of a product."""
    cutoff = min(type_in.bandwidth, type_out.bandwidth)
    pairs = 0
    for degrees in Blocks(cutoff).degrees:
        k, n = (orders_below(degrees.stop, 2 * _order(t) + 1) for t in (type_in, type_out))
        pairs += len(degrees) * k * n
    return NUMBER * type_in.channels * type_out.channels * pairs


def table_bytes(type_in: Feature, type_out: Feature) -> int:
    """The small d functions of both transforms."""
    cutoff = min(type_in.bandwidth, type_out.bandwidth)
    total = 0
    for feature in (type_in, type_out):
        waves = 2 * min(_order(feature), cutoff - 1) + 1
        total += cutoff * waves * cutoff * _points(feature)[0]
    return NUMBER * total


def network_bytes(types: Sequence[Feature], batch: int, keeps: bool) -> tuple[int, int]:
    """The peak of a network, and the layer in which it is reached.

    Args:
        types: the feature before the first layer and behind each one.
        batch: images at once.
        keeps: whether features and spectra of all stages are kept, for a gradient or for skips.
    """
    layers = list(pairwise(types))
    peaks = [layer_bytes(before, after, batch) for before, after in layers]
    worst = max(range(len(peaks)), key=peaks.__getitem__)
    kept = sum(kernel_bytes(before, after) for before, after in layers)
    if keeps:
        kept += NUMBER * batch * sum(math.prod(type_.shape) for type_ in types[1:])
        kept += sum(spectra_bytes(before, after, batch) for before, after in layers)
    return peaks[worst] + kept, worst


def check_memory(types: Sequence[Feature], batch: int, keeps: bool, device: torch.device) -> None:
    """Refuse a batch that the device cannot hold.

    Raises:
        OutOfMemoryError: which stage, how much, and what would bring it under.
    """
    available = available_bytes(device)
    needed, worst = network_bytes(types, batch, keeps)
    if needed > available:
        raise OutOfMemoryError(
            f"a batch of {batch} would take {_gigabytes(needed)}, the device {device} has "
            f"{_gigabytes(available)} left; most of it in stage {worst} ({types[worst]} -> "
            f"{types[worst + 1]}). {_ways(types, worst, batch, keeps, available)}"
        )


def check_tables(type_in: Feature, type_out: Feature) -> None:
    """Refuse a layer whose tables alone do not fit, before they are computed.

    Raises:
        OutOfMemoryError: which layer, how much, and what would bring it under.
    """
    needed = 4 * table_bytes(type_in, type_out)  # in float64 and in copies while they are built
    available = available_bytes(torch.device("cpu"))
    if needed > available:
        raise OutOfMemoryError(
            f"the tables of {type_in} -> {type_out} would take {_gigabytes(needed)} while they are "
            f"built, {_gigabytes(available)} are left: choose a smaller bandwidth, max_order or "
            "sampling"
        )


def available_bytes(device: torch.device) -> int:
    """What is left on a device."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        pooled = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + pooled)
    return int(psutil.virtual_memory().available)


def _ways(types: Sequence[Feature], worst: int, batch: int, keeps: bool, available: int) -> str:
    """What would fit, each change alone and as large as it may be."""

    def fits(changed: Sequence[Feature], images: int) -> bool:
        return network_bytes(changed, images, keeps)[0] <= available

    found = {"batch": _largest(1, batch - 1, lambda images: fits(types, images))}
    place = worst + 1 if isinstance(types[worst + 1], GroupType) else worst
    stage = types[place]
    if isinstance(stage, GroupType):
        top, grid = stage.bandwidth, stage.sampling

        def with_stage(**changes: Any) -> bool:
            return fits([*types[:place], replace(stage, **changes), *types[place + 1 :]], batch)

        def with_bandwidth(bandwidth: int) -> bool:
            return with_stage(bandwidth=bandwidth, sampling=math.ceil(grid * bandwidth / top))

        found["bandwidth"] = _largest(1, top - 1, with_bandwidth)
        found["max_order"] = _largest(0, stage.order - 1, lambda n: with_stage(max_order=n))
        found["sampling"] = _largest(top, grid - 1, lambda points: with_stage(sampling=points))
        if found["sampling"] is not None:
            found["sampling"] /= top  # type: ignore[assignment]
    ways = [f"{key}={value:.4g}" for key, value in found.items() if value is not None]
    if not ways:
        return "No one of batch, bandwidth, max_order and sampling would do alone: reduce several"
    return f"Any one of these would bring it under, in that stage: {', '.join(ways)}"


def _largest(low: int, high: int, fits: Callable[[int], bool]) -> int | None:
    """The largest value of a range that fits, by halving it; None when none does."""
    if high < low or not fits(low):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _points(type_: Feature) -> tuple[int, int, int]:
    """Points along beta, alpha and gamma; on the sphere one gamma."""
    _, beta, alpha, gamma = (*type_.shape, 1)[:4]
    return beta, alpha, gamma


def _order(type_: Feature) -> int:
    return type_.order if isinstance(type_, GroupType) else 0


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.3g} GB"
