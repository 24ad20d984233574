"""Which poses can be asked for, known without any data or domain."""

from __future__ import annotations

from gaugecnn.choices import ChartKind, PoseDistribution
from gaugecnn.errors import UserError


def check_poses(
    rotation: PoseDistribution, mean: float | None, spread: float | None, chart: ChartKind | None
) -> None:
    """Refuse poses that there are not.

    Args:
        rotation: ``data.rotation``.
        mean: ``data.angle_mean`` in degrees.
        spread: ``data.angle_spread`` in degrees.
        chart: ``domain.chart``.

    Raises:
        UserError: a key, what it expects and what it was given.
    """
    if rotation is PoseDistribution.so3 and chart is ChartKind.plane:
        raise UserError(
            "data.rotation=so3: expected none or z on domain.chart=plane, which turns in itself"
        )
    given = {"angle_mean": mean, "angle_spread": spread}
    for key, value in given.items():
        if value is None:
            continue
        if rotation is not PoseDistribution.z:
            raise UserError(f"data.{key}={value:g} is of data.rotation=z, got {rotation}")
        if key == "angle_spread" and value < 0:
            raise UserError(f"data.{key}: expected degrees >= 0, got {value:g}")
    for key, other in (("angle_mean", "angle_spread"), ("angle_spread", "angle_mean")):
        if given[key] is not None and given[other] is None:
            raise UserError(f"data.{key} needs data.{other}, in degrees")
