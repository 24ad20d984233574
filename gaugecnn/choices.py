"""What a key can be set to where that is one of a few words, known without what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from gaugecnn.errors import OptionError

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


class ChartKind(StrEnum):
    """Which map takes the sphere to the plane, or the plane itself: ``domain.chart``."""

    equirectangular = "equirectangular"
    azimuthal = "azimuthal"
    plane = "plane"


class FrameChoice(StrEnum):
    """Which gauge the features are written in, ``domain.frames``; no result may depend on it."""

    aligned = "aligned"
    random = "random"


class Repair(StrEnum):
    """What becomes of a mesh with defects: ``domain.repair``."""

    safe = "safe"
    strict = "strict"


class PoseDistribution(StrEnum):
    """Which poses of an image are seen: one, all those about one axis, or all of them."""

    none = "none"
    z = "z"
    so3 = "so3"


class Convention(StrEnum):
    """Who says where a picture lies on a surface, how it is sampled, and in which numbers.

    ``standard`` is ours (`gaugecnn.data.images.rendering`), on every domain. ``published`` is that
    of the spherical MNIST on which the published networks were trained, on `lat_lon` and
    `icosphere` alone (`gaugecnn.data.images.published`).
    """

    standard = "standard"
    published = "published"


class Schedule(StrEnum):
    """How the learning rate changes: ``train.schedule``."""

    cosine = "cosine"
    step = "step"
    constant = "constant"


class Loss(StrEnum):
    """What is minimised: ``train.loss``. Each task has some of them (`task_registry`)."""

    auto = "auto"
    cross_entropy = "cross_entropy"
    balanced = "balanced"
    sqrt_balanced = "sqrt_balanced"
    l2 = "l2"
    l1 = "l1"
    huber = "huber"


def choice(kind: type[ChoiceT], word: object, option: str) -> ChoiceT:
    """The member of `kind` that a word names.

    Args:
        kind: the choices.
        word: one of them, or its name.
        option: what is given the word.

    Raises:
        OptionError: there is none of that name; lists those that there are.
    """
    if word not in list(kind):
        raise OptionError(option, f"expected {option} to be one of {', '.join(kind)}, got {word!r}")
    return kind(str(word))


_types: dict[type, Mapping[str, Any]] = {}


def types_of(kind: type) -> Mapping[str, Any]:
    """The type of each field of a dataclass by name; what its file says is text, read once."""
    if kind not in _types:
        hints = get_type_hints(kind)
        _types[kind] = {field.name: hints[field.name] for field in fields(kind)}
    return _types[kind]


def settle_choices(options: Any) -> None:
    """Words that were given to a frozen dataclass become the members that they name.

    Raises:
        OptionError: a word that names none.
    """
    for name, kind in types_of(type(options)).items():
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            object.__setattr__(options, name, choice(kind, getattr(options, name), name))
