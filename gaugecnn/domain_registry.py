"""The only table of kinds of domain: those that are built in, and those that other packages bring.

A kind outside this repository registers a `DomainKind` under the entry-point group
``gaugecnn.domains``. Nothing here imports a domain before it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, make_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from gaugecnn.choices import types_of
from gaugecnn.domain_options import (
    ChartOptions,
    CubedSphereOptions,
    DomainOptions,
    DomainSection,
    IcosphereOptions,
    LatLonOptions,
    MeshOptions,
)
from gaugecnn.errors import UserError, blamed
from gaugecnn.plugins import imported, with_brought
from gaugecnn.typed import nearest, read

if TYPE_CHECKING:
    from gaugecnn.surfaces.domain import Domain

ENTRY_POINT_GROUP = "gaugecnn.domains"


@dataclass(frozen=True)
class DomainKind:
    """A kind of domain.

    Args:
        name: the value of ``domain.kind``.
        domain: gives the domain, called with the options as keyword arguments. As
            ``module:callable`` it is imported when a domain is built.
        options_class: its keys ``domain.KEY``; a key that another kind has too is of the same type.
        methods: the names of methods that work on it, beside those that name the kind themselves.
    """

    name: str
    domain: Callable[..., Domain] | str
    options_class: type[DomainOptions]
    methods: tuple[str, ...] = ()

    @property
    def needed(self) -> list[str]:
        """The keys without which there is no such domain."""
        return [entry.name for entry in fields(self.options_class) if entry.default is MISSING]

    @property
    def used(self) -> list[str]:
        """All its keys, those that are needed first."""
        every = [entry.name for entry in fields(self.options_class)]
        return [*self.needed, *(name for name in every if name not in self.needed)]

    def options(self, section: Mapping[str, Any]) -> DomainOptions:
        """The options that a node `domain` gives; null leaves one at its default.

        Raises:
            UserError: a key that is needed is missing, one that the kind does not use is given, or
                a value is of another type or out of range.
        """
        given = {key: v for key, v in section.items() if key != "kind" and v is not None}
        for key in given:
            if key not in self.used:
                used = ", ".join(f"domain.{own}" for own in self.used)
                raise UserError(
                    f"domain.{key} is not used by domain.kind={self.name}, which uses {used}"
                )
        missing = [f"domain.{key}" for key in self.needed if key not in given]
        if missing:
            raise UserError(f"domain.kind={self.name} needs {' and '.join(missing)}")
        return read(self.options_class, given, "domain")

    def build(self, section: Mapping[str, Any]) -> Domain:
        """The domain of a node `domain`.

        Raises:
            UserError: it cannot be, such as a mesh that cannot be read or mended.
        """
        make = imported(self.domain) if isinstance(self.domain, str) else self.domain
        options = self.options(section)
        with blamed(f"domain.kind={self.name}"):
            made: Domain = make(**{key: getattr(options, key) for key in self.used})
            return made


BUILT_IN = (
    DomainKind("lat_lon", "gaugecnn.surfaces.lat_lon:LatLonGrid", LatLonOptions),
    DomainKind("chart", "gaugecnn.surfaces.chart:planar_chart", ChartOptions),
    DomainKind("cubed_sphere", "gaugecnn.surfaces.cubed_sphere:CubedSphere", CubedSphereOptions),
    DomainKind("icosphere", "gaugecnn.surfaces.mesh:Icosphere", IcosphereOptions),
    DomainKind("mesh", "gaugecnn.surfaces.mesh_files:mesh_of_file", MeshOptions),
)


@cache
def domain_kinds() -> dict[str, DomainKind]:
    """Every kind of domain by name: the built-in ones and those that entry points bring.

    What another package brings and cannot be used is left out, and a warning names it.
    """
    known = dict(types_of(DomainSection))

    def checked(brought: object) -> DomainKind:
        if not isinstance(brought, DomainKind):
            raise UserError(f"expected a DomainKind, got a {type(brought).__name__}")
        for key, kind in types_of(brought.options_class).items():
            if key in known and known[key] not in (kind, kind | None):
                raise UserError(f"domain.{key} is {known[key]} elsewhere, not {kind}")
            known[key] = kind | None
        return brought

    return with_brought(
        {kind.name: kind for kind in BUILT_IN}, ENTRY_POINT_GROUP, "kind of domain", checked
    )


def domain_kind(name: str) -> DomainKind:
    """The kind of that name.

    Raises:
        UserError: there is none; lists those that there are.
    """
    table = domain_kinds()
    if name not in table:
        raise UserError(
            f"domain.kind: expected one of {', '.join(table)}, got {name!r}{nearest(name, table)}"
        )
    return table[name]


@cache
def section_class() -> type[DomainSection]:
    """`DomainSection` with the keys that other packages bring."""
    known = types_of(DomainSection)
    brought = {
        key: type_
        for kind in domain_kinds().values()
        for key, type_ in types_of(kind.options_class).items()
        if key not in known
    }
    if not brought:
        return DomainSection
    more = [(key, type_ | None, field(default=None)) for key, type_ in brought.items()]
    return make_dataclass("DomainSection", more, bases=(DomainSection,))
