"""Every shipped network: what is predicted exact is exact, and what is listed is predicted."""

from __future__ import annotations

import math
from functools import cache

import pytest
import torch

from gaugecnn import audit_model, build_model, load_config
from gaugecnn.audit import Audit, randomised
from gaugecnn.audit.layers import parts_of
from gaugecnn.audit.predict import claims_of, together
from gaugecnn.audit.symmetries import Kind
from gaugecnn.claims import Prediction
from gaugecnn.config import available, model_tasks

SMALLER = {
    "gauge": ["domain.level=2"],
    "gcn": ["domain.level=2"],
    "p4": ["domain.size=24"],
    "cnn": ["domain.size=24"],
}
QUICK = {*SMALLER, "p4_25k", "z2_25k", "s2cnn"}
NETWORKS = [
    pytest.param(name, task, marks=[] if name in QUICK else pytest.mark.slow)
    for name in available("model")
    if name != "cnn_augerino"  # is refused, see tests/test_augmentation.py
    for task in model_tasks(name)
]
VARIANTS = {
    "gates": ("gauge", "segmentation", "model.nonlinearity=norm_gate"),
    "circles": ("gauge", "classification", "model.nonlinearity=regular"),
    "no norm": ("gauge", "segmentation", "model.normalisation=none"),
    "relu": ("s2cnn", "classification", "model.nonlinearity=relu"),
    "critical": ("s2cnn", "classification", "model.sampling=1"),
    "all orders": ("s2cnn", "classification", "model.max_order=null"),
    "no skips": ("s2cnn", "segmentation", "model.segmentation.skip=false"),
    "no head": ("s2cnn", "segmentation", "model.segmentation.head.hidden=[]"),
    "no skips, no head": (
        "s2cnn",
        "segmentation",
        "model.segmentation.skip=false",
        "model.segmentation.head.hidden=[]",
    ),
    "p4 in the plane": ("p4", "segmentation", "domain.chart=plane"),
    "p4m": ("p4", "classification", "model.group=p4m"),
    "p4m, chosen cosets": (
        *("p4", "segmentation", "model.group=p4m"),
        "model.subsampling=equivariant",
    ),
    "chosen cosets": (
        *("p4_25k", "classification", "domain.chart=plane", "domain.size=27"),
        "model.subsampling=equivariant",
    ),
    "p4 on six charts": ("p4", "segmentation", "domain.kind=cubed_sphere", "domain.size=8"),
    "p4 on six charts, invariant": (
        *("p4", "classification", "domain.kind=cubed_sphere", "domain.size=8"),
    ),
    "cnn on six charts": ("cnn", "segmentation", "domain.kind=cubed_sphere", "domain.size=8"),
}


@cache
def audit_of(model: str, task: str, *words: str) -> Audit:
    config = load_config(model, task, [*SMALLER.get(model, []), *words])
    return audit_model(randomised(build_model(config)))


@pytest.mark.parametrize(("model", "task"), NETWORKS)
def test_predicted_exact_is_exact(model: str, task: str) -> None:
    found = audit_of(model, task)
    assert found.blame() == ""
    assert all(math.isfinite(row.maximum) for row in found.rows)
    assert all(row.reason for row in found.rows)


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_are_predicted_too(name: str) -> None:
    assert audit_of(*VARIANTS[name]).blame() == ""


@pytest.mark.parametrize("name", ["no head", "no skips, no head"])
def test_the_s2cnn_segments_alike_in_every_pose(name: str) -> None:
    """A skip brings no degrees along that the next product would fold back."""
    rows = audit_of(*VARIANTS[name]).of("random rotations (smooth functions)")
    assert all(row.predicted is Prediction.exact for row in rows)
    assert max(row.maximum for row in rows) < 1e-5


@pytest.mark.parametrize(("model", "task"), NETWORKS)
def test_what_a_family_lists_every_layer_claims(model: str, task: str) -> None:
    network = build_model(load_config(model, task, SMALLER.get(model, [])))
    parts = parts_of(network)
    for symmetry in network.exact_symmetries[:4]:
        kind = Kind(symmetry.name, (symmetry,))
        claims = claims_of(network, parts, [kind])
        whole = together([(part.name, claims[kind.name, part.name]) for part in parts])
        assert whole.prediction is Prediction.exact, whole


def test_only_the_regular_nonlinearity_is_approximate_in_other_frames() -> None:
    found = audit_of("gauge", "classification", "model.nonlinearity=regular")
    rows = found.of("change of frames")[1:]
    blamed = {row.layer for row in rows if row.predicted is not Prediction.exact}
    assert blamed == {f"blocks.{i}.activation" for i in range(4)}
    assert {row.layer for row in rows if row.breaks} == blamed
    assert "16 angles" in next(row.reason for row in rows if row.layer in blamed)


def test_aliasing_is_where_the_nonlinearity_is() -> None:
    name = "random rotations (smooth functions)"
    exact = audit_of("s2cnn", "classification").of(name)
    relu = audit_of("s2cnn", "classification", "model.nonlinearity=relu").of(name)
    assert all(row.predicted is Prediction.exact and row.maximum < 1e-4 for row in exact)
    first = next(row for row in relu if row.layer and row.predicted is not Prediction.exact)
    assert first.layer == "blocks.0.activation"
    assert "relu makes degrees" in first.reason
    assert relu[0].maximum > 10 * exact[0].maximum


def test_a_method_that_says_nothing_of_its_layers_is_taken_by_its_list(example) -> None:
    pytest.importorskip("torch_harmonics")
    network = build_model(load_config("examples/own_method/disco.yaml"))
    found = audit_model(randomised(network))
    assert found.failures() == []


def test_it_leaves_the_network_as_it_was() -> None:
    network = build_model(load_config("p4_25k")).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    audit_model(network)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())
