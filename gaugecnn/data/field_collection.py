"""Functions that live on a surface already, as a data set."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from gaugecnn.data.collection import Collection, Condition, Half
from gaugecnn.data.description import Description, moments
from gaugecnn.data.field_rendering import FieldRenderer, RawFields
from gaugecnn.data.fields import TASK_OF, FieldHalf, Fields, Layout, Target, checked
from gaugecnn.data.input_names import Input
from gaugecnn.data.inputs import surface_inputs
from gaugecnn.data.poses import PosedDataset, Poses
from gaugecnn.data.resampling import map_areas
from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import Domain, PoseDistribution, SphereDomain
from gaugecnn.surfaces.mesh_domain import MeshDomain

FRAMED = {f"frames/{frames}": f"domain.frames={frames}" for frames in ("aligned", "random")}
"""The two tests of fields on meshes that are no spheres: the same fields in other frames."""


class FieldDataset(PosedDataset[RawFields]):
    """Fields, on spheres in poses.

    Args:
        fields: the fields.
        domain: whose poses are drawn.
        poses: which ones.
    """

    def __init__(self, fields: FieldHalf, domain: Domain, poses: Poses) -> None:
        super().__init__(len(fields), domain, poses)
        self.fields = fields

    @property
    def turned(self) -> bool:
        """Whether there are poses at all."""
        return self.poses.rotation is not PoseDistribution.none

    def draw(self, epoch: int) -> Tensor:
        return super().draw(epoch) if self.turned else torch.empty(len(self), 0)

    def read(self, sample: Tensor, poses: Tensor) -> RawFields:
        values, targets = self.fields.values[sample], self.fields.targets[sample]
        return RawFields(values, targets, poses if self.turned else None)


class FieldCollection(Collection):
    """Functions on a domain with their targets.

    Args:
        domain: where they are read.
        train: those to train on.
        test: those to test on.
        name: where they come from.
        inputs: what a network reads of them, and of the surface.
        standardise: whether signals are brought to mean 0 and deviation 1; None for yes.
        description: of the data that a network was trained on, whose units are kept; None for
            those of `train`.

    Raises:
        UserError: the halves differ in what they hold, or the surface has none of the inputs.
    """

    train: FieldHalf
    test: FieldHalf

    def __init__(
        self,
        domain: Domain,
        train: Fields,
        test: Fields,
        name: str,
        inputs: tuple[Input, ...] = (Input.values,),
        standardise: bool | None = None,
        description: Description | None = None,
    ) -> None:
        self.domain = domain
        maps = Layout.equirectangular in (train.layout, test.layout)
        if maps and not isinstance(domain, SphereDomain):
            raise UserError(f"data.name={name}: maps are of the sphere, got {domain.title}")
        reads = Input.values in inputs
        halves = [
            checked(half if reads else Fields(None, half.targets, half.layout), domain, what)
            for half, what in (
                (train, f"data.name={name}, train"),
                (test, f"data.name={name}, test"),
            )
        ]
        if reads and 0 in (half.values.shape[1] for half in halves):
            raise UserError(
                f"data.name={name}: values=None leaves nothing to read: set data.input to some of "
                f"{', '.join(i for i in Input if i is not Input.values)}"
            )
        self.train, self.test = halves
        _check_alike(self.train, self.test, name)
        self.surface = surface_inputs(domain, inputs)
        found = self._description(standardise is not False, "+".join(inputs))
        self.description = found if description is None else found.in_units_of(description)

    def _description(self, standardise: bool, inputs: str) -> Description:
        train, kind = self.train, self.train.kind
        mean, deviation = self._moments(train.values) if standardise else ((), ())
        target_mean: tuple[float, ...] = ()
        target_deviation: tuple[float, ...] = ()
        if kind is Target.numbers:
            target_mean, target_deviation = moments(train.targets.T)
        elif kind is Target.fields:
            target_mean, target_deviation = self._moments(train.targets)
        elif kind is Target.vectors:
            length = train.targets.square().sum(2)
            squares, _ = self._moments(length)
            target_mean = (0.0,) * train.outputs
            target_deviation = tuple(max(s, 1e-24) ** 0.5 for s in squares)
        return Description(
            channels=train.values.shape[1] + len(self.surface.scalars),
            vectors=len(self.surface.vectors) // 3,
            outputs={TASK_OF[kind]: train.outputs},
            background=False,
            tangent=kind is Target.vectors,
            layout=train.layout.value,
            inputs=inputs,
            mean=mean,
            deviation=deviation,
            target_mean=target_mean,
            target_deviation=target_deviation,
        )

    def _moments(self, fields: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and deviation of each channel of ``(sample, channel, *axes)``, by area."""
        areas = self._areas
        weights = areas.flatten().expand(len(fields), -1).flatten()  # (sample point,)
        return moments(fields.transpose(0, 1).flatten(1), weights[None])

    @property
    def _areas(self) -> Tensor:
        """Of the places where the values stand, ``(*axes)``."""
        if self.train.layout is Layout.equirectangular:
            rows, columns = self.train.values.shape[-2:]
            return map_areas((rows, columns))
        return self.domain.areas.cpu().view(self.domain.shape)

    @property
    def has_poses(self) -> bool:
        return isinstance(self.domain, SphereDomain)

    @property
    def conditions(self) -> Mapping[str, Condition]:
        if self.has_poses:
            return super().conditions
        if not isinstance(self.domain, MeshDomain):
            return {"unrotated": Condition(PoseDistribution.none)}
        return {name: Condition(PoseDistribution.none, (word,)) for name, word in FRAMED.items()}

    def dataset(self, half: Half, poses: Poses, seed: tuple[int, ...]) -> FieldDataset:
        assert isinstance(half, FieldHalf)
        return FieldDataset(half, self.domain, poses)

    def renderer(self) -> FieldRenderer:
        return FieldRenderer(self.domain, self.train, self.description, self.surface)

    def frequencies(self, half: Half) -> Tensor | None:
        assert isinstance(half, FieldHalf)
        if half.kind is Target.labels:
            return torch.bincount(half.targets, minlength=self.train.classes) / len(half)
        if half.kind is not Target.masks:
            return None
        weights = self._areas.expand(half.targets.shape) * (half.targets >= 0)
        met = torch.bincount(
            half.targets.clamp_min(0).flatten(), weights.flatten(), self.train.classes
        )
        return met / met.sum().clamp_min(1e-300)


def _check_alike(train: FieldHalf, test: FieldHalf, name: str) -> None:
    """Refuse halves of which a network could not read both.

    Raises:
        UserError: what differs.
    """
    shapes = tuple(train.values.shape[1:]), tuple(test.values.shape[1:])
    alike: dict[str, tuple[object, object]] = {
        "targets": (train.kind, test.kind),
        "layout": (train.layout, test.layout),
        "shape (channel, *axes) of values": shapes,
    }
    if train.targets.is_floating_point() and test.targets.is_floating_point():
        alike["outputs"] = train.outputs, test.outputs
    for what, (expected, found) in alike.items():
        if expected != found:
            raise UserError(
                f"data.name={name}: expected the same {what} in the test half as in that to train "
                f"on, {expected}, got {found}"
            )
    if not test.targets.is_floating_point() and test.classes > train.classes:
        raise UserError(
            f"data.name={name}: the test targets name class {test.classes - 1}, those to train on "
            f"only {train.classes} classes"
        )
