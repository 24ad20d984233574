"""The errors themselves, each against what the outputs of different inputs differ by."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gaugecnn.audit.frames import reframed
from gaugecnn.audit.invariants import InvariantsOf
from gaugecnn.audit.layers import INVARIANT, Part, moved, output, output_type, watching
from gaugecnn.audit.lie import lie_derivative
from gaugecnn.audit.symmetries import Kind
from gaugecnn.networks import Network
from gaugecnn.surfaces.symmetry import AnyRotation, FrameChange, Symmetry

FLAT = 1e-3
"""Where outputs differ by less than this share of their norm, the share is what errors are against:
the rounding of a constant is no error."""


@dataclass
class Found:
    """Relative errors by kind of symmetry and layer.

    Attributes:
        order: the layers as they were first called.
        own: of each layer by itself, of ``""`` the whole network.
        gathered: of the invariants behind each layer.
        refused: why a layer could not be measured by itself.
    """

    order: list[str] = field(default_factory=list)
    own: dict[tuple[str, str], list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    gathered: dict[tuple[str, str], list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[tuple[str, str], str] = field(default_factory=dict)


def scale(outputs: Tensor) -> Tensor:
    """What the outputs of two inputs differ by, root mean square, ``()``; see `FLAT`."""
    flat = outputs.flatten(1)
    centred = flat - flat.mean(0)
    spread = (2 * centred.square().sum() / max(len(flat) - 1, 1)).sqrt()
    return torch.maximum(spread, FLAT * flat.square().sum(1).mean().sqrt())


def relative(after: Tensor, expected: Tensor, outputs: Tensor) -> Tensor:
    """``||after - expected|| / scale(outputs)`` of each input, ``(batch,)``."""
    difference = (after - expected).flatten(1).norm(dim=1)
    against = scale(outputs).clamp_min(torch.finfo(outputs.dtype).tiny)
    errors = torch.where(difference == 0, 0.0, difference / against)
    return errors.nan_to_num(nan=math.inf).double().cpu()


@torch.no_grad()
def measure_own(
    network: Network, parts: list[Part], kinds: Sequence[Kind], signal: Tensor, found: Found
) -> None:
    """Every layer by itself on what reaches it, ``f(g x)`` against ``g f(x)``; all in one pass."""
    asked = [(k, s) for k in kinds for s in k.members if not isinstance(s, AnyRotation)]
    frames: dict[Symmetry, Network] = {
        s: reframed(network, s) for _, s in asked if isinstance(s, FrameChange)
    }

    def seen(part: Part, arguments: tuple[Tensor, ...], result: Tensor) -> None:
        if part.name not in found.order:
            found.order.append(part.name)
        for kind, symmetry in asked:
            key = kind.name, part.name
            if part.takes == (INVARIANT,) and any(name == kind.name for name, _ in found.refused):
                found.refused[key] = "what comes before it is not measured alone"
                continue
            there = frames.get(symmetry)
            layer = part.module if there is None else there.get_submodule(part.name)
            try:
                given = [moved(t, symmetry, x) for t, x in zip(part.takes, arguments, strict=True)]
                expected = moved(part.gives, symmetry, result)
            except ValueError as refusal:
                found.refused[key] = str(refusal)
                continue
            found.own[key].append(relative(layer(*given), expected, result))

    with watching(parts, seen):
        result = output(network, signal)
    for kind, symmetry in asked:
        given = network.family.input_type.transform(symmetry, signal)
        after = output(frames.get(symmetry, network), given)
        expected = moved(output_type(network), symmetry, result)
        found.own[kind.name, ""].append(relative(after, expected, result))


@torch.no_grad()
def measure_gathered(
    network: Network, parts: list[Part], kinds: Sequence[Kind], signal: Tensor, found: Found
) -> None:
    """The invariants behind every layer, of signals that are turned and of those that are not."""
    read = InvariantsOf(network, parts)
    like = next(network.parameters())
    refused = {name for name, _ in found.refused}
    upright = read(signal) if refused else {}
    for kind in kinds:
        if kind.source is not None:
            _of_functions(read, kind, like, found)
        elif kind.name in refused:
            for symmetry in kind.members:
                turned = read(network.family.input_type.transform(symmetry, signal))
                _compare(kind, upright, turned, upright, found)


def _of_functions(read: InvariantsOf, kind: Kind, like: Tensor, found: Found) -> None:
    """Rotations of functions, or the derivatives along them."""
    assert kind.source is not None
    source, step = kind.source, kind.step

    def invariants(signal: Tensor) -> dict[str, Tensor]:
        return read(signal.to(like))

    upright = invariants(source.upright())
    matrices = [s.matrix for s in kind.members if isinstance(s, AnyRotation)]
    found.order += [name for name in upright if name and name not in found.order]
    if step is None:
        for matrix in matrices:
            _compare(kind, upright, invariants(source.turned(matrix)), upright, found)
        return
    still = {name: torch.zeros_like(outputs) for name, outputs in upright.items()}
    for forth, back in zip(matrices[::2], matrices[1::2], strict=True):
        rates = lie_derivative(invariants, source, forth, back, step)
        _compare(kind, still, rates, upright, found)


def _compare(
    kind: Kind,
    expected: dict[str, Tensor],
    after: dict[str, Tensor],
    outputs: dict[str, Tensor],
    found: Found,
) -> None:
    for name in expected:
        error = relative(after[name], expected[name], outputs[name])
        found.gathered[kind.name, name].append(error)
