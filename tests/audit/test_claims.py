"""What layers claim, in words; and what is taken for granted of a method that says nothing."""

from __future__ import annotations

import pytest
import torch

from gaugecnn import audit_model, build_model, load_config
from gaugecnn.audit import randomised
from gaugecnn.claims import Prediction
from gaugecnn.errors import GaugecnnWarning
from gaugecnn.layers import LayerFamily
from gaugecnn.methods.p4 import P4Family
from gaugecnn.methods.s2cnn import S2CNNFamily
from gaugecnn.networks import InvariantNetwork
from gaugecnn.plans import Head
from gaugecnn.surfaces import LatLonGrid
from gaugecnn.surfaces.chart import PlaneChart
from gaugecnn.surfaces.symmetry import AnyRotation, FrameChange, Rotation, same, step_about_z

DROPPED = {
    "pool": ({"pool": 2}, 27, "max_pool 2x2 on 27 rows drops the last row: use 28, or pad"),
    "wide pool": ({"pool": 4}, 27, "max_pool 4x4 on 27 rows drops the last 3 rows: use 28, or pad"),
    "stride": (
        {"stride": 2},
        28,
        "convolution 3x3 in steps of 2 on 28 rows drops the last row: use 29, or pad",
    ),
    "stride behind a pool": (
        {"stride": 2, "pool": 2},
        28,
        "convolution 3x3 in steps of 2 on 14 rows drops the last row: use 15, or pad",
    ),
}


@pytest.mark.parametrize("case", DROPPED)
def test_p4_says_what_is_dropped_and_what_would_help(case: str) -> None:
    options, size, sentence = DROPPED[case]
    family = P4Family(PlaneChart(size))
    quarter = family.chart.symmetries()[0]
    with pytest.warns(GaugecnnWarning):
        layer = family.lift(family.stage_class(4, **options))
    claim = family.claim(layer, quarter, [])
    assert claim.prediction is Prediction.approximate
    assert claim.reason == sentence
    assert family.claim(family.lift(family.stage_class(4)), quarter, []).prediction == "exact"


def test_the_s2cnn_claims_the_degrees_that_its_grid_tells() -> None:
    family = S2CNNFamily(LatLonGrid(8))
    lift = family.lift(family.stage_class(4, bandwidth=6, max_beta=0.3, n_alpha=4, n_beta=1))
    tilt = torch.linalg.matrix_exp(torch.tensor([[0.0, 1, 0], [-1, 0, 0], [0, 0, 0]]).double())
    claims = [family.claim(lift, AnyRotation("tilt", tilt, d), []) for d in (7, 8, None)]
    assert [claim.prediction for claim in claims] == ["exact", "approximate", "approximate"]
    assert "degrees of a signal from 8 on" in claims[1].reason


class Silent(P4Family):
    """A method that knows its symmetries, and says nothing of its layers."""

    claim = LayerFamily.claim


def test_a_method_that_says_nothing_is_taken_by_its_list() -> None:
    family = Silent(PlaneChart(12))
    stages = [family.stage_class(4), family.stage_class(4)]
    network = InvariantNetwork(family, stages, Head(), 3)
    found = audit_model(randomised(network))
    assert found.failures() == []
    turns, mirrors = found.of("quarter turns"), found.of("reflections")
    assert {row.predicted for row in turns} == {"exact"}
    assert {row.reason for row in turns} >= {"Silent lists it"}
    assert mirrors[0].predicted == "none"
    assert mirrors[0].reason == "blocks.0.layer: Silent does not claim it"


def test_which_symmetries_are_the_same() -> None:
    grid = LatLonGrid(4)
    quarter, again = (Rotation(name, step_about_z(4), grid) for name in "ab")
    assert same(quarter, again)
    assert not same(quarter, Rotation("half", step_about_z(2), grid))
    frames = [FrameChange(torch.rand(3)) for _ in range(2)]
    assert same(*frames)
    assert not same(frames[0], quarter)


def test_rotations_of_functions_do_not_act_on_samples() -> None:
    tilt = AnyRotation("tilt", torch.eye(3))
    with pytest.raises(ValueError, match="tilt acts on functions"):
        tilt.on_signal(torch.zeros(1, 1, 4))


@pytest.mark.parametrize("model", ["gauge", "gcn"])
def test_a_mirror_is_not_promised_and_its_error_is_told(model: str) -> None:
    network = build_model(load_config(model, overrides=["domain.level=2"]))
    row = audit_model(randomised(network)).of("point reflection")[0]
    assert row.predicted == "none"
    assert row.breaks == (model == "gauge")  # what is isotropic tells no left from right
