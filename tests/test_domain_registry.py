"""The table of kinds of domain, with those that other packages bring."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint

import pytest
from omegaconf import OmegaConf

import gaugecnn.plugins
from gaugecnn import build_domain, load_config
from gaugecnn.config import _defaults, _types, override
from gaugecnn.domain_options import DomainOptions, DomainSection, FramedOptions
from gaugecnn.domain_registry import BUILT_IN, DomainKind, domain_kinds, section_class
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.records.names import surface_name
from gaugecnn.schema import schema
from gaugecnn.surfaces import Icosphere
from gaugecnn.typed import leaves


@dataclass(frozen=True, kw_only=True)
class BallOptions(FramedOptions):
    halvings: int
    hue: str = "red"


@dataclass(frozen=True)
class ClashingOptions(DomainOptions):
    level: str


def ball(halvings: int, hue: str, frames: str, frame_seed: int) -> Icosphere:
    if hue != "red":
        raise ValueError(f"no {hue} ball")
    return Icosphere(halvings, frames, frame_seed)


BALL = DomainKind("ball", ball, BallOptions, methods=("gauge",))
CLASHING = DomainKind("clashing", ball, ClashingOptions)
AGAIN = dataclasses.replace(BALL, name="mesh")
NONE = 3


@pytest.fixture
def bring(monkeypatch):
    """The table with those that entry points of another package bring."""
    caches = (domain_kinds, section_class, schema, _types, _defaults)

    def forget() -> None:
        for cached in caches:
            cached.cache_clear()

    def brought(*values: str) -> dict[str, DomainKind]:
        points = {"gaugecnn.domains": []}
        for i, value in enumerate(values):
            points["gaugecnn.domains"].append(EntryPoint(f"point{i}", value, "gaugecnn.domains"))
        monkeypatch.setattr(gaugecnn.plugins, "entry_points", lambda group: points.get(group, []))
        forget()
        return domain_kinds()

    yield brought
    forget()


@pytest.mark.parametrize("kind", BUILT_IN, ids=lambda kind: kind.name)
def test_keys_are_those_of_the_domain_and_of_the_section(kind):
    module, _, name = kind.domain.partition(":")
    takes = inspect.signature(getattr(import_module(module), name)).parameters
    assert set(kind.used) == set(takes)
    assert {key for key in kind.needed} == {k for k, p in takes.items() if p.default is p.empty}
    assert set(kind.used) <= set(leaves(DomainSection))


def test_a_kind_of_another_package_is_configured_built_and_named(bring):
    assert bring("tests.test_domain_registry:BALL")["ball"] is BALL
    words = ["domain.kind=ball", "domain.halvings=2", "domain.frames=random"]
    config = load_config("gauge", overrides=words)
    assert config.domain.halvings == 2
    assert config.domain.level is None  # what the model had set for an icosphere
    domain = build_domain(config)
    assert domain.shape == (162,)
    assert surface_name(config) == "ball2"
    again = override(OmegaConf.create(OmegaConf.to_yaml(config)), ["domain.halvings=1"])
    assert build_domain(again).shape == (42,)
    told = "halvings: expected a whole number, got 'x'"
    with pytest.raises(UserError, match=told):
        load_config("gauge", overrides=["domain.kind=ball", "domain.halvings=x"])
    with pytest.raises(UserError, match="domain.kind=ball: no blue ball"):
        build_domain(override(config, ["domain.hue=blue"]))
    with pytest.raises(UserError, match="gcn on icosphere or mesh; ball with gauge"):
        load_config("gcn", overrides=words)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("NONE", "expected a DomainKind, got a int"),
        ("AGAIN", "a kind of domain mesh exists already"),
        ("CLASHING", "domain.level is int | None elsewhere, not <class 'str'>"),
        ("no_such_name", "AttributeError"),
    ],
)
def test_what_cannot_be_used_is_named_and_left_out(bring, name, told):
    value = f"tests.test_domain_registry:{name}"
    with pytest.warns(GaugecnnWarning) as said:
        table = bring(value, "tests.test_domain_registry:BALL")
    (warning,) = said
    assert f"the kind of domain point0 ({value}) is left out: " in str(warning.message)
    assert told in str(warning.message)
    assert set(table) == {*(kind.name for kind in BUILT_IN), "ball"}


def test_without_other_packages_the_section_is_its_own():
    assert section_class() is DomainSection
    assert [kind.name for kind in BUILT_IN] == list(domain_kinds())
