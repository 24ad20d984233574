"""The audit of a network: what is predicted and what is measured, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gaugecnn.audit.layers import parts_of
from gaugecnn.audit.measure import Found, measure_gathered, measure_own
from gaugecnn.audit.predict import claims_of, gathered, reading_of, together
from gaugecnn.audit.rows import Audit, AuditRow
from gaugecnn.audit.signals import Fixed, RandomFunctions, Signals
from gaugecnn.audit.symmetries import Kind, given_kinds, kinds_of
from gaugecnn.claims import Claim
from gaugecnn.errors import UserError
from gaugecnn.networks import Network
from gaugecnn.surfaces.symmetry import Symmetry

ROUNDING = {torch.float32: 1e-4, torch.float64: 1e-9}
"""Relative errors up to these are rounding."""


def audit_model(
    model: Network,
    symmetries: Sequence[Symmetry] | None = None,
    signals: Tensor | Sequence[Signals] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Audit:
    """How well a network and each of its layers commute with symmetries.

    The error of a layer is ``||f(g x) - g f(x)||``, over the root mean square difference between
    the ``f(x)`` of two inputs; x is what really reaches it. Where a symmetry does not act on the
    grid of a feature, or permutes no grid at all, only the signal is moved, and the invariants
    behind the layer are compared: the error that has gathered up to there. So are the fields that
    a network gives then, a lower bound of their error.

    Args:
        model: the network, as it is; evaluated, in its own precision. Neutral weights hide errors,
            see `randomised`.
        symmetries: which; by default all that make sense on its domain, see `kinds_of`.
        signals: inputs, ``(batch, *shape)`` or `Signals` that can be turned; at least two. By
            default four random functions, and with a tensor those too, for what must be turned.
        tell: is called with what is done next.

    Returns:
        the rows: for each symmetry first the network, then its layers as they are called.

    Raises:
        ValueError: fewer than two inputs, or a symmetry that does not act on the signal.
        UserError: the network's answer is a mean over learned rotations, which no layer makes.
    """
    if model.augmentation is not None:
        raise UserError(
            "an audit looks at layers, and this network answers with a mean over learned "
            "rotations: give one without model.TASK.augmentation"
        )
    tell = tell or (lambda text: None)
    inputs = _inputs(model, signals)
    if symmetries is None:
        kinds = kinds_of(model, inputs)
    else:
        kinds = given_kinds(symmetries, inputs, model.domain)
    parts, like, found = parts_of(model), next(model.parameters()), Found()
    trains = model.training
    model.eval()
    try:
        uprights = [s.upright().to(like) for s in inputs]
        if sum(map(len, uprights)) < 2:
            raise ValueError(f"expected at least 2 inputs, got {sum(map(len, uprights))}")
        upright = torch.cat(uprights)
        tell("every layer by itself")
        measure_own(model, parts, kinds, upright, found)
        for kind in kinds:
            tell(kind.name)
            measure_gathered(model, parts, [kind], upright, found)
    finally:
        model.train(trains)
    reached = {part.name: part for part in parts if part.name in found.order}
    claims = claims_of(model, list(reached.values()), kinds)
    rounding = ROUNDING.get(like.dtype, 1e-2)
    rows = []
    for kind in kinds:
        readings = [reading_of(model, reached[name], kind) for name in found.order]
        bound = rounding if kind.step is None else rounding / kind.step
        own = [claims[kind.name, name] for name in found.order]
        rows += _rows(kind, found, own, readings, bound)
    name = type(model.family).__name__.removesuffix("Family")
    title = f"{name}: {type(model).__name__} on {model.domain.title}, {like.dtype}"
    return Audit(title, rows)


def _inputs(model: Network, signals: Tensor | Sequence[Signals] | None) -> list[Signals]:
    random = RandomFunctions(model.family.input_type)
    if signals is None:
        return [random]
    return [Fixed(signals), random] if isinstance(signals, Tensor) else list(signals)


def _rows(
    kind: Kind, found: Found, claims: Sequence[Claim], readings: Sequence[Claim], bound: float
) -> list[AuditRow]:
    """The rows of one kind of symmetry.

    Args:
        kind: which.
        found: the errors.
        claims: of each layer, in the order of calls.
        readings: of the invariants behind each.
        bound: up to which an error is rounding.
    """
    every, whole = list(zip(found.order, claims, strict=True)), kind.source is not None
    rows = [_row(kind, "", together([*every, ("", readings[-1])]), found, bound, whole)]
    for i, (name, claim) in enumerate(every):
        own = not whole and (kind.name, name) not in found.refused
        told = claim if own else gathered(every[: i + 1], readings[i])
        rows.append(_row(kind, name, told, found, bound, not own))
    return rows


def _row(kind: Kind, name: str, claim: Claim, found: Found, bound: float, so_far: bool) -> AuditRow:
    errors = (found.gathered if so_far else found.own).get((kind.name, name))
    reason = claim.reason
    if so_far and not errors:
        reason = f"{reason}; not measured: its method has no invariants of it"
    values = torch.cat(errors) if errors else torch.tensor([float("nan")])
    mean, maximum = float(values.mean()), float(values.max())
    return AuditRow(kind.name, name, claim.prediction, reason, mean, maximum, bound, so_far)
