"""The only table of methods.

A method outside this repository registers a `Method` under the entry-point group
``gaugecnn.methods``. Nothing here imports a method's layers before they are asked for.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any

from gaugecnn.domain_registry import DomainKind, domain_kind, domain_kinds
from gaugecnn.errors import UserError
from gaugecnn.methods.cnn.stage import CNNStage
from gaugecnn.methods.gauge.stage import GaugeOptions, GaugeStage
from gaugecnn.methods.gcn.stage import GCNStage
from gaugecnn.methods.p4.options import P4Options
from gaugecnn.methods.p4.stage import P4Stage
from gaugecnn.methods.s2cnn.stage import S2CNNOptions, S2CNNStage
from gaugecnn.plans import Options, Plan, Stage
from gaugecnn.plugins import imported, with_brought
from gaugecnn.renamed_keys import with_new_names
from gaugecnn.task_registry import plan_class
from gaugecnn.typed import leaves, read, value

if TYPE_CHECKING:
    from gaugecnn.layers import LayerFamily

ENTRY_POINT_GROUP = "gaugecnn.methods"


@dataclass(frozen=True)
class Method:
    """An equivariance type.

    Args:
        name: the value of ``model.method``.
        family: its layers; keyword-only arguments are the options ``model.OPTION``. As
            ``module:Class`` it is imported when a network is built.
        domains: the kinds of domain that it accepts.
        symmetries: in words, what it is equivariant to.
        options_class: the options, known without the layers; None reads them from the family.
        stage_class: a stage, known without the layers; None takes the family's.
        outline: whether its layers can be made in outline (`gaugecnn.ops.outline`): then they are
            when parameters are counted, and otherwise whole networks are built for it.
        own_layers: by kind of domain, as ``module:Class``, the layers on those kinds that need
            others than `family`; options and stages are the same.
    """

    name: str
    family: type[LayerFamily[Any]] | str
    domains: tuple[str, ...]
    symmetries: str
    options_class: type[Options] | None = None
    stage_class: type[Stage] | None = None
    outline: bool = False
    own_layers: Mapping[str, str] = field(default_factory=dict)

    def works_on(self, kind: DomainKind) -> bool:
        """Whether it accepts a kind of domain: it says so, or the kind does."""
        return kind.name in self.domains or self.name in kind.methods

    def load(self, kind: str | None = None) -> type[LayerFamily[Any]]:
        """The layers on a kind of domain; where None is given, those of most kinds."""
        layers = self.own_layers.get(kind or "", self.family)
        if not isinstance(layers, str):
            return layers
        family: type[LayerFamily[Any]] = imported(layers)
        return family

    @property
    def stage(self) -> type[Stage]:
        """The class of its stages."""
        return self.stage_class or self.load().stage_class

    @property
    def options(self) -> dict[str, Any]:
        """The options of the method by name, with their types."""
        if self.options_class is not None:
            return leaves(self.options_class)
        parameters = inspect.signature(self.load(), eval_str=True).parameters
        return {n: p.annotation for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY}

    def read_options(self, model: Mapping[str, Any]) -> dict[str, Any]:
        """The options that the node `model` gives; null leaves one at its default.

        Raises:
            UserError: one of another type or out of range.
        """
        kinds = self.options
        given = {name: model[name] for name in kinds if model.get(name) is not None}
        if self.options_class is not None:
            read(self.options_class, given, "model")
        return {name: value(kinds[name], v, f"model.{name}") for name, v in given.items()}

    def options_of(self, model: Mapping[str, Any]) -> Options:
        """The options that the node `model` gives as one object; `Options` of methods without one.

        Raises:
            UserError: one of another type or out of range.
        """
        if self.options_class is None:
            return Options()
        return read(self.options_class, self.read_options(model), "model")

    def read_plan(self, task: str, node: Any) -> Plan:
        """The plan of a task from its node ``model.TASK``.

        Raises:
            UserError: an unknown key, or an option of a stage of another type or out of range.
        """
        kind, key = plan_class(task), f"model.{task}"
        node, _ = with_new_names(kind, self.stage, node, key)
        if isinstance(node, Mapping) and "project" in [entry.name for entry in fields(kind)]:
            project = node.get("project", {})
            if isinstance(project, Mapping):
                if "channels" in project:
                    raise UserError(f"{key}.project.channels cannot be given: the task settles it")
                node = {**node, "project": {"channels": 1, **project}}
        return read(kind, node, key, {Stage: self.stage})

    def old_names(self, task: str, node: Any) -> dict[str, str]:
        """The keys in the node ``model.TASK`` that have another name now, each with that name.

        Raises:
            UserError: both are given.
        """
        return with_new_names(plan_class(task), self.stage, node, f"model.{task}")[1]


BUILT_IN = (
    Method(
        "gauge",
        "gaugecnn.methods.gauge.family:GaugeFamily",
        ("icosphere", "mesh"),
        "local frames, icosahedral rotations",
        GaugeOptions,
        GaugeStage,
        outline=True,
    ),
    Method(
        "s2cnn",
        "gaugecnn.methods.s2cnn.family:S2CNNFamily",
        ("lat_lon",),
        "all rotations, to aliasing",
        S2CNNOptions,
        S2CNNStage,
        outline=True,
    ),
    Method(
        "p4",
        "gaugecnn.methods.p4.family:P4Family",
        ("chart", "cubed_sphere"),
        "quarter turns of a square chart (reflections with group=p4m), or rotations of the cube",
        P4Options,
        P4Stage,
        outline=True,
        own_layers={"cubed_sphere": "gaugecnn.methods.p4.cube_family:CubeP4Family"},
    ),
    Method(
        "cnn",
        "gaugecnn.methods.cnn.family:CNNFamily",
        ("chart", "cubed_sphere", "lat_lon"),
        "none on the sphere",
        Options,
        CNNStage,
        outline=True,
        own_layers={"cubed_sphere": "gaugecnn.methods.cnn.cube_family:CubeCNNFamily"},
    ),
    Method(
        "gcn",
        "gaugecnn.methods.gcn.family:GCNFamily",
        ("icosphere", "mesh"),
        "icosahedral rotations (isotropic)",
        Options,
        GCNStage,
        outline=True,
    ),
)


@cache
def methods() -> dict[str, Method]:
    """Every method by name: the built-in ones and those that entry points bring.

    What another package brings and cannot be used is left out, and a warning names it.
    """
    built_in = {method.name: method for method in BUILT_IN}
    return with_brought(built_in, ENTRY_POINT_GROUP, "method", _checked)


def _checked(method: object) -> Method:
    """What an entry point brings, once its options and stages can be read."""
    if not isinstance(method, Method):
        raise UserError(f"expected a Method, got a {type(method).__name__}")
    _ = method.options, method.stage
    return method


def method_for(name: str, kind: str) -> Method:
    """The method of that name, once it is known to accept a kind of domain.

    Raises:
        UserError: no such method or kind, or a combination that makes no sense; lists those that
            do.
    """
    table, on = methods(), domain_kind(kind)
    if name not in list(table):
        raise UserError(f"model.method: expected one of {', '.join(table)}, got {name!r}")
    method = table[name]
    there = [other.name for other in table.values() if other.works_on(on)]
    if name not in there:
        kinds = [other.name for other in domain_kinds().values() if method.works_on(other)]
        raise UserError(
            f"method {name} does not work on domain.kind={kind}; "
            f"possible: {name} on {' or '.join(kinds) or 'no kind'}; "
            f"{kind} with {' or '.join(there) or 'no method'}"
        )
    return method
