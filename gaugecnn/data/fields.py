"""Fields: functions that live on a surface already, with their targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import torch
from torch import Tensor

from gaugecnn.data.arrays import as_tensor
from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import Domain


class Layout(StrEnum):
    """Where the numbers of a field stand."""

    points = "points"
    equirectangular = "equirectangular"


@dataclass(frozen=True, eq=False)
class Fields:
    """Functions on a surface, and what is asked of them: what ``data.name=path.to:callable`` gives.

    With ``layout="points"`` values are at the points of the domain, ``(sample, channel,
    *domain.shape)``, on a mesh at the vertices of its file. With ``layout="equirectangular"`` they
    are maps of the sphere of any size, ``(sample, channel, row, column)``, north up: row j of R
    lies at colatitude ``pi (2j + 1) / 2R`` and column k of C at azimuth ``2 pi k / C``.

    The targets decide the task: integers ``(sample,)`` classify; integers in the layout's own axes
    segment, -1 being ignored; floats ``(sample, output)`` regress, and floats ``(sample, output,
    *axes)`` regress fields, of tangent vectors in space with an axis xyz, ``(sample, output, 3,
    *axes)``. A float target that is NaN is ignored.

    Args:
        values: the functions, as an array or a tensor; None where ``data.input`` says what is read.
        targets: what is asked.
        layout: ``points`` or ``equirectangular``.
    """

    values: object
    targets: object
    layout: Layout | str = Layout.points


class Target(StrEnum):
    """What the targets are."""

    labels = "labels"
    masks = "masks"
    numbers = "numbers"
    fields = "fields"
    vectors = "vectors"


TASK_OF = {
    Target.labels: "classification",
    Target.masks: "segmentation",
    Target.numbers: "regression",
    Target.fields: "field_regression",
    Target.vectors: "field_regression",
}


@dataclass(frozen=True, eq=False)
class FieldHalf:
    """Fields that are known to be what they should.

    Args:
        values: ``(sample, channel, *axes)``, float32, finite.
        targets: int64, or float32 with NaN where there is none.
        kind: what the targets are.
        layout: where the values stand; its axes are those of the domain, or (row, column).
    """

    values: Tensor
    targets: Tensor
    kind: Target
    layout: Layout

    def __len__(self) -> int:
        return len(self.targets)

    def subset(self, index: Tensor) -> FieldHalf:
        """The samples of these indices ``(sample,)``."""
        return replace(self, values=self.values[index], targets=self.targets[index])

    @property
    def classes(self) -> int:
        """How many classes the targets name."""
        return int(self.targets.max()) + 1

    @property
    def outputs(self) -> int:
        """Classes, or numbers."""
        return self.targets.shape[1] if self.targets.is_floating_point() else self.classes


def checked(fields: Fields, domain: Domain, what: str) -> FieldHalf:
    """Fields as tensors of the shapes and types that they should have.

    Args:
        fields: as the user gave them.
        domain: where they live.
        what: where they come from, for messages.

    Raises:
        UserError: what was expected, and what came.
    """
    if fields.layout not in list(Layout):
        raise UserError(
            f"{what}: expected layout to be one of {', '.join(Layout)}, got {fields.layout!r}"
        )
    layout = Layout(fields.layout)
    targets = as_tensor(fields.targets, f"{what}: targets")
    if targets.ndim == 0 or len(targets) == 0:
        raise UserError(f"{what}: expected targets of at least one sample, got none")
    values = _values(fields, len(targets), domain, layout, what)
    axes = tuple(values.shape[2:])
    values, targets = (_on_points(x, axes, domain, layout) for x in (values, targets))
    kind = _kind(targets, values, what)
    return FieldHalf(values, _target(targets, kind, domain, what), kind, layout)


def _values(fields: Fields, count: int, domain: Domain, layout: Layout, what: str) -> Tensor:
    """Values ``(sample, channel, *axes)``, float32; none of them where none are given."""
    if fields.values is None:
        shape = domain.shape
        if layout is Layout.equirectangular:
            raise UserError(f"{what}: expected maps in layout={layout}, got values=None")
        return torch.zeros(count, 0, *shape)
    values = as_tensor(fields.values, f"{what}: values").float()
    rank = 4 if layout is Layout.equirectangular else 2 + len(domain.shape)
    allowed = [domain.shape, *([(domain.given,)] if domain.given else [])]
    fits = layout is Layout.equirectangular or tuple(values.shape[2:]) in allowed
    if values.ndim != rank or not fits or 0 in values.shape:
        axes = "row, column" if rank == 4 and layout is not Layout.points else domain.shape
        raise UserError(
            f"{what}: expected values (sample, channel, {axes}) in layout={layout} on "
            f"{domain.title}, got shape {tuple(values.shape)}"
        )
    if len(values) != count:
        raise UserError(f"{what}: expected a target for each of {len(values)} samples, got {count}")
    if not bool(values.isfinite().all()):
        bad = int((~values.isfinite()).sum())
        raise UserError(f"{what}: expected finite values, got {bad} that are not")
    return values


def _on_points(numbers: Tensor, axes: tuple[int, ...], domain: Domain, layout: Layout) -> Tensor:
    """Numbers per vertex of a file at the vertices that are kept of it."""
    per_vertex = layout is Layout.points and domain.given and axes == (domain.given,)
    if not per_vertex or numbers.ndim < 2 or numbers.shape[-1] != domain.given:
        return numbers
    return numbers[..., domain.kept]


def _kind(targets: Tensor, values: Tensor, what: str) -> Target:
    """What targets of that type and shape are."""
    axes, shape = tuple(values.shape[2:]), tuple(targets.shape)
    if targets.is_floating_point():
        shapes = {
            Target.numbers: len(shape) == 2 and shape[1:] != axes,
            Target.fields: len(shape) == 2 + len(axes) and shape[2:] == axes,
            Target.vectors: len(shape) == 3 + len(axes) and shape[2:] == (3, *axes),
        }
    else:
        integers = targets.dtype != torch.bool
        shapes = {
            Target.labels: integers and len(shape) == 1,
            Target.masks: integers and shape[1:] == axes,
        }
    for kind, fits in shapes.items():
        if fits and 0 not in shape:
            return kind
    where = ", ".join(map(str, axes))
    raise UserError(
        f"{what}: expected integer targets (sample,) or (sample, {where}), or float targets "
        f"(sample, output), (sample, output, {where}) or vectors (sample, output, 3, {where}); got "
        f"{str(targets.dtype).removeprefix('torch.')} of shape {shape}"
    )


def _target(targets: Tensor, kind: Target, domain: Domain, what: str) -> Tensor:
    if targets.is_floating_point():
        if bool(targets.isinf().any()):
            raise UserError(f"{what}: expected finite targets, or NaN where there is none")
        return targets.float()
    targets = targets.to(torch.int64)
    least = -1 if kind is Target.masks else 0
    if int(targets.min()) < least or int(targets.max()) < 0:
        raise UserError(
            f"{what}: expected targets from {least} on, and a class among them, got "
            f"{int(targets.min())} to {int(targets.max())}"
        )
    return targets
