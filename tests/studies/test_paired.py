"""Test images one by one: metrics on common points, intervals of differences between networks."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from gaugecnn.data.turning import linear_weights
from gaugecnn.records.files import read_summary
from gaugecnn.studies.confusions import IMAGES, Score, read_matrices
from gaugecnn.studies.paired import METRICS, interval
from gaugecnn.surfaces import Icosphere, LatLonGrid
from gaugecnn.tasks.confusion import segmentation_metrics
from tests.cli.calls import call, succeed
from tests.studies.calls import CPU, numbers

IMAGE_COUNT = 1000
ACCURACY = Score("classification", background=False)


def named(right: np.ndarray) -> torch.Tensor:
    """Of two classes: the confusion of each image, whose true class is 0."""
    matrices = torch.zeros(len(right), 2, 2, dtype=torch.float64)
    matrices[torch.arange(len(right)), 0, 1 - torch.from_numpy(right)] = 1
    return matrices


@pytest.fixture
def answers() -> tuple[np.ndarray, np.ndarray]:
    """Which images two classifiers name rightly, 1 or 0: the second misses 100 more."""
    first = np.ones(IMAGE_COUNT, dtype=int)
    first[:200] = 0
    second = first.copy()
    second[150:300] = 0
    return first, second


def test_the_interval_is_that_of_paired_differences(answers) -> None:
    first, second = answers
    found = interval([named(first)], [named(second)], ACCURACY)
    assert found.value == pytest.approx(10.0)
    deviation = 100 * (first - second).std() / math.sqrt(IMAGE_COUNT)
    assert found.low == pytest.approx(10 - 1.96 * deviation, abs=0.15)
    assert found.high == pytest.approx(10 + 1.96 * deviation, abs=0.15)
    unpaired = 100 * math.sqrt((first.var() + second.var()) / IMAGE_COUNT)
    assert deviation < 0.6 * unpaired
    back = interval([named(second)], [named(first)], ACCURACY)
    assert back == pytest.approx((-found.value, -found.high, -found.low))


def test_equal_networks_differ_by_nothing(answers) -> None:
    first, second = (named(right) for right in answers)
    assert interval([first], [first], ACCURACY) == (0, 0, 0)
    both = interval([first, second], [second, first], ACCURACY)  # the mean over seeds
    assert both == pytest.approx((0, 0, 0))


def test_many_matrices_are_judged_as_one_is() -> None:
    matrices = torch.rand(5, 4, 4, dtype=torch.float64)
    matrices[0, 2], matrices[0, :, 2] = 0, 0  # a class that appears nowhere
    score = Score("segmentation", background=True)
    for matrix, main in zip(matrices, score.mains(matrices), strict=True):
        expected = segmentation_metrics(matrix, matrix)
        found = score.metrics(matrix)
        assert {key: expected[key] for key in found} == pytest.approx(found)
        assert float(main) == pytest.approx(expected["miou_foreground"])


def test_fields_are_read_linearly_between_points() -> None:
    common = Icosphere(3).points
    for domain, bound in ((LatLonGrid(12), 0.02), (LatLonGrid(24), 0.005), (Icosphere(3), 1e-9)):
        index, weight = linear_weights(domain, common)
        torch.testing.assert_close(weight.sum(1), torch.ones(len(common), dtype=weight.dtype))
        heights = (domain.points[index][..., 2] * weight).sum(1)
        assert (heights - common[:, 2]).abs().max() < bound


SCORED = """
tests: [{name: images, function: 'gaugecnn.studies.image_scores:rows', options: {level: 2}}]
differences:
  - {name: gap, test: images, factor: network, of: cnn, minus: p4, conditions: [rotated, unrotated]}
"""
SHOWN = (
    "  - {name: gap, title: Gap, rows: [model], columns: [condition, metric], where: {test: gap}}"
)


def scored(text: str, folder: Path) -> list[dict[str, str]]:
    (folder / "small.yaml").write_text(text)
    succeed("study", "small.yaml", "output=runs", *CPU)
    return numbers(folder / "runs" / "results")


def test_a_study_compares_networks_image_by_image(written, folder: Path) -> None:
    text = written(SCORED).read_text().replace("figures:", f"{SHOWN}\nfigures:")
    rows = scored(text, folder)
    images = [row for row in rows if "/" in row["test_condition"]]
    assert {row["metric"] for row in images} == {"accuracy"}
    own = {(row["model"], row["test_condition"]): row["value"] for row in rows if row not in images}
    for row in images:  # of classes there are no points to share
        condition = row["test_condition"].rpartition("/")[2]
        assert own[row["model"], condition] == row["value"]
    gaps = {
        (row["test_condition"], row["metric"]): float(row["value"])
        for row in rows
        if row["model"] == "cnn minus p4"
    }
    assert len(gaps) == 2 * len(METRICS)
    for condition in ("rotated", "unrotated"):
        value, low, high = (gaps[condition, metric] for metric in METRICS)
        difference = float(own["cnn", condition]) - float(own["p4", condition])
        assert value == pytest.approx(difference, abs=1e-3)
        assert low <= value <= high
    table = (folder / "runs" / "results" / "gap.md").read_text()
    assert "cnn minus p4" in table
    before = (folder / "runs" / "results" / "results.csv").read_bytes()
    for run in (folder / "runs").glob("p4-*"):  # what an earlier table knows is kept
        (run / "summary.json").unlink()
    assert call("study", "small.yaml", "--report", "output=runs", *CPU).exit_code == 0
    assert (folder / "runs" / "results" / "results.csv").read_bytes() == before


def test_segmenters_are_judged_on_common_points(written, folder: Path) -> None:
    text = written(SCORED).read_text()
    text = text.replace("p4: [model=p4, domain.size=16]", "p4: [model=gcn, domain.level=2]")
    text = text.replace("question", "columns: {model: '{network}'}\nquestion", 1)
    text = text.replace("words: [", "words: [task=segmentation, ").replace("accuracy", "miou")
    rows = scored(text, folder)
    common = {
        (row["model"], row["metric"]): float(row["value"])
        for row in rows
        if row["test_condition"] == "icosphere(level=2)/rotated"
    }
    assert {metric for _, metric in common} == {"miou", "miou_foreground", "accuracy"}
    own = {
        (row["model"], row["metric"]): float(row["value"])
        for row in rows
        if row["test_condition"] == "rotated"
    }
    # the icosphere of that level has these points itself, the chart has others
    for metric in ("miou", "miou_foreground", "accuracy"):
        assert common["p4", metric] == pytest.approx(own["p4", metric], abs=1e-3)
    assert common["cnn", "accuracy"] != pytest.approx(own["cnn", "accuracy"], abs=1e-3)
    (run,) = (folder / "runs").glob("gcn-*")
    matrices, score = read_matrices(run / IMAGES, "rotated", "segmentation")
    assert matrices.shape == (24, 11, 11)
    assert matrices.sum((1, 2)) == pytest.approx(4 * math.pi)
    assert score.first == 1
    assert read_summary(run)["task"] == "segmentation"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("test: images,", "test: image,", "expected a test by"),
        ("factor: network", "factor: net", "no label 'net'"),
        ("of: cnn", "of: cn", "differences[0].of: no 'cn'; there are: "),
        ("of: cnn", "where: {data: 1}, of: cnn", "no label 'data'"),
    ],
)
def test_a_mistake_is_one_line(written, old: str, new: str, message: str) -> None:
    assert old in SCORED
    result = call("study", written(SCORED.replace(old, new)), "output=runs", *CPU)
    assert result.exit_code == 2
    assert message in result.stderr
