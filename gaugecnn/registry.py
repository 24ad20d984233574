"""The only table of methods: name -> layer family and the domains that it accepts.

A method outside this repository registers a `Method` under the entry-point group
``gaugecnn.methods``.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from gaugecnn.errors import UserError
from gaugecnn.layers import LayerFamily
from gaugecnn.methods.cnn import CNNFamily
from gaugecnn.methods.gauge import GaugeFamily
from gaugecnn.methods.gcn import GCNFamily
from gaugecnn.methods.p4 import P4Family
from gaugecnn.methods.s2cnn import S2CNNFamily

ENTRY_POINT_GROUP = "gaugecnn.methods"


@dataclass(frozen=True)
class Method:
    """An equivariance type.

    Args:
        name: the value of ``model.method``.
        family: its layers; keyword-only arguments are the options ``model.OPTION``.
        domains: the kinds of domain that it accepts.
        symmetries: in words, what it is equivariant to.
    """

    name: str
    family: type[LayerFamily[Any]]
    domains: tuple[str, ...]
    symmetries: str

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The options of the method by name, with their types and defaults."""
        parameters = inspect.signature(self.family, eval_str=True).parameters
        return {n: p for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY}


BUILT_IN = (
    Method("gauge", GaugeFamily, ("icosphere", "mesh"), "local frames, icosahedral rotations"),
    Method("s2cnn", S2CNNFamily, ("lat_lon",), "all rotations, to aliasing"),
    Method("p4", P4Family, ("chart",), "quarter turns of the azimuthal chart"),
    Method("cnn", CNNFamily, ("chart", "lat_lon"), "none on the sphere"),
    Method("gcn", GCNFamily, ("icosphere", "mesh"), "icosahedral rotations (isotropic)"),
)


@cache
def methods() -> dict[str, Method]:
    """Every method by name: the built-in ones and those that entry points bring."""
    found = {method.name: method for method in BUILT_IN}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        method = point.load()
        if not isinstance(method, Method):
            raise UserError(f"entry point {point.name} ({point.value}) is not a Method")
        if method.name in found:
            raise UserError(f"entry point {point.name}: a method {method.name} exists already")
        found[method.name] = method
    return found


def method_for(name: str, domain_kind: str) -> Method:
    """The method of that name, once it is known to accept the domain.

    Raises:
        UserError: no such method, or a combination that makes no sense; lists those that do.
    """
    table = methods()
    if name not in table:
        raise UserError(f"model.method: expected one of {', '.join(table)}, got {name!r}")
    method = table[name]
    if domain_kind not in method.domains:
        others = [other.name for other in table.values() if domain_kind in other.domains]
        raise UserError(
            f"method {name} does not work on domain.kind={domain_kind}; "
            f"possible: {name} on {' or '.join(method.domains)}; "
            f"{domain_kind} with {' or '.join(others) or 'no method'}"
        )
    return method
