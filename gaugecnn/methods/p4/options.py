"""P4Options: which group, and how its networks lose resolution; known without the layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gaugecnn.choices import ChartKind
from gaugecnn.domain_options import DomainSection
from gaugecnn.errors import UserError
from gaugecnn.methods.p4.stage import P4Stage
from gaugecnn.plans import FieldPlan, Options, Plan, Stage


class GroupName(StrEnum):
    """Under what the filters are copied: ``model.group``."""

    p4 = "p4"
    p4m = "p4m"


class Subsampling(StrEnum):
    """Which pixels a pool or a stride keeps: ``model.subsampling``."""

    stride = "stride"
    equivariant = "equivariant"


@dataclass(frozen=True, kw_only=True)
class P4Options(Options):
    """The options of p4.

    Args:
        group: ``p4``, quarter turns and shifts; or ``p4m``, reflections too.
        subsampling: ``stride`` keeps every n-th pixel from the first one on, and is exact where
            none is left unread; ``equivariant`` keeps those that the input chooses, and is exact at
            every size (Xu, Kim, Rainforth & Teh 2021).
    """

    group: GroupName = GroupName.p4
    subsampling: Subsampling = Subsampling.stride

    def check_domain(self, domain: DomainSection) -> None:
        if domain.chart is ChartKind.equirectangular:
            raise UserError(
                "domain.chart=equirectangular: p4 turns domain.chart=azimuthal or plane by quarters"
            )
        if domain.kind == "cubed_sphere":
            self.check_cubed_sphere()

    def check_cubed_sphere(self) -> None:
        """Refuse what six charts glued by quarter turns do not have.

        Raises:
            UserError: reflections, or another subsampling than by strides.
        """
        if self.group is not GroupName.p4:
            raise UserError(
                f"model.group={self.group}: the charts of domain.kind=cubed_sphere are glued by "
                f"rotations alone, model.group=p4"
            )
        if self.subsampling is not Subsampling.stride:
            raise UserError(
                f"model.subsampling={self.subsampling}: plans that would break the rotations of "
                f"domain.kind=cubed_sphere are refused, so that model.subsampling=stride is exact"
            )

    def reasons(self, plan: Plan, domain: DomainSection) -> list[str] | None:
        size = domain.size
        if domain.chart not in (ChartKind.azimuthal, ChartKind.plane) or size is None:
            return None
        stages = [*plan.stages, plan.project] if isinstance(plan, FieldPlan) else [*plan.stages]
        try:
            found, reached = self.trace(stages, size)
        except UserError as error:
            return [str(error)]
        if isinstance(plan, FieldPlan) and reached != size:
            found.append(f"the plan leads from {size} rows to {reached}, and not back")
        return found

    def is_exact(self, stages: Sequence[Stage], size: int) -> bool:
        """Whether stages fit on a plane of `size` rows, and leave no pixel unread."""
        try:
            return not self.trace(stages, size)[0]
        except UserError:
            return False

    def trace(self, stages: Sequence[Stage], size: int) -> tuple[list[str], int]:
        """Why stages are not exact on a plane of `size` rows, and the rows that they lead to.

        Raises:
            UserError: a plane is too small for its stage.
        """
        found: list[str] = []
        for stage in stages:
            assert isinstance(stage, P4Stage)
            if self.subsampling is Subsampling.stride:
                found += stage.reasons(size)
            size = stage.output_size(size)
        return found, size
