"""Which keys of `domain` each kind of domain takes, and in which range.

The domains themselves check by these functions, and a configuration does before there is one.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from pathlib import Path

from gaugecnn.choices import ChartKind, FrameChoice, Repair
from gaugecnn.errors import OptionError

MAX_LEVEL = 7


@dataclass
class DomainSection:
    """Where the function is sampled: a kind, and the keys of all kinds, of which each has its own.

    Keys of kinds that other packages bring are added by `gaugecnn.domain_registry`.
    """

    kind: str = "icosphere"
    level: int | None = None
    bandwidth: int | None = None
    chart: ChartKind | None = None
    size: int | None = None
    file: str | None = None
    repair: Repair | None = None
    frames: FrameChoice | None = None
    frame_seed: int | None = None


@dataclass(frozen=True)
class DomainOptions:
    """The keys ``domain.KEY`` of one kind of domain; those without a default are needed.

    What cannot be is refused by an `OptionError` when one is made.
    """

    def surface_name(self, kind: str) -> str:
        """What a surface is called in ``test[SURFACE/condition]``, such as ``icosphere5``."""
        needed = [entry.name for entry in fields(self) if entry.default is MISSING]
        return kind + "-".join(str(getattr(self, name)) for name in needed)


@dataclass(frozen=True, kw_only=True)
class FramedOptions(DomainOptions):
    """The keys of every mesh: in which tangent frames features are written."""

    frames: FrameChoice = FrameChoice.aligned
    frame_seed: int = 0


@dataclass(frozen=True)
class LatLonOptions(DomainOptions):
    """A latitude-longitude grid of ``2 bandwidth`` rings."""

    bandwidth: int

    def __post_init__(self) -> None:
        check_bandwidth(self.bandwidth)


@dataclass(frozen=True)
class ChartOptions(DomainOptions):
    """A planar chart of `size` rows and columns."""

    chart: ChartKind
    size: int

    def __post_init__(self) -> None:
        check_size(self.chart, self.size)

    def surface_name(self, kind: str) -> str:
        return f"{self.chart}{self.size}"


@dataclass(frozen=True)
class CubedSphereOptions(DomainOptions):
    """Six square charts of `size` rows and columns."""

    size: int

    def __post_init__(self) -> None:
        check_face_size(self.size)


@dataclass(frozen=True, kw_only=True)
class IcosphereOptions(FramedOptions):
    """An icosahedron, `level` times subdivided."""

    level: int

    def __post_init__(self) -> None:
        check_level(self.level)


@dataclass(frozen=True, kw_only=True)
class MeshOptions(FramedOptions):
    """The triangle mesh of a file."""

    file: str
    repair: Repair = Repair.safe

    def surface_name(self, kind: str) -> str:
        return Path(self.file).stem


def check_bandwidth(bandwidth: object) -> None:
    """Refuse a latitude-longitude grid without points.

    Raises:
        OptionError: the bandwidth is not a positive integer.
    """
    if not isinstance(bandwidth, int) or isinstance(bandwidth, bool) or bandwidth < 1:
        raise OptionError(
            "bandwidth",
            f"expected an integer bandwidth >= 1 for a lat_lon grid (domain.bandwidth), "
            f"got {bandwidth!r}",
        )


def check_level(level: int) -> None:
    """Refuse an icosphere that nothing here can hold.

    Raises:
        OptionError: the level is out of range.
    """
    if not 0 <= level <= MAX_LEVEL:
        raise OptionError("level", f"expected 0 <= domain.level <= {MAX_LEVEL}, got {level}")


def check_size(kind: ChartKind, size: int) -> None:
    """Refuse a chart of a size that its kind does not have.

    Raises:
        OptionError: the size is below 2, or odd on an equirectangular chart.
    """
    even = kind is ChartKind.equirectangular
    if size < 2 or (even and size % 2 != 0):
        raise OptionError(
            "size",
            f"expected {'an even ' if even else ''}domain.size >= 2 of chart={kind}, got {size}",
        )


def check_face_size(size: int) -> None:
    """Refuse a cubed sphere whose faces have no neighbouring cells.

    Raises:
        OptionError: the size is below 2.
    """
    if size < 2:
        raise OptionError(
            "size", f"expected domain.size >= 2 rows and columns of each face, got {size}"
        )
