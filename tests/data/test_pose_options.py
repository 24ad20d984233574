from __future__ import annotations

import math

import pytest
import torch

from gaugecnn import build_datamodule, load_config
from gaugecnn.data.poses import NormalAngles, Poses
from gaugecnn.errors import UserError
from gaugecnn.surfaces import Icosphere
from gaugecnn.surfaces.domain import PoseDistribution


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("domain.chart=plane", "data.rotation=so3"), r"data\.rotation=so3: expected none or z"),
        (("data.angle_mean=45", "data.angle_spread=20"), r"angle_mean=45 is of data\.rotation=z"),
        (("data.rotation=so3", "data.angle_spread=20"), r"angle_spread=20 is of .* got so3"),
        (("data.rotation=z", "data.angle_mean=45"), r"angle_mean needs data\.angle_spread"),
        (("data.rotation=z", "data.angle_spread=45"), r"angle_spread needs data\.angle_mean"),
        (
            ("data.rotation=z", "data.angle_mean=0", "data.angle_spread=-2"),
            r"data\.angle_spread: expected degrees >= 0, got -2",
        ),
        (
            ("data.rotation=z", "data.angle_mean=.nan", "data.angle_spread=2"),
            r"data\.angle_mean: expected a finite number, got nan",
        ),
    ],
)
def test_poses_that_there_are_not_are_refused(words, message):
    with pytest.raises(UserError, match=message):
        load_config("p4", overrides=words)


def test_angles_have_the_mean_and_the_spread_that_are_asked_for():
    angles = NormalAngles(45, 20).draw(20000, torch.Generator().manual_seed(0))
    assert float(angles.mean()) == pytest.approx(math.radians(45), abs=0.01)
    assert float(angles.std()) == pytest.approx(math.radians(20), rel=0.02)
    still = NormalAngles(-90, 0).draw(3, torch.Generator())
    torch.testing.assert_close(still, torch.full((3,), -math.pi / 2).double())


def test_poses_are_drawn_by_angle_afresh_each_epoch_or_once():
    domain = Icosphere(0)
    poses = Poses(PoseDistribution.z, None, (1,), NormalAngles(90, 0))
    expected = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    torch.testing.assert_close(poses.draw(domain, 2, 0), expected.expand(2, 3, 3))
    fresh = Poses(PoseDistribution.z, None, (1,), NormalAngles(0, 10))
    kept = Poses(PoseDistribution.z, 2, (1,), NormalAngles(0, 10))
    assert not torch.equal(fresh.draw(domain, 2, 0), fresh.draw(domain, 2, 1))
    assert torch.equal(kept.draw(domain, 2, 0), kept.draw(domain, 2, 1))
    assert len(kept.draw(domain, 2, 0)) == 4


def test_training_and_validation_see_the_angles_and_the_tests_do_not():
    words = ("data.rotation=z", "data.angle_mean=90", "data.angle_spread=0", "data.train_size=20")
    data = build_datamodule(load_config("p4", overrides=[*words, "data.test_size=20"]))
    for seen in (data.train_set, data.validation_set):
        assert seen.draw(0)[:, 1, 0].min() > 0.999
    upright = data.test_sets["unrotated"].draw(0)
    assert torch.equal(upright, torch.eye(3).expand_as(upright))
    assert data.test_sets["rotated"].draw(0)[:, 2, 2].std() > 0.1
    assert data.train_set.in_poses(PoseDistribution.none).draw(0)[0, 1, 0] == 0
