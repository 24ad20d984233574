"""From a configuration to its data on a domain, checked against what is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from omegaconf import DictConfig

from gaugecnn.data.collection import Collection
from gaugecnn.data.custom import call_custom
from gaugecnn.data.description import Description
from gaugecnn.data.field_collection import FieldCollection
from gaugecnn.data.field_rendering import check_turned
from gaugecnn.data.fields import Fields
from gaugecnn.data.images.collection import ImageCollection
from gaugecnn.data.images.conventions import Convention
from gaugecnn.data.images.sources import Images, load_source, picture_description
from gaugecnn.data.input_names import check_inputs, check_picture_options
from gaugecnn.errors import UserError
from gaugecnn.files import at_home
from gaugecnn.surfaces.domain import Domain, PoseDistribution
from gaugecnn.task_registry import task_class
from gaugecnn.tasks.base import Task

if TYPE_CHECKING:  # Lightning is slow to import, and networks do not need it
    from gaugecnn.data.datamodule import Splits


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
        root = at_home(data.root)
        train, test = (call_custom(data.name, half, domain, root) for half in (True, False))
    else:
        train, test = (load_source(data.name, data.root, data.download, t) for t in (True, False))
    if isinstance(train, Fields) and isinstance(test, Fields):
        inputs = check_inputs(data.input)
        collection = FieldCollection(
            domain, train, test, data.name, inputs, data.standardise, description
        )
        _check_field_options(data, domain)
    elif isinstance(train, Images) and isinstance(test, Images):
        check_picture_options(data.input, data.standardise)
        convention, digits = Convention(data.convention), data.digits_per_sphere
        collection = ImageCollection(domain, train, test, convention, digits, data.distortion)
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


def _check_fits(config: DictConfig, found: Description, known: Description | None) -> None:
    """Refuse data that the model or the task cannot take.

    Raises:
        UserError: what differs, and the overrides that would do.
    """
    model, name = config.model, f"data.name={config.data.name}"
    asked = build_task(config, found)
    takes = model.get("in_channels", 1), model.get("in_vectors", 0) or 0
    if (found.channels, found.vectors) != takes:
        overrides = f"model.in_channels={found.channels}"
        if found.vectors or takes[1]:
            overrides += f" model.in_vectors={found.vectors}"
        raise UserError(
            f"{name} has {found.channels} channels{_and_vectors(found.vectors)}, the model takes "
            f"{takes[0]}{_and_vectors(takes[1])}: set {overrides}"
        )
    trained = asked.outputs if known is None else build_task(config, known).outputs
    if asked.outputs > trained:
        raise UserError(
            f"{name} asks for {asked.outputs} outputs of task={config.task}, the network was "
            f"trained for {trained}"
        )


def _check_field_options(data: DictConfig, domain: Domain) -> None:
    """Refuse what is said of pictures where there are fields, and poses where there are none.

    Raises:
        UserError: the key.
    """
    others = data.convention != Convention.standard, data.digits_per_sphere != 1
    if any(others) or data.distortion is not None:
        raise UserError(
            f"data.name={data.name} gives fields: data.convention, data.digits_per_sphere and "
            "data.distortion are of pictures"
        )
    check_turned("data.rotation", PoseDistribution(data.rotation), domain)


def _and_vectors(count: int) -> str:
    return f" and {count} vectors" if count else ""


def splits_of(config: DictConfig, collection: Collection) -> Splits:
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
            raise UserError(
                f"data.{key}: {wanted} {collection.noun} asked for, {data.name} has {there}"
            )
    if size < 2:
        raise UserError(
            f"data.train_size: expected at least 2 {collection.noun} to train on, got {size}"
        )
    order = torch.randperm(total, generator=torch.Generator().manual_seed(data.seed))
    return Splits(
        collection.train.subset(order[:size]),
        collection.train.subset(order[size : size + validation]),
        collection.test.subset(torch.arange(data.test_size or tested)),
    )
