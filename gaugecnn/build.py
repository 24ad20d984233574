"""From a configuration to a domain, a model and a data module: the public API."""

from __future__ import annotations

import dataclasses
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from omegaconf import DictConfig, OmegaConf

from gaugecnn.build_data import build_task, describe, load_collection, splits_of
from gaugecnn.data.collection import Collection
from gaugecnn.data.description import Description
from gaugecnn.data.poses import NormalAngles
from gaugecnn.domain_registry import domain_kind
from gaugecnn.errors import blamed
from gaugecnn.layers import LayerFamily
from gaugecnn.networks import Network
from gaugecnn.ops.allocator import keep_freed_memory
from gaugecnn.ops.learned_rotations import LearnedRotations
from gaugecnn.ops.outline import outline
from gaugecnn.plans import FieldPlan
from gaugecnn.registry import method_for
from gaugecnn.surfaces.domain import Domain, PoseDistribution
from gaugecnn.task_registry import BUILT_IN

if TYPE_CHECKING:  # Lightning is slow to import, and networks do not need it
    from gaugecnn.data.datamodule import SurfaceDataModule


def build_domain(config: DictConfig) -> Domain:
    """The domain of a configuration.

    Raises:
        UserError: a mesh that cannot be read or mended.
    """
    return domain_kind(config.domain.kind).build(_plain(config.domain))


def build_family(config: DictConfig, domain: Domain | None = None) -> LayerFamily[Any]:
    """The layer family of a configuration, on its own domain when None is given."""
    method = method_for(config.model.method, config.domain.kind)
    options = method.read_options(_plain(config.model))
    with blamed(f"model {config.model.name}"):
        lives_on = domain or build_domain(config)
        return method.load(config.domain.kind)(
            lives_on, config.model.get("in_channels", 1), **options
        )


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
    method = method_for(config.model.method, config.domain.kind)
    plan = method.read_plan(config.task, _plain(config.model)[config.task])
    if isinstance(plan, FieldPlan):
        project = dataclasses.replace(plan.project, channels=task.outputs)
        plan = dataclasses.replace(plan, project=project)
    seeded, what = torch.random.fork_rng(devices=[]), f"model {config.model.name}, {config.task}"
    with blamed(what), seeded:
        torch.manual_seed(config.seed)
        network = task.build(family, plan)
        if plan.augmentation is not None:
            network.augmentation = LearnedRotations(plan.augmentation, network)
        return network


def count_parameters(config: DictConfig, domain: Domain | None = None) -> int:
    """How many parameters the network of a configuration has, in a moment where that is possible.

    The network is built in outline (`gaugecnn.ops.outline`) if its method can do so and its task is
    built in; those of other packages are built whole, and counted.

    Args:
        config: the configuration.
        domain: where the network lives; the configuration's own domain when None.

    Raises:
        UserError: the plan does not fit the method or the domain.
    """
    method = method_for(config.model.method, config.domain.kind)
    known = method.outline and config.task in BUILT_IN
    with outline() if known else nullcontext():
        network = build_model(config, domain)
    return sum(parameter.numel() for parameter in network.parameters())


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
    angles = None
    if data.angle_mean is not None:
        angles = NormalAngles(data.angle_mean, data.angle_spread)
    return SurfaceDataModule(
        collection,
        splits_of(config, collection),
        rotation=PoseDistribution(data.rotation),
        angles=angles,
        copies=data.copies,
        batch_size=config.train.batch_size,
        seed=data.seed,
        shuffle_seed=config.seed,
    )


def _plain(section: DictConfig) -> dict[str, Any]:
    """A section in plain Python, with what it refers to."""
    plain: Any = OmegaConf.to_container(section, resolve=True)
    return plain
