"""Which coefficients a gauge convolution has: one path from every order to every other."""

from __future__ import annotations

from dataclasses import dataclass

from gaugecnn.errors import UserError
from gaugecnn.methods.gauge.stage import KernelSpec
from gaugecnn.methods.gauge.types import GaugeType


@dataclass(frozen=True)
class Path:
    """One complex coefficient per channel pair, from order n to order m.

    Attributes:
        order_in: n.
        order_out: m.
        frequency: s of the aggregate that it reads; None for the self-interaction.
        profile: k.
        conjugate: read the conjugate of the aggregate (the K' term).
        real: the coefficient is real (from order 0 to order 0).
    """

    order_in: int
    order_out: int
    frequency: int | None
    profile: int = 0
    conjugate: bool = False

    @property
    def real(self) -> bool:
        return self.order_in == 0 and self.order_out == 0


def aggregates(order: int, paths: list[Path]) -> list[tuple[int, int]]:
    """The (frequency, profile) that the paths read from an order, sorted."""
    return sorted(
        {(p.frequency, p.profile) for p in paths if p.order_in == order and p.frequency is not None}
    )


def paths_between(type_in: GaugeType, type_out: GaugeType, kernel: KernelSpec) -> list[Path]:
    """Every coefficient that the equation allows and the stencils resolve."""
    paths = []
    for m in type_out.orders:
        for n in type_in.orders:
            for k in range(kernel.profiles):
                if abs(m - n) <= kernel.max_frequency:
                    paths.append(Path(n, m, m - n, k))
                # For n = 0 the conjugate repeats K; for m = 0 it repeats it in the real part.
                if n > 0 and m > 0 and m + n <= kernel.max_frequency:
                    paths.append(Path(n, m, -(m + n), k, conjugate=True))
        if m in type_in.orders:
            paths.append(Path(m, m, None))
    return paths


def check_reached(
    paths: list[Path], type_in: GaugeType, type_out: GaugeType, kernel: KernelSpec
) -> None:
    """Refuse an output of which an order has no path: its channels would be 0, whatever is learned.

    Of an order that has paths all channels have them, so that nothing is lost by refusing.

    Raises:
        UserError: see above.
    """
    reached = {path.order_out for path in paths}
    for m in type_out.orders:
        if m not in reached:
            needed = min(abs(m - n) for n in type_in.orders)
            raise UserError(
                f"order {m} of the output cannot be reached: from orders {type_in.orders} it takes "
                f"frequency {needed}, and the kernel has max_frequency={kernel.max_frequency}; "
                "lower the order (max_order in a stage) or raise max_frequency"
            )
