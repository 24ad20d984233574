"""From a configuration to a domain, a model and a data module: the public API."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gaugecnn.config import config_folder
from gaugecnn.data.collection import Collection
from gaugecnn.data.conventions import Convention
from gaugecnn.data.custom import call_custom
from gaugecnn.data.description import Description
from gaugecnn.data.field_collection import FieldCollection
from gaugecnn.data.fields import Fields
from gaugecnn.data.image_collection import ImageCollection
from gaugecnn.data.inputs import VALUES, parse_inputs
from gaugecnn.data.sources import Images, load_source, picture_description
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
from gaugecnn.task_registry import task_class
from gaugecnn.tasks.base import Task
from gaugecnn.tasks.plans import FieldPlan, InvariantPlan
from gaugecnn.words import file_name

if TYPE_CHECKING:  # Lightning is slow to import, and networks do not need it
    from gaugecnn.data.datamodule import Splits, SurfaceDataModule

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


def load_collection(
    config: DictConfig, domain: Domain, description: Description | None = None
) -> Collection:
    """The data of a configuration, both halves, on a domain.

    Args:
        config: the configuration.
        domain: where the signals live.
        description: of the data that a network was trained on, if these are for it: their units
            are kept, and what it cannot read is refused.

    Raises:
        UserError: data that cannot be found or read, halves that differ, or data that do not fit
            the model, the task or the description.
    """
    data = config.data
    collection: Collection
    if ":" in data.name:
        train, test = (call_custom(data.name, half, domain) for half in (True, False))
    else:
        train, test = (load_source(data.name, data.root, data.download, t) for t in (True, False))
    if isinstance(train, Fields) and isinstance(test, Fields):
        inputs = parse_inputs(data.input)
        collection = FieldCollection(
            domain, train, test, data.name, inputs, data.standardise, description
        )
        check_field_options(data, collection)
    elif isinstance(train, Images) and isinstance(test, Images):
        check_picture_options(data)
        convention, digits = Convention(data.convention), data.digits_per_sphere
        collection = ImageCollection(domain, train, test, convention, digits)
    else:
        raise UserError(f"data.name={data.name}: expected two halves alike, one of them is Fields")
    _check_fits(config, collection.description, description)
    return collection


def describe(config: DictConfig, domain: Domain) -> Description:
    """What a network has to know of the data of a configuration; the user's own are asked."""
    if ":" in config.data.name:
        return load_collection(config, domain).description
    return picture_description(1, 10)


def build_task(config: DictConfig, description: Description) -> Task:
    """What is asked of the network of a configuration.

    Raises:
        UserError: the data have other targets, or there is no such task or loss.
    """
    return task_class(config.task)(description, config.train.loss)


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
        _splits(config, collection),
        rotation=rotation,
        copies=data.copies,
        batch_size=config.train.batch_size,
        seed=data.seed,
        shuffle_seed=config.seed,
    )


def _check_fits(config: DictConfig, found: Description, known: Description | None) -> None:
    """Refuse data that the model or the task cannot take.

    Raises:
        UserError: what differs, and the words that would do.
    """
    model, name = config.model, f"data.name={config.data.name}"
    found.outputs_of(config.task)
    takes = model.get("in_channels", 1), model.get("in_vectors", 0) or 0
    if (found.channels, found.vectors) != takes:
        words = f"model.in_channels={found.channels}"
        if found.vectors or takes[1]:
            words += f" model.in_vectors={found.vectors}"
        raise UserError(
            f"{name} has {found.channels} channels{_and_vectors(found.vectors)}, the model takes "
            f"{takes[0]}{_and_vectors(takes[1])}: set {words}"
        )
    if known is not None and found.outputs[config.task] > known.outputs_of(config.task):
        raise UserError(
            f"{name} asks for {found.outputs[config.task]} outputs of task={config.task}, the "
            f"network was trained for {known.outputs[config.task]}"
        )


def check_field_options(data: DictConfig, collection: Collection) -> None:
    """Refuse what is said of pictures where there are fields, and poses where there are none.

    Raises:
        UserError: the key.
    """
    if data.convention != Convention.standard or data.digits_per_sphere != 1:
        raise UserError(
            f"data.name={data.name} gives fields: data.convention and data.digits_per_sphere are "
            "of pictures"
        )
    if data.rotation != PoseDistribution.none and not collection.has_poses:
        raise UserError(
            f"data.rotation={data.rotation}: fields are turned on spheres, and "
            f"{collection.domain.title} is none"
        )


def check_picture_options(data: DictConfig) -> None:
    """Refuse what is said of fields where there are pictures.

    Raises:
        UserError: the key.
    """
    if data.input != VALUES:
        raise UserError(
            f"data.input={data.input}: pictures are read as they are; fields need not be"
        )
    if data.standardise:
        raise UserError("data.standardise=true: pictures keep their grey values")


def _and_vectors(count: int) -> str:
    return f" and {count} vectors" if count else ""


def _splits(config: DictConfig, collection: Collection) -> Splits:
    """A random but fixed choice of samples: validation apart from training, both from `train`."""
    from gaugecnn.data.datamodule import Splits

    data = config.data
    total, tested = len(collection.train), len(collection.test)
    validation = data.validation_size or min(1000, total // 10)
    size = data.train_size or total - validation
    for key, wanted, there in (
        ("train_size plus data.validation_size", size + validation, total),
        ("test_size", data.test_size or 0, tested),
    ):
        if wanted > there:
            raise UserError(f"data.{key}: {wanted} samples asked for, {data.name} has {there}")
    if size < 2:
        raise UserError(f"data.train_size: expected at least 2 samples to train on, got {size}")
    order = torch.randperm(total, generator=torch.Generator().manual_seed(data.seed))
    return Splits(
        collection.train.subset(order[:size]),
        collection.train.subset(order[size : size + validation]),
        collection.test.subset(torch.arange(data.test_size or tested)),
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
