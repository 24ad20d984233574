"""Under which name a test stands in a summary, so that none takes the place of another.

A run's own tests are ``condition``; those on another surface are ``SURFACE/condition``, and those
that other overrides make other tests ``key=value,key=value/condition``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from gaugecnn.domain_registry import domain_kind
from gaugecnn.errors import UserError

SAME_TEST = (
    *("data.root", "data.download"),
    *(
        "data.rotation",
        "data.angle_mean",
        "data.angle_spread",
    ),  # these and the next are of training
    *("data.copies", "data.distortion", "data.train_size", "data.validation_size"),
)
"""Keys of `data` that leave a test what it is."""

TRAINER = ("trainer.limit_test_batches", "trainer.precision")
"""Keys of `trainer` that do not: the others say where it runs and what is shown of it."""

FRAMES = ("domain.frames", "domain.frame_seed")
"""Keys of `domain` that the surface does not tell."""

MEANT: dict[str, dict[Any, Any]] = {
    "domain.frames": {None: "aligned"},
    "domain.frame_seed": {None: 0},
    "trainer.limit_test_batches": {None: 1.0},
    "trainer.precision": {
        **{None: "32-true", 32: "32-true", "32": "32-true", 64: "64-true", "64": "64-true"},
        **{16: "16-mixed", "16": "16-mixed", "bf16": "bf16-mixed"},
    },
}
"""Values that are other spellings of the same."""


def check_overrides(overrides: Sequence[str]) -> None:
    """Refuse overrides of which a test takes no notice, though it seems to be asked to.

    Raises:
        UserError: the first one.
    """
    for word in overrides:
        key = word.partition("=")[0]
        if key.startswith("train.") and key != "train.batch_size":
            raise UserError(f"{key}= cannot be given here: a test does not train")


def meant(config: DictConfig, key: str) -> Any:
    """The value of a key, spelled in one way."""
    value = OmegaConf.select(config, key)
    spellings = MEANT.get(key, {})
    known = isinstance(value, str | int | None) and not isinstance(value, bool)
    return spellings.get(value, value) if known else value


def is_whole(config: DictConfig) -> bool:
    """Whether all of the test samples are asked for."""
    limit = meant(config, "trainer.limit_test_batches")
    return isinstance(limit, float) and limit == 1.0


def own_name(config: DictConfig) -> list[str]:
    """What the tests of a training are called: a part of the samples says which part."""
    if is_whole(config):
        return []
    return [f"trainer.limit_test_batches={config.trainer.limit_test_batches}"]


def changed_overrides(
    own: DictConfig, config: DictConfig, overrides: Sequence[str]
) -> Iterator[str]:
    """The overrides that make a test another one than those of the run itself.

    Args:
        own: the configuration of the run.
        config: that of the test.
        overrides: what was laid over the first one.
    """
    limited = not is_whole(config)
    if limited and not any(word.startswith("trainer.limit_test_batches=") for word in overrides):
        yield from own_name(config)
    for word in overrides:
        key = word.partition("=")[0]
        section = key.partition(".")[0]
        tells = section == "model" or key in (*TRAINER, *FRAMES)
        tells = tells or (section == "data" and key not in SAME_TEST)
        tells = tells or (limited and key == "train.batch_size")
        changed = meant(own, key) != meant(config, key)
        if tells and (changed or (limited and key == "trainer.limit_test_batches")):
            yield word


def surface_name(config: DictConfig) -> str:
    """The name of a surface in ``test[SURFACE/condition]``: ``ellipsoid``, ``icosphere5``."""
    section: Any = OmegaConf.to_container(config.domain, resolve=True)
    return domain_kind(section["kind"]).options(section).surface_name(section["kind"])


def changed_surface(surfaces: dict[str, str], name: str, fingerprint: str) -> list[str]:
    """The name under which a surface is tested, none for the run's own, the first of `surfaces`.

    Args:
        surfaces: the fingerprint of each surface by its name; a new one is added.
        name: what the surface is called.
        fingerprint: what it is.
    """
    if fingerprint == next(iter(surfaces.values()), None):
        return []
    if surfaces.get(name, fingerprint) != fingerprint:
        name = f"{name}-{fingerprint}"
    surfaces[name] = fingerprint
    return [] if name == next(iter(surfaces)) else [name]
