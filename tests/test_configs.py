"""Every YAML builds; the published networks have exactly the published size."""

from __future__ import annotations

import pytest
import torch

from gaugecnn import build_domain, build_model, load_config
from gaugecnn.config import available
from gaugecnn.errors import UserError

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
SMALL = ("gauge", "s2cnn", "p4", "cnn", "gcn")
ACCURATE = {
    ("s2cnn_100k", "classification"): 97_898,
    ("gauge_100k", "classification"): 81_830,
    ("gauge_72k", "classification"): 72_066,
    ("gauge_59k", "segmentation"): 58_587,
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


@pytest.mark.parametrize("key", ACCURATE, ids=lambda k: k[0])
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
    for name in available(group):
        assert load_config("cnn", overrides=[f"{group}={name}"])


def test_same_seed_same_network():
    a, b, c = (build_model(load_config("cnn", overrides=[f"seed={s}"])) for s in (1, 1, 2))
    pairs = list(zip(a.parameters(), b.parameters(), strict=True))
    assert all(torch.equal(x, y) for x, y in pairs)
    assert any(not torch.equal(x, y) for x, y in zip(a.parameters(), c.parameters(), strict=True))


def test_another_kind_of_domain_drops_the_old_keys():
    config = load_config("cnn", overrides=["domain.kind=lat_lon", "domain.bandwidth=16"])
    assert config.domain.size is None
    assert build_domain(config).shape == (32, 32)


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
        (["domain.kind=torus"], r"expected one of lat_lon, chart, icosphere, mesh, got 'torus'"),
        (["train.epochs=0"], r"train.epochs"),
        (["train.epochs=many"], r"train.epochs"),
        (["trainer.devcies=1"], r"did you mean trainer.devices"),
        (["seed"], r"expected key=value"),
    ],
)
def test_mistakes_are_named(words, message):
    with pytest.raises(UserError, match=message):
        load_config("gauge", overrides=words)


def test_an_unknown_model_lists_the_models():
    with pytest.raises(UserError, match=r"'gage'; available:.*s2cnn_150k.*did you mean gauge"):
        load_config("gage")


@pytest.mark.parametrize(
    ("model", "words", "message"),
    [
        ("gauge", ["domain.kind=mesh"], "needs domain.file"),
        ("gauge", ["domain.level=1"], "plan goes 2 levels down"),
        ("gauge", ["domain.level=-1"], "0 <= domain.level <= 7"),
        ("gauge", ["domain.frames=crooked"], "crooked"),
        ("p4", ["domain.chart=equirectangular"], "azimuthal"),
        ("s2cnn", ["domain.bandwidth=4"], "bandwidth"),
        ("s2cnn", ["domain.bandwidth=-4"], "bandwidth"),
        ("gauge", ["model.max_order=x"], "model.max_order"),
        ("gauge", ["model.nonlinearity=tanh"], "tanh"),
        ("gauge", ["model.classification.stages=[{chanels: 3}]"], "chanels"),
        ("gauge", ["model.classification.stages=[]"], "at least one stage"),
    ],
)
def test_what_cannot_be_built_is_refused(model, words, message):
    with pytest.raises(UserError, match=message):
        build_model(load_config(model, overrides=words))
