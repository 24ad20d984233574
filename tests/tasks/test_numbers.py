"""Regressions: losses and metrics of known values, and networks in the units of their targets."""

from __future__ import annotations

import math

import pytest
import torch

from gaugecnn.data.batch import Batch
from gaugecnn.data.description import Description, moments
from gaugecnn.errors import UserError
from gaugecnn.heads import Head, Units, VectorHead
from gaugecnn.tasks.numbers import ErrorMetric
from gaugecnn.tasks.regression import FieldRegression, Regression

NUMBERS = Description(
    1, {"regression": 2}, target_mean=(10.0, -1.0), target_deviation=(2.0, 0.5), background=False
)
FIELDS = Description(1, {"field_regression": 1}, target_mean=(3.0,), target_deviation=(2.0,))
VECTORS = Description(1, {"field_regression": 1}, target_deviation=(2.0,), tangent=True)
ONE = torch.ones(())


def test_moments_leave_out_what_is_missing():
    numbers = torch.tensor([[1.0, 3, math.nan], [5, 5, 5]])
    assert moments(numbers) == ((2.0, 5.0), (1.0, 1.0))
    weighted = moments(numbers, torch.tensor([[3.0, 1, 1]]))
    assert weighted[0] == (1.5, 5.0)
    assert weighted[1][0] == pytest.approx(math.sqrt(0.75))


def test_losses_are_of_distances_in_deviations():
    outputs = torch.tensor([[10.0, -1.0], [14.0, -1.0]])
    target = torch.tensor([[10.0, -1.0], [10.0, 0.0]])  # 0, 0 and 2, 2 deviations off
    values = {"l2": 2.0, "l1": 1.0, "huber": 0.75, "auto": 2.0}
    for name, expected in values.items():
        assert Regression(NUMBERS, name).loss(outputs, target, ONE).item() == expected
    missing = torch.tensor([[10.0, math.nan], [10.0, 0.0]])
    outputs.requires_grad_()
    loss = Regression(NUMBERS).loss(outputs, missing, ONE)
    assert loss.item() == pytest.approx(8 / 3)
    loss.backward()
    assert outputs.grad[0, 1] == 0
    assert torch.isfinite(outputs.grad).all()


def test_fields_are_weighed_by_area():
    task, areas = FieldRegression(FIELDS), torch.tensor([3.0, 1.0])
    outputs, target = torch.zeros(1, 1, 2), torch.tensor([[[2.0, 4.0]]])
    assert task.loss(outputs, target, areas).item() == pytest.approx((3 * 1 + 4) / 4)
    metric = task.metrics()
    metric.update(outputs, target, areas)
    found = metric.compute()
    assert found["mae"] == pytest.approx((3 * 2 + 4) / 4)
    assert found["rmse"] == pytest.approx(math.sqrt((3 * 4 + 16) / 4))
    assert found["nrmse"] == pytest.approx(found["rmse"] / 2)
    mean, squares = (3 * 2 + 4) / 4, (3 * 4 + 16) / 4
    assert found["r2"] == pytest.approx(1 - squares / (squares - mean**2))


def test_vectors_err_by_their_distance_and_have_no_mean():
    task = FieldRegression(VECTORS)
    assert torch.equal(task.units.mean, torch.zeros(1))
    outputs, target = torch.zeros(1, 1, 3, 2), torch.zeros(1, 1, 3, 2)
    outputs[..., 0, 0], target[..., 1, 0] = 3, 4  # a distance of 5 at one of two points
    areas = torch.ones(2)
    assert task.loss(outputs, target, areas).item() == pytest.approx(25 / 4 / 2)
    metric = task.metrics()
    metric.update(outputs, target, areas)
    found = metric.compute()
    assert found["mae"] == pytest.approx(2.5)
    assert found["rmse"] == pytest.approx(math.sqrt(12.5))
    assert found["r2"] == pytest.approx(1 - 12.5 / 8)


def test_metrics_add_up_and_tell_outputs_apart():
    generator = torch.Generator().manual_seed(0)
    outputs, target = torch.randn(2, 12, 2, generator=generator)
    whole, parts = (ErrorMetric(torch.ones(2)) for _ in range(2))
    whole.update(outputs, target, ONE)
    for rows in torch.arange(12).split(5):
        parts.update(outputs[rows], target[rows], ONE)
    assert parts.compute() == pytest.approx(whole.compute())
    rows = whole.details().rows
    errors = (outputs - target).square().mean(0).sqrt()
    assert [float(row["rmse"]) for row in rows] == pytest.approx(errors.tolist(), rel=1e-4)
    assert whole.compute()["rmse"] == pytest.approx(errors.mean().item())
    assert whole.details().confusion == []
    whole.reset()
    whole.update(outputs, torch.full_like(target, math.nan), ONE)
    assert math.isnan(whole.compute()["rmse"])


def test_a_constant_answer_has_no_r2_above_0_and_a_perfect_one_has_1():
    target = torch.tensor([[1.0], [2.0], [3.0]])
    for answer, r2 in ((target, 1.0), (torch.full_like(target, 2.0), 0.0)):
        metric = ErrorMetric(torch.ones(1))
        metric.update(answer, target, ONE)
        assert metric.compute()["r2"] == pytest.approx(r2)


def test_units():
    units = Units(torch.tensor([10.0, -1.0]), torch.tensor([2.0, 0.5]))
    assert units(torch.tensor([[1.0, 2.0]])).tolist() == [[12.0, 0.0]]
    assert units(torch.ones(1, 2, 3)).tolist() == [[[12.0] * 3, [-0.5] * 3]]
    assert set(units.state_dict()) == {"mean", "deviation"}


def test_heads_of_vectors_make_them_longer_or_shorter():
    head = VectorHead(Head((4,)), in_channels=1, outputs=2)
    fields, signal = torch.randn(3, 4 + 6, 5), torch.randn(3, 1, 5)
    given = fields[:, 4:].unflatten(1, (2, 3))
    found = head(fields, signal).unflatten(1, (2, 3))
    cosine = torch.nn.functional.cosine_similarity(found, given, dim=2).abs()
    torch.testing.assert_close(cosine, torch.ones_like(cosine))
    assert (found - given).abs().max() > 0.01


def test_targets_of_another_kind_are_refused():
    with pytest.raises(UserError, match="task=regression: .* ask for task=field_regression"):
        Regression(FIELDS)
    with pytest.raises(UserError, match="train.loss: expected one of auto, l2, l1, huber"):
        Regression(NUMBERS, "cross_entropy")
    with pytest.raises(UserError, match="label_smoothing=0.1: task=regression has no labels"):
        Regression(NUMBERS).loss(torch.zeros(1, 2), torch.zeros(1, 2), ONE, 0.1)
    with pytest.raises(UserError, match="the data have no such targets"):
        Regression(NUMBERS).target(Batch(torch.zeros(1), None, torch.zeros(1)))


def test_a_description_comes_back_from_json():
    assert Description.from_json(NUMBERS.to_json()) == NUMBERS
    for damaged in ({"channels": 1}, {**NUMBERS.to_json(), "colour": 3}):
        with pytest.raises(UserError, match="expected the keys"):
            Description.from_json(damaged)
