"""From a configuration to a domain, a model and a data module: the public API."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gaugecnn.build_data import build_task, describe, load_collection, splits_of
from gaugecnn.config import config_folder
from gaugecnn.data.collection import Collection
from gaugecnn.data.description import Description
from gaugecnn.errors import UserError
from gaugecnn.heads import Head
from gaugecnn.layers import LayerFamily, Stage
from gaugecnn.networks import Network
from gaugecnn.ops.allocator import keep_freed_memory
from gaugecnn.registry import method_for
from gaugecnn.surfaces.chart import planar_chart
from gaugecnn.surfaces.domain import Domain, PoseDistribution
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.mesh import FrameChoice, Icosphere, TriangleMesh
from gaugecnn.tasks.base import Task
from gaugecnn.tasks.plans import FieldPlan, InvariantPlan
from gaugecnn.words import file_name

if TYPE_CHECKING:  # Lightning is slow to import, and networks do not need it
    from gaugecnn.data.datamodule import SurfaceDataModule

NEEDED = {
    "lat_lon": ("bandwidth",),
    "chart": ("chart", "size"),
    "icosphere": ("level",),
    "mesh": ("file",),
}


def build_domain(config: DictConfig) -> Domain:
    """The domain of a configuration.

    Raises:
        UserError: a key that the kind of domain needs is missing or out of range.
    """
    section = config.domain
    missing = [f"domain.{key}" for key in NEEDED[section.kind] if section[key] is None]
    if missing:
        raise UserError(f"domain.kind={section.kind} needs {' and '.join(missing)}")
    try:
        if section.kind == "lat_lon":
            return LatLonGrid(section.bandwidth)
        if section.kind == "chart":
            return planar_chart(section.chart, section.size)
        frames = FrameChoice(section.frames or "aligned")
        if section.kind == "icosphere":
            return Icosphere(section.level, frames, section.frame_seed or 0)
    except ValueError as error:
        raise UserError(f"domain: {error}") from error
    path, repair = _mesh_path(section.file), section.repair or "safe"
    return TriangleMesh.from_file(path, frames, section.frame_seed or 0, repair)


def build_family(config: DictConfig, domain: Domain | None = None) -> LayerFamily[Any]:
    """The layer family of a configuration, on its own domain when None is given."""
    method = method_for(config.model.method, config.domain.kind)
    options = {k: config.model[k] for k in method.options if config.model.get(k) is not None}
    for name, value in options.items():
        _check_option(name, value, method.options[name].annotation)
    try:
        lives_on = domain or build_domain(config)
        return method.family(lives_on, config.model.get("in_channels", 1), **options)
    except (TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"model {config.model.name}: {error}") from error


def build_model(
    config: DictConfig, domain: Domain | None = None, description: Description | None = None
) -> Network:
    """The network of a configuration, ``model(signal) -> outputs``, its weights seeded.

    Outputs are logits ``(batch, classes)`` for classification and ``(batch, classes + 1,
    *domain.shape)`` for segmentation of pictures, background first; numbers ``(batch, output)`` for
    regression and ``(batch, output, [xyz,] *domain.shape)`` for field regression, in the units of
    the targets. ``model.domain`` and ``model.family`` are its parts.

    Args:
        config: the configuration.
        domain: where the network lives; the configuration's own domain when None.
        description: what it has to know of its data; the data are asked when None.

    Raises:
        UserError: the plan does not fit the method or the domain.
    """
    keep_freed_memory()
    family = build_family(config, domain)
    known = describe(config, family.domain) if description is None else description
    task = build_task(config, known)
    try:
        plan = _plan(config, family, task)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            return task.build(family, plan)
    except (TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"model {config.model.name}, {config.task}: {error}") from error


def _plan(config: DictConfig, family: LayerFamily[Any], task: Task) -> InvariantPlan | FieldPlan:
    """The plan of the configuration's task, its stages of the family's own class."""
    node, key = config.model[config.task], f"model.{config.task}"
    stages = tuple(
        _stage(family, stage, f"{key}.stages[{i}]")
        for i, stage in enumerate(node.get("stages", []))
    )
    residual = bool(node.get("residual", False))
    given = node.get("head", {})
    head = Head(tuple(given.get("hidden", ())), given.get("dropout", 0.0))
    if task.plan is InvariantPlan:
        return InvariantPlan(stages, residual, head)
    options = {"channels": task.outputs, **node.get("project", {})}
    project = _stage(family, OmegaConf.create(options), f"{key}.project")
    return FieldPlan(stages, project, residual, bool(node.get("skip", False)), head)


def build_datamodule(
    config: DictConfig, domain: Domain | None = None, collection: Collection | None = None
) -> SurfaceDataModule:
    """The data module of a configuration.

    Args:
        config: the configuration.
        domain: the domain to render on; the configuration's own when None.
        collection: the data on that domain; loaded when None.

    Raises:
        UserError: data that cannot be found or read, or fewer samples than asked for.
    """
    from gaugecnn.data.datamodule import SurfaceDataModule

    data = config.data
    if collection is None:
        collection = load_collection(config, domain or build_domain(config))
    try:
        rotation = PoseDistribution(data.rotation)
    except ValueError as error:
        names = ", ".join(PoseDistribution)
        raise UserError(f"data.rotation: expected one of {names}, got {data.rotation!r}") from error
    return SurfaceDataModule(
        collection,
        splits_of(config, collection),
        rotation=rotation,
        copies=data.copies,
        batch_size=config.train.batch_size,
        seed=data.seed,
        shuffle_seed=config.seed,
    )


def _stage(family: LayerFamily[Any], node: Any, key: str) -> Stage:
    """A stage of the family's own class from its YAML node."""
    try:
        schema = OmegaConf.structured(family.stage_class)
        stage = OmegaConf.to_object(OmegaConf.merge(schema, node))
    except OmegaConfBaseException as error:
        names = ", ".join(f.name for f in dataclasses.fields(family.stage_class))
        reason = str(error).splitlines()[0]
        raise UserError(f"{key}: {reason}; a stage has the options {names}") from error
    assert isinstance(stage, Stage)
    return stage


def _check_option(name: str, value: Any, annotation: Any) -> None:
    """Refuse an option of the wrong type before a method meets it."""
    kinds = getattr(annotation, "__args__", (annotation,))
    if float in kinds:
        kinds = (*kinds, int)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise UserError(f"model.{name}: expected {names}, got {value!r}")


def _mesh_path(file: str) -> Path:
    """The user's file, or else the shipped mesh of that name (``meshes/torus.ply``)."""
    file = file_name(file)
    shipped = config_folder().parent / file
    return shipped if shipped.is_file() and not Path(file).is_file() else Path(file)
