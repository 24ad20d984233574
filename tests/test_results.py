"""Committed results carry their provenance, and say what the README says of them."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import pytest

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
COLUMNS = [
    *("model", "task", "seed", "train_rotation", "train_size", "test_condition", "metric"),
    *("value", "parameters", "train_seconds", "device", "dtype", "commit", "command"),
]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "path", sorted(EXPERIMENTS.glob("*/results.csv")), ids=lambda p: p.parent.name
)
def test_every_number_carries_its_provenance(path):
    rows = rows_of(path)
    assert rows
    for row in rows:
        assert list(row)[: len(COLUMNS)] == COLUMNS  # benchmarks append a few
        assert all(row[name] for name in COLUMNS), row
        assert len(row["commit"]) == 12, "measured on a changed checkout"
        float(row["value"])


def values(name: str, dtype: str = "float32") -> dict[tuple[str, str, str], float]:
    """The numbers of an experiment by model, test and metric."""
    rows = rows_of(EXPERIMENTS / name / "results.csv")
    return {
        (row["model"], row["test_condition"], row["metric"]): float(row["value"])
        for row in rows
        if row["dtype"] == dtype
    }


def test_what_sampling_does_to_aliasing():
    found = values("s2cnn_aliasing", "float64")
    model, metric = "degrees below 16, all orders", "equivariance_error_mean"
    for name in ("relu", "gelu", "tanh", "softplus"):
        errors = [found[model, f"{name}, sampling={s}", metric] for s in ("1", "1.25", "1.5", "2")]
        assert errors == sorted(errors, reverse=True)
    assert found[model, "product, sampling=1.25", metric] > 1e-3
    assert found[model, "product, sampling=1.5", metric] < 1e-12


def test_a_critical_grid_is_learned_from():
    accuracies: dict[tuple[str, str], list[float]] = {}
    for row in rows_of(EXPERIMENTS / "s2cnn_aliasing" / "results.csv"):
        if row["metric"] == "accuracy":
            key = row["model"].partition(", ")[2], row["test_condition"]
            accuracies.setdefault(key, []).append(float(row["value"]))
    gaps = {
        name: fmean(accuracies[name, "unrotated"]) - fmean(accuracies[name, "rotated"])
        for name, _ in accuracies
    }
    assert gaps["relu, sampling=1"] > 2 > 1 > gaps["relu, sampling=1.25"]
    assert abs(gaps["product, sampling=1.5"]) < 0.5


def test_an_exact_network_loses_nothing_when_digits_turn():
    """99 % was asked for: on the published generator's pictures it is had, on ours missed."""
    rows = rows_of(EXPERIMENTS / "s2cnn_mnist" / "results.csv")
    tests = ("unrotated", "rotated")
    found = {
        (row["model"], row["test_condition"]): float(row["value"])
        for row in rows
        if row["metric"] == "accuracy" and row["test_condition"] in tests
    }
    assert len(found) == 6
    assert found["their pictures", "rotated"] > 99
    for model, _ in found:
        assert found[model, "rotated"] > 97.64  # the published network of 154,550 parameters
        assert abs(found[model, "unrotated"] - found[model, "rotated"]) <= 0.2
    assert all(int(row["parameters"]) <= 100_000 for row in rows)
    assert all(row["device"] == "cpu (1 threads)" for row in rows)
    assert all(float(row["train_seconds"]) <= 2 * 9000 for row in rows)  # two cores were allowed


def test_a_trained_network_leaks_where_its_grids_are_too_coarse():
    errors = {
        test: value
        for (_, test, metric), value in values("s2cnn_mnist", "32-true").items()
        if metric == "logit_error_mean"
    }
    assert errors["as trained"] < 1e-5
    assert min(errors[f"stage {i}, sampling=1"] for i in range(5)) > 1e-2
    assert errors["stage 5, sampling=1"] < 1e-5  # the integral reads degree 0 alone
    assert errors["all stages, sampling=1.5"] < 1e-5


def test_what_a_gauge_convolution_costs():
    rows = rows_of(EXPERIMENTS / "gauge_cost" / "results.csv")
    cost = {
        (row["test_condition"].split(",")[0], row["metric"]): float(row["value"])
        for row in rows
        if row["model"].startswith("GaugeConv")
    }
    assert cost["icosphere4", "latency_ratio"] <= 3.5
    assert cost["icosphere4", "train_step_ratio"] <= 3.5
    assert cost["icosphere4", "forward_memory_ratio"] <= 10
    per_vertex = {
        level: cost[f"icosphere{level}", "forward_memory_mb"] / (10 * 4**level + 2)
        for level in (4, 5, 6)
    }
    assert max(per_vertex.values()) < 1.1 * min(per_vertex.values())  # memory grows linearly
    for kind in ("ring", "disc"):
        for what in ("mean", "max"):
            errors = [cost[f"icosphere{n}", f"rotation_error_{kind}_{what}"] for n in (2, 3, 4, 5)]
            halved = [fine < coarse / 2 for coarse, fine in pairwise(errors)]
            # The largest on the ring misses it from level 2 to 3: the README says so.
            assert all(halved[1:]), errors
            assert halved[0] or (kind, what) == ("ring", "max"), errors
            assert errors[-1] < errors[0] / 8
    assert all(cost[f"icosphere{n}", "icosahedral_error"] < 1e-5 for n in (2, 3, 4, 5))


def test_what_a_p4_convolution_costs():
    cost = values("p4_cost")
    for layer in ("P4ConvZ2", "P4ConvP4", "P4MConvZ2", "P4MConvP4M"):
        assert cost[layer, "28x28, batch64", "latency_ratio"] <= 1.1
        assert cost[layer, "28x28, batch64", "train_step_ratio"] <= 1.2


