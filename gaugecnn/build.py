"""From a configuration to a domain, a model and a data module: the public API."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from omegaconf import DictConfig, OmegaConf

from gaugecnn.config import config_folder
from gaugecnn.data.conventions import Convention
from gaugecnn.data.published import PublishedRenderer
from gaugecnn.data.rendering import Renderer
from gaugecnn.data.sources import Images, class_count, load_source
from gaugecnn.errors import UserError
from gaugecnn.layers import LayerFamily
from gaugecnn.networks import Classifier, Network, Segmenter
from gaugecnn.ops.allocator import keep_freed_memory
from gaugecnn.plans import FieldPlan
from gaugecnn.registry import method_for
from gaugecnn.surfaces.chart import planar_chart
from gaugecnn.surfaces.domain import Domain, PoseDistribution
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.mesh import Icosphere, TriangleMesh
from gaugecnn.words import file_name

if TYPE_CHECKING:  # Lightning is slow to import, and networks do not need it
    from gaugecnn.data.datamodule import SphereDataModule, Splits

RENDERERS: dict[Convention, type[Renderer] | type[PublishedRenderer]] = {
    Convention.standard: Renderer,
    Convention.published: PublishedRenderer,
}


def build_domain(config: DictConfig) -> Domain:
    """The domain of a configuration.

    Raises:
        UserError: a mesh that cannot be read or mended.
    """
    section = config.domain
    if section.kind == "lat_lon":
        return LatLonGrid(section.bandwidth)
    if section.kind == "chart":
        return planar_chart(section.chart, section.size)
    frames = section.frames or "aligned"
    if section.kind == "icosphere":
        return Icosphere(section.level, frames, section.frame_seed or 0)
    path, repair = _mesh_path(section.file), section.repair or "safe"
    return TriangleMesh.from_file(path, frames, section.frame_seed or 0, repair)


def build_family(config: DictConfig, domain: Domain | None = None) -> LayerFamily[Any]:
    """The layer family of a configuration, on its own domain when None is given."""
    method = method_for(config.model.method, config.domain.kind)
    options = method.read_options(_plain(config.model))
    try:
        lives_on = domain or build_domain(config)
        return method.load()(lives_on, config.model.get("in_channels", 1), **options)
    except (TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"model {config.model.name}: {error}") from error


def build_model(config: DictConfig, domain: Domain | None = None) -> Network:
    """The network of a configuration, ``model(signal) -> logits``, its weights seeded.

    Logits are ``(batch, classes)`` for classification and ``(batch, classes + 1, *domain.shape)``
    for segmentation, background first; ``model.domain`` and ``model.family`` are its parts.

    Args:
        config: the configuration.
        domain: where the network lives; the configuration's own domain when None.

    Raises:
        UserError: the plan does not fit the method or the domain.
    """
    keep_freed_memory()
    family = build_family(config, domain)
    method = method_for(config.model.method, config.domain.kind)
    plan = method.read_plan(config.task, _plain(config.model)[config.task])
    classes = class_count(config.data.name, config.data.root, config.data.download)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            if not isinstance(plan, FieldPlan):
                return Classifier(family, plan.stages, plan.head, classes, residual=plan.residual)
            project = dataclasses.replace(plan.project, channels=classes + 1)
            options = {"residual": plan.residual, "skip": plan.skip}
            return Segmenter(family, plan.stages, project, plan.head, **options)
    except (TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"model {config.model.name}, {config.task}: {error}") from error


def build_renderer(config: DictConfig, domain: Domain) -> Renderer | PublishedRenderer:
    """What lays pictures on a domain in the convention of a configuration, ``data.convention``.

    Raises:
        UserError: the convention is not defined on that domain.
    """
    return RENDERERS[Convention(config.data.convention)](domain)


def build_datamodule(config: DictConfig, domain: Domain | None = None) -> SphereDataModule:
    """The data module of a configuration.

    Args:
        config: the configuration.
        domain: the domain to render on; the configuration's own when None.

    Raises:
        UserError: data that cannot be found or read, or fewer images than asked for.
    """
    from gaugecnn.data.datamodule import SphereDataModule

    data = config.data
    train = load_source(data.name, data.root, data.download, train=True)
    test = load_source(data.name, data.root, data.download, train=False)
    channels, expected = train.images.shape[1], config.model.get("in_channels", 1)
    if channels != expected:
        raise UserError(
            f"data.name={data.name} has {channels} channels, the model takes {expected}: "
            f"set model.in_channels={channels}"
        )
    domain = domain or build_domain(config)
    return SphereDataModule(
        domain,
        build_renderer(config, domain),
        _splits(config, train, test),
        rotation=PoseDistribution(data.rotation),
        copies=data.copies,
        digits=data.digits_per_sphere,
        batch_size=config.train.batch_size,
        seed=data.seed,
        shuffle_seed=config.seed,
    )


def _splits(config: DictConfig, train: Images, test: Images) -> Splits:
    """A random but fixed choice of images: validation apart from training, both from `train`."""
    from gaugecnn.data.datamodule import Splits

    data = config.data
    total = len(train.labels)
    validation = data.validation_size or min(1000, total // 10)
    size = data.train_size or total - validation
    for key, wanted, there in (
        ("train_size plus data.validation_size", size + validation, total),
        ("test_size", data.test_size or 0, len(test.labels)),
    ):
        if wanted > there:
            raise UserError(f"data.{key}: {wanted} images asked for, {data.name} has {there}")
    if size < 2:
        raise UserError(f"data.train_size: expected at least 2 images to train on, got {size}")
    order = torch.randperm(total, generator=torch.Generator().manual_seed(data.seed))
    tested = torch.arange(data.test_size or len(test.labels))
    return Splits(
        train.subset(order[:size]),
        train.subset(order[size : size + validation]),
        test.subset(tested),
    )


def _plain(section: DictConfig) -> dict[str, Any]:
    """A section in plain Python, with what it refers to."""
    plain: Any = OmegaConf.to_container(section, resolve=True)
    return plain


def _mesh_path(file: str) -> Path:
    """The user's file, or else the shipped mesh of that name (``meshes/torus.ply``)."""
    file = file_name(file)
    shipped = config_folder().parent / file
    return shipped if shipped.is_file() and not Path(file).is_file() else Path(file)
