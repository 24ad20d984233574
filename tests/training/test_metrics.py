from __future__ import annotations

import math

import pytest
import torch

from gaugecnn.data.images.sources import picture_description
from gaugecnn.errors import UserError
from gaugecnn.tasks.classification import Classification
from gaugecnn.tasks.confusion import (
    WeightedConfusion,
    accuracy,
    intersection_over_union,
    segmentation_metrics,
)
from gaugecnn.tasks.losses import Loss
from gaugecnn.tasks.segmentation import Segmentation


def confusion(prediction, truth, weight, classes=3):
    metric = WeightedConfusion(classes)
    metric.update(torch.tensor(prediction), torch.tensor(truth), torch.tensor(weight))
    return metric.compute()


def test_known_values():
    matrix = confusion([0, 1, 1, 2], [0, 1, 2, 2], [1.0, 2.0, 3.0, 4.0])
    assert matrix.tolist() == [[1, 0, 0], [0, 2, 0], [0, 3, 4]]
    assert accuracy(matrix) == pytest.approx(70)
    iou = intersection_over_union(matrix)
    assert iou.tolist() == pytest.approx([100, 100 * 2 / 5, 100 * 4 / 7])


def test_absent_classes_are_left_out_and_counted():
    matrix = confusion([0, 1], [0, 1], [1.0, 1.0], classes=4)
    assert intersection_over_union(matrix)[2:].isnan().all()
    metrics = segmentation_metrics(matrix, matrix)
    assert metrics["miou"] == metrics["miou_foreground"] == 100
    assert metrics["classes_absent"] == 2


def test_background_is_left_out_of_the_foreground():
    matrix = confusion([0, 0, 1], [0, 1, 1], [8.0, 1.0, 1.0], classes=2)
    metrics = segmentation_metrics(matrix, matrix)
    assert metrics["miou_foreground"] == pytest.approx(50)
    assert metrics["miou"] == pytest.approx(50 * (8 / 9 + 1 / 2))


def test_area_and_pixel_weights_differ():
    by_area = confusion([0, 1, 1], [0, 1, 0], [8.0, 1.0, 1.0], classes=2)
    by_pixel = confusion([0, 1, 1], [0, 1, 0], [1.0, 1.0, 1.0], classes=2)
    metrics = segmentation_metrics(by_area, by_pixel)
    assert metrics["accuracy"] == pytest.approx(90)
    assert metrics["pixel_miou_foreground"] == pytest.approx(50)


def test_batches_add_up():
    whole, parts = WeightedConfusion(5), WeightedConfusion(5)
    prediction, truth = torch.randint(5, (2, 40, 7))
    weight = torch.rand(7)
    whole.update(prediction, truth, weight)
    for rows in torch.arange(40).split(9):
        parts.update(prediction[rows], truth[rows], weight)
    torch.testing.assert_close(whole.compute(), parts.compute())
    assert whole.compute().sum().item() == pytest.approx(40 * weight.sum().item(), rel=1e-6)


PICTURES = picture_description(1, 1)


@pytest.mark.parametrize(
    ("task", "first"),
    [(Segmentation, Loss.sqrt_balanced), (Classification, Loss.cross_entropy)],
)
def test_losses(task, first):
    assert task(PICTURES).loss_name is first
    with pytest.raises(UserError, match="expected one of auto, .*cross_entropy.*got 'dice'"):
        task(PICTURES, "dice")


def test_balanced_classes_weigh_by_their_inverse_frequency():
    description = picture_description(1, 3)
    logits = torch.tensor([[2.0, 0, 0], [0, 2, 0], [0, 0, 2]])
    truth = torch.tensor([0, 0, 2])
    frequencies = torch.tensor([0.5, 0.0, 0.25])
    each = -logits.log_softmax(1)[torch.arange(3), truth]
    for name, weights in (("balanced", [2, 2, 4]), ("sqrt_balanced", [2**0.5, 2**0.5, 2])):
        task = Classification(description, name)
        task.weigh(frequencies)
        weight = torch.tensor(weights, dtype=torch.float32)
        expected = (weight * each).sum() / weight.sum()
        torch.testing.assert_close(task.loss(logits, truth, torch.ones(())), expected)
    plain = Classification(description)
    plain.weigh(frequencies)
    torch.testing.assert_close(plain.loss(logits, truth, torch.ones(())), each.mean())


def test_weighted_loss_is_the_weighted_mean():
    logits = torch.zeros(1, 2, 4)
    logits[0, 1, 0] = 3.0
    truth = torch.tensor([[1, 0, 0, 0]])
    weight = torch.tensor([1.0, 1, 1, 5])

    def loss(name):
        return Segmentation(PICTURES, name).loss(logits, truth, weight)

    plain = loss(Loss.cross_entropy)
    right, unsure = math.log(1 + math.exp(-3)), math.log(2)
    assert plain.item() == pytest.approx((right + 7 * unsure) / 8)
    # Balanced: the digit's one eighth counts as much as the background's seven.
    balanced = loss(Loss.balanced)
    assert balanced.item() == pytest.approx((right + unsure) / 2)
    root = loss(Loss.sqrt_balanced)
    a, b = math.sqrt(1 / 8), math.sqrt(7 / 8)
    assert root.item() == pytest.approx((a * right + b * unsure) / (a + b))