def transferred(task: str, metric: str) -> dict[str, float]:
    """The mean score of the trained gauge network by test, or its dependence on frames, the worst.

    Over three seeds.
    """
    rows = rows_of(EXPERIMENTS / "manifold_transfer" / "results.csv")
    assert all(int(row["parameters"]) <= 100_000 for row in rows)
    assert all(float(row["train_seconds"]) <= 1200 for row in rows)
    frames = metric.startswith("frame")
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["task"] == task and row["metric"] == metric:
            name = f"{row['test_condition']}{row['dtype'] * frames}"
            found.setdefault(name, []).append(float(row["value"]))
    assert all(len(each) == 3 for each in found.values())
    return {name: max(each) if frames else fmean(each) for name, each in found.items()}


def test_what_a_network_of_the_sphere_knows_elsewhere():
    found = transferred("classification", "accuracy")
    assert found["rotated"] >= 95
    assert abs(found["unrotated"] - found["rotated"]) <= 0.5
    assert found["ellipsoid/rotated"] >= 90
    masks = transferred("segmentation", "miou_foreground")
    assert masks["rotated"] >= 84  # 8,000 upright images, less than 20 minutes of one core
    assert abs(masks["unrotated"] - masks["rotated"]) <= 0.5


@pytest.mark.parametrize("task", ["classification", "segmentation"])
@pytest.mark.parametrize("what", ["logits", "gradients"])
def test_a_trained_network_knows_nothing_of_frames(task, what):
    found = transferred(task, f"frame_error_{what}")
    assert len(found) == 14  # the sphere and six surfaces, in two precisions
    for name, error in found.items():
        assert error <= (5e-5 if name.endswith("float32") else 1e-10), name


def geometry(dtype: str, metric: str) -> dict[tuple[str, str], float]:
    """One metric of the geometry by model and surface."""
    found = values("geometry", dtype)
    return {
        (model, where): value for (model, where, name), value in found.items() if name == metric
    }


def test_discs_are_linear_and_exact():
    """Beside what `expected` of the study says."""
    seconds = {where: s for (_, where), s in geometry("float64", "discs_s").items()}
    assert seconds["163,842 vertices"] < 1.5 * 16 * seconds["10,242 vertices"]
    assert len(geometry("float64", "distance_error_max")) >= 45
    # Where a line passes a nearly flat vertex, both sides are equally long to the last digits.
    assert max(geometry("float64", "direction_error_max").values()) <= 1e-4


def test_networks_see_the_surface_alone():
    changes = ("vertices permuted", "faces shuffled", "corners cycled", "moved far away", "turned")
    for dtype, limit in (("float64", 1e-5), ("float32", 1e-4)):
        for change in changes:
            found = geometry(dtype, change)
            assert len(found) == 2 * 8  # two tasks, eight surfaces
            # One surface of RNA misses it when it is moved or reordered: the README says so.
            others = [error for (_, where), error in found.items() if where != "RNA 1KD1_B"]
            assert max(others) <= limit
            assert max(found.values()) <= 2 * max(limit, 1e-4)


def test_consistency_falls_with_degree_and_level():
    found = values("stencil_consistency", "float64")

    def anisotropy(kernel: str, level: int, function: str = "harmonic 6", order: int = 1) -> float:
        return found[kernel, f"icosphere{level}, {function}", f"anisotropy_order{order}"]

    for level in (3, 4, 5):
        errors = [anisotropy(f"disc 2.3 edges, degree {d}", level) for d in (1, 2, 3)]
        assert errors == sorted(errors, reverse=True)
    for degree, factor in ((1, 2), (2, 3.4), (3, 7)):
        kernel = f"disc 2.3 edges, degree {degree}"
        assert anisotropy(kernel, 3) > factor * anisotropy(kernel, 4)
        assert anisotropy(kernel, 4) > factor * anisotropy(kernel, 5)
    assert anisotropy("one ring, plain", 5) > anisotropy("one ring, plain", 3)
    for order in (1, 2):  # what a mesh hardly shows, the ring reads wrongly
        ring, disc = (
            anisotropy(f"{support}, degree {d}", 4, "waves of 3 edges", order)
            for support, d in (("one ring", 2), ("disc 2.3 edges", 3))
        )
        assert ring > 3 * disc


def test_exact_equivariance_is_constant_and_approximate_wins_where_it_was_trained():
    """The pattern of Edixhoven et al. (2023), in means over seeds."""
    rows = rows_of(EXPERIMENTS / "exact_or_approximate" / "results.csv")
    found: dict[tuple[str, str, int], list[float]] = {}
    turned = [row for row in rows if row["test_condition"].startswith("turned by ")]
    for row in [row for row in turned if row["metric"] == "accuracy"]:
        angle = int(row["test_condition"].split()[2])
        found.setdefault((row["train_rotation"], row["model"], angle), []).append(
            float(row["value"])
        )
    mean = {key: sum(values) / len(values) for key, values in found.items()}
    exact, approximate, plain = "p4 exact (28)", "p4 approximate (27)", "Z2 (28)"
    for name in (exact, "p4 subsampled (27)"):
        for training in ("upright", "uniform"):
            quarters = [found[training, name, angle] for angle in (0, 90, 180, 270)]
            assert all(values == quarters[0] for values in quarters[1:])
    assert 0.5 <= mean["upright", approximate, 0] - mean["upright", exact, 0] <= 1.5
    assert mean["upright", exact, 180] - mean["upright", approximate, 180] >= 25
    for angle in (0, 90, 180, 270):
        assert abs(mean["uniform", exact, angle] - mean["uniform", approximate, angle]) <= 0.5
    assert max(mean["upright", plain, 90], mean["upright", plain, 270]) <= 30
