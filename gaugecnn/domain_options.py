"""Which keys of `domain` each kind of domain takes, and in which range.

The domains themselves check by these functions, and a configuration does before there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from gaugecnn.choices import ChartKind, DomainKind, FrameChoice, Repair
from gaugecnn.errors import OptionError, UserError

MAX_LEVEL = 7


@dataclass
class DomainSection:
    """Where the function is sampled; each kind uses its own keys."""

    kind: DomainKind = DomainKind.icosphere
    level: int | None = None
    bandwidth: int | None = None
    chart: ChartKind | None = None
    size: int | None = None
    file: str | None = None
    repair: Repair | None = None
    frames: FrameChoice | None = None
    frame_seed: int | None = None


@dataclass(frozen=True)
class DomainKeys:
    """The keys of a kind of domain.

    Args:
        needed: those without which there is no such domain.
        optional: those with defaults.
    """

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[str, ...]:
        return self.needed + self.optional


DOMAIN_KEYS = {
    DomainKind.lat_lon: DomainKeys(("bandwidth",)),
    DomainKind.chart: DomainKeys(("chart", "size")),
    DomainKind.cubed_sphere: DomainKeys(("size",)),
    DomainKind.icosphere: DomainKeys(("level",), ("frames", "frame_seed")),
    DomainKind.mesh: DomainKeys(("file",), ("repair", "frames", "frame_seed")),
}


def check_domain(domain: DomainSection) -> None:
    """Refuse a domain that cannot be, before there is one.

    Raises:
        UserError: a key that the kind needs is missing, one that it does not use is given, or a
            value is out of range.
    """
    keys = DOMAIN_KEYS[domain.kind]
    names = [field.name for field in fields(domain) if field.name != "kind"]
    given = [name for name in names if getattr(domain, name) is not None]
    for name in given:
        if name not in keys.used:
            used = ", ".join(f"domain.{key}" for key in keys.used)
            raise UserError(
                f"domain.{name} is not used by domain.kind={domain.kind}, which uses {used}"
            )
    missing = [f"domain.{key}" for key in keys.needed if key not in given]
    if missing:
        raise UserError(f"domain.kind={domain.kind} needs {' and '.join(missing)}")
    if domain.bandwidth is not None:
        check_bandwidth(domain.bandwidth)
    if domain.level is not None:
        check_level(domain.level)
    if domain.chart is not None and domain.size is not None:
        check_size(domain.chart, domain.size)
    elif domain.size is not None:
        check_face_size(domain.size)


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
