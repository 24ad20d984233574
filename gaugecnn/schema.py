"""The sections of a configuration and the types of their keys."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from functools import cache
from typing import Any

from gaugecnn.choices import Convention, PoseDistribution
from gaugecnn.domain_options import DomainSection
from gaugecnn.domain_registry import section_class
from gaugecnn.recipe import TrainSection


@dataclass
class DataSection:
    """Which functions are shown, and in which poses."""

    name: str = "digits"
    root: str = "data"
    download: bool = False
    rotation: PoseDistribution = PoseDistribution.none
    angle_mean: float | None = None
    angle_spread: float | None = None
    copies: int | None = None
    distortion: float | None = None
    train_size: int | None = None
    validation_size: int | None = None
    test_size: int | None = None
    digits_per_sphere: int = 1
    convention: Convention = Convention.standard
    input: str = "values"
    standardise: bool | None = None
    seed: int = 0


@dataclass
class Config:
    """The whole configuration; `model` is typed by the method's own options and stages."""

    seed: int = 0
    task: str = "classification"
    output: str | None = None
    data: DataSection = field(default_factory=DataSection)
    train: TrainSection = field(default_factory=TrainSection)
    trainer: dict[str, Any] = field(default_factory=dict)
    domain: DomainSection = field(default_factory=DomainSection)
    model: dict[str, Any] = field(default_factory=dict)


@cache
def schema() -> type[Config]:
    """`Config`, with the keys of the kinds of domain that other packages bring."""
    section = section_class()
    if section is DomainSection:
        return Config
    domain = ("domain", section, field(default_factory=section))
    return make_dataclass("Config", [domain], bases=(Config,))
