"""Every YAML builds; the published networks have exactly the published size."""

from __future__ import annotations

import pytest
import torch
from omegaconf import DictConfig, OmegaConf

from gaugecnn import build_domain, build_model, load_config
from gaugecnn.choices import Loss, PoseDistribution, Schedule
from gaugecnn.config import available, config_folder
from gaugecnn.errors import UserError
from gaugecnn.task_registry import BUILT_IN, task_class

PUBLISHED = {
    ("s2cnn_150k", "classification", 1): 154_550,
    ("s2cnn_204k", "segmentation", 1): 204_073,
    ("cnn_218k", "segmentation", 1): 218_144,
    ("cnn_1m", "segmentation", 1): 1_042_013,
    ("cnn_5m5", "segmentation", 1): 5_519_335,
    ("p4_25k", "classification", 3): 24_990,
    ("p4_25k", "classification", 1): 24_810,
    ("z2_25k", "classification", 3): 25_570,
}
SMALL = ("gauge", "s2cnn", "p4", "cnn", "cnn_augerino", "gcn")
ACCURATE = {
    ("s2cnn_100k", "classification"): 97_898,
    ("gauge_100k", "classification"): 81_830,
    ("gauge_100k", "segmentation"): 98_627,
}
"""Networks built for accuracy, and their parameters."""
TASKS = ("classification", "segmentation")


@pytest.mark.parametrize("key", PUBLISHED, ids=lambda k: f"{k[0]}-{k[2]}")
def test_published_networks(key):
    name, task, channels = key
    model = build_model(load_config(name, task, [f"model.in_channels={channels}"]))
    assert sum(p.numel() for p in model.parameters()) == PUBLISHED[key]


@pytest.mark.parametrize("name", available("model"))
def test_every_model_has_a_test(name):
    assert name in {*SMALL, *(key[0] for key in (*ACCURATE, *PUBLISHED))}


@pytest.mark.parametrize("key", ACCURATE, ids="-".join)
def test_accurate_networks_have_at_most_100k_parameters(key):
    model = build_model(load_config(*key))
    assert sum(p.numel() for p in model.parameters()) == ACCURATE[key] < 100_000


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("task", TASKS)
def test_small_networks_are_of_about_equal_size(name, task):
    model = build_model(load_config(name, task))
    assert 15_000 < sum(p.numel() for p in model.parameters()) < 35_000


@pytest.mark.parametrize("group", ["data", "train"])
def test_every_group_file_loads(group):
    names = available(group)
    assert names
    for name in names:
        config = load_config("cnn", overrides=[f"{group}={name}"])
        given = leaves_of(OmegaConf.load(config_folder() / group / f"{name}.yaml"))
        assert given
        for key, value in given.items():
            assert leaves_of(config[group])[key] == value, (name, key)


def leaves_of(node, path=""):
    """Every value of a configuration by its key."""
    if not isinstance(node, DictConfig):
        return {path: node}
    found = [leaves_of(node[key], f"{path}.{key}").items() for key in node]
    return {key: value for items in found for key, value in items}


def test_same_seed_same_network():
    a, b, c = (build_model(load_config("cnn", overrides=[f"seed={s}"])) for s in (1, 1, 2))
    pairs = list(zip(a.parameters(), b.parameters(), strict=True))
    assert all(torch.equal(x, y) for x, y in pairs)
    assert any(not torch.equal(x, y) for x, y in zip(a.parameters(), c.parameters(), strict=True))


def test_another_kind_of_domain_drops_the_old_keys():
    config = load_config("cnn", overrides=["domain.kind=lat_lon", "domain.bandwidth=16"])
    assert config.domain.size is None
    assert build_domain(config).shape == (32, 32)
    with pytest.raises(UserError, match="domain.kind=cubed_sphere needs domain.size"):
        load_config("cnn", overrides=["domain.kind=cubed_sphere"])  # 40 was a chart's
    config = load_config("cnn", overrides=["domain.kind=cubed_sphere", "domain.size=16"])
    assert build_domain(config).shape == (6, 16, 16)


def test_orders_are_limited_for_the_whole_network():
    full, limited = (
        build_model(load_config("gauge", overrides=["domain.level=2", *words]))
        for words in ((), ("model.max_order=1",))
    )
    assert max(len(b.type_out.multiplicities) for b in full.blocks) == 3
    assert max(len(b.type_out.multiplicities) for b in limited.blocks) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["domain.levle=3"], r"unknown key 'domain.levle'; did you mean domain.level"),
        (["domain.bandwidth=3"], r"domain.bandwidth is not used by domain.kind=icosphere"),
        (["model.sampling=2"], r"unknown key 'model.sampling' \(not used by method gauge\)"),
        (["domain.kind=chart"], r"gauge on icosphere or mesh; chart with p4 or cnn"),
        (["domain.kind=cubed_sphere"], r"gauge on icosphere or mesh; cubed_sphere with p4 or cnn"),
        (
            ["domain.kind=torus"],
            r"expected one of lat_lon, chart, cubed_sphere, icosphere, mesh, got 'torus'",
        ),
        (["train.epochs=0"], r"train.epochs"),
        (["train.epochs=many"], r"train.epochs"),
        (["trainer.devcies=1"], r"did you mean trainer.devices"),
        (["trainer.max_epochs=3"], r"trainer.max_epochs cannot be given: use train.epochs"),
        (["train.gradient_clip=0"], r"train.gradient_clip: expected a number above 0 or null"),
        (["train.optimizer=adm"], r"train.optimizer: expected one of adam, adamw, sgd, or your"),
        (["data.digits_per_sphere=5"], r"1 <= data.digits_per_sphere <= 4, got 5"),
        (["domain.kind=mesh"], r"domain.kind=mesh needs domain.file"),
        (["domain.level=-1"], r"domain.level: expected 0 <= domain.level <= 7, got -1"),
        (["domain.level=8"], r"domain.level: expected 0 <= domain.level <= 7, got 8"),
        (["domain.frames=crooked"], r"domain.frames: expected one of aligned, random"),
        (["model.in_channels=0"], r"model.in_channels: expected at least 1, got 0"),
        (["model.max_order=x"], r"model.max_order: expected a whole number, got 'x'"),
        (["model.max_order=true"], r"model.max_order: expected a whole number, got true"),
        (["model.nonlinearity=tanh"], r"model.nonlinearity: expected one of .*, got 'tanh'"),
        (["model.method=gcn"], r"model.method cannot be given: choose another with model=NAME"),
    ],
)
def test_mistakes_are_named(words, message):
    with pytest.raises(UserError, match=message):
        load_config("gauge", overrides=words)


@pytest.mark.parametrize(
    ("model", "word", "message"),
    [
        ("gauge", "stages=[]", r"stages: expected at least one stage, got none"),
        ("gauge", "stages=3", r"stages: expected a list, got 3"),
        ("gauge", "stages=[{chanels: 3}]", r"'model.classification.stages\[0\].chanels'; did you"),
        ("gauge", "stages=[{down: 3}]", r"stages\[0\].channels: expected a value, got none"),
        ("gauge", "stages[1].profiles=0", r"stages\[1\].profiles: expected profiles >= 1"),
        ("gauge", "stages[1].max_order=-1", r"stages\[1\].max_order: expected max_order >= 0"),
        ("gcn", "stages[1].hops=0", r"stages\[1\].hops: expected hops >= 1 in a stage, got 0"),
        ("cnn", "stages[2].kernel=0", r"stages\[2\].kernel: expected kernel >= 1"),
        ("p4", "stages[2].up=yeah", r"stages\[2\].up: expected true or false, got 'yeah'"),
        ("p4", "stages[1].up=true", r"stages\[1\]: expected a stage that either pools or goes up"),
        ("s2cnn", "stages[0].support=polar", r"stages\[0\].support: expected one of near_identity"),
        ("s2cnn", "stages[0].max_beta=4", r"stages\[0\].max_beta: expected max_beta in \(0, 3.14"),
        ("s2cnn", "stages[0].n_beta=0", r"stages\[0\].n_beta: expected n_beta >= 1 points"),
        ("s2cnn", "stages=[{channels: 3}]", r"stages\[0\].max_beta: expected a value, got none"),
        ("cnn", "residual=abc", r"residual: expected true or false, got 'abc'"),
        ("cnn", "residal=true", r"'model.classification.residal'; did you mean model.class"),
        ("cnn", "skip=true", r"unknown key 'model.classification.skip'"),
        ("cnn", "head.dropout=1", r"head.dropout: expected 0 <= head.dropout < 1, got 1"),
        ("cnn", "head.hidden=[8,0]", r"head.hidden: expected head.hidden of widths >= 1"),
        ("cnn", "head.hidden=[8,x]", r"head.hidden\[1\]: expected a whole number, got 'x'"),
        ("cnn", "head=null", r"head: expected the keys hidden, dropout; got null"),
    ],
)
def test_mistakes_of_a_plan_are_named(model, word, message):
    with pytest.raises(UserError, match=message):
        load_config(model, overrides=[f"model.classification.{word}"])


def test_the_task_settles_the_channels_of_a_projection():
    words = ["model.segmentation.project.channels=3"]
    with pytest.raises(UserError, match="project.channels cannot be given: the task settles it"):
        load_config("gauge", "segmentation", words)


def test_choices_are_members_of_their_enum():
    config = load_config("gauge", overrides=["data.rotation=so3", "train.schedule=step"])
    assert config.data.rotation is PoseDistribution.so3
    assert config.train.schedule is Schedule.step
    assert config.domain.kind == "icosphere"


def test_each_task_has_its_losses():
    for name, known in BUILT_IN.items():
        task = task_class(name)
        assert (task.name, task.plan, task.losses) == (name, known.plan, known.losses)
    assert set(Loss) == {Loss.auto, *(loss for known in BUILT_IN.values() for loss in known.losses)}


def test_an_unknown_model_lists_the_models():
    with pytest.raises(UserError, match=r"'gage'; available:.*s2cnn_150k.*did you mean gauge"):
        load_config("gage")


@pytest.mark.parametrize(
    ("model", "words", "message"),
    [
        ("gauge", ["domain.level=1"], "plan goes 2 levels down"),
        ("p4", ["domain.chart=equirectangular"], "azimuthal"),
        (
            "p4",
            ["domain.kind=cubed_sphere", "domain.size=8", "model.group=p4m"],
            r"model\.group=p4m: .* glued by rotations alone",
        ),
        (
            "p4",
            ["domain.kind=cubed_sphere", "domain.size=8", "model.subsampling=equivariant"],
            r"model\.subsampling=equivariant: .*model\.subsampling=stride is exact",
        ),
        ("s2cnn", ["domain.bandwidth=4"], "bandwidth"),
    ],
)
def test_what_cannot_be_built_is_refused(model, words, message):
    with pytest.raises(UserError, match=message):
        build_model(load_config(model, overrides=words))
