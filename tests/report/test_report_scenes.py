"""What the networks of a study say of a sample while it turns, and tables that can be sorted."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from gaugecnn.choices import PoseDistribution
from gaugecnn.errors import UserError
from gaugecnn.figures.interactive import triangulation
from gaugecnn.records.directory import open_run
from gaugecnn.report.answers import Asked, agreement, answers, ask_about
from gaugecnn.report.curves import curves
from gaugecnn.report.scenes import NETWORKS, networks, scenes
from gaugecnn.report.tables import leading, sortable
from gaugecnn.report.turning import AXIS, InPlace, Still, Tilted, turning
from gaugecnn.showing import test_sample as sample_of
from gaugecnn.studies.plan import PlannedRun
from gaugecnn.studies.shown import Figure, FigureKind
from gaugecnn.studies.tables import Grid
from gaugecnn.surfaces import Icosphere, LatLonGrid, TriangleMesh
from gaugecnn.surfaces.chart import planar_chart
from tests.studies.test_study_answer import NUMBERS

Runs = tuple[PlannedRun, ...]


def test_one_run_of_each_network_is_asked_by_what_it_is_asked_about(runs: Runs) -> None:
    masks, classes = networks(runs)
    assert [run.name for run in masks] == ["cnn, seed 0", "gcn, seed 0"]
    assert [run.name for run in classes] == ["classifier, seed 0"]
    assert networks(run for run in runs if run.config.seed == 1)[0][0].name == "cnn, seed 1"


def test_a_scene_holds_what_the_network_says(runs: Runs) -> None:
    (masks, classes), why = scenes(runs, 2)
    assert why == []
    content = masks.content
    assert [panel["title"] for panel in content["panels"]] == ["input", "truth", "cnn", "gcn"]
    assert [panel["shape"] for panel in content["panels"]] == [0, 0, 0, 1]
    assert content["angles"] == [15.0 * i for i in range(24)]
    assert masks.legend[:2] == [("background", "#e3e3e3"), ("class 0", "#4e79a7")]
    assert len(masks.legend) == 11
    config, known, network = open_run(networks(runs)[0][1].folder)
    _, sample, _ = sample_of(config, network, known, 2, PoseDistribution.none)
    assert content["panels"][3]["frames"][0] == sample.predicted_mask.tolist()
    truth, turned = (np.array(content["panels"][1]["frames"][i]) for i in (0, 12))
    assert (truth > 0).any()
    assert (truth != turned).any()
    assert set(np.unique(truth)) == set(np.unique(turned))
    assert [len(score["y"]) for score in content["scores"]] == [24, 24]
    (bars,) = classes.content["bars"]
    assert sum(bars["frames"][5]) == pytest.approx(1, abs=1e-3)
    assert classes.content["panels"][0]["kind"] == "grey"
    assert classes.legend == []
    assert f"of class {bars['label']}" in classes.title
    truth_at = bars["classes"].index(bars["label"])
    shown = [round(100 * frame[truth_at], 1) for frame in bars["frames"]]
    assert classes.content["scores"][0]["y"] == pytest.approx(shown, abs=0.1)


def test_fewer_poses_are_the_same_poses(runs: Runs) -> None:
    (masks, _), _ = scenes(runs, 0)
    fewer = masks.every(6).content
    assert fewer["angles"] == [0, 90, 180, 270]
    assert fewer["panels"][2]["frames"][3] == masks.content["panels"][2]["frames"][18]
    assert fewer["scores"][0]["y"][3] == masks.content["scores"][0]["y"][18]


def test_the_score_is_the_area_on_which_both_agree() -> None:
    mask, predicted = np.array([[0, 1, 2, 2, 0]]), np.array([[0, 1, 2, 1, 3]])
    areas = np.array([8.0, 1.0, 2.0, 3.0, 4.0])
    assert agreement(mask, predicted, areas, background=True) == pytest.approx([30.0])
    assert agreement(mask, predicted, areas, background=False) == pytest.approx([50.0])
    assert agreement(mask, mask, areas, background=True) == pytest.approx([100.0])


def test_answers_are_scored_by_what_is_known(runs: Runs) -> None:
    masks, classes = (answers(ask_about(group[0], 1), Tilted(3)) for group in networks(runs))
    areas = ask_about(runs[0], 1).network.domain.areas.numpy()
    assert masks.measured == "overlap with the truth"
    assert (masks.score == agreement(masks.mask, masks.predicted, areas, True)).all()
    assert masks.probabilities is None
    assert classes.measured == f"probability of class {classes.label}"
    assert np.allclose(classes.score, 100 * classes.probabilities[:, classes.label])


def test_more_networks_than_a_browser_keeps_are_left_out(runs: Runs, monkeypatch) -> None:
    assert NETWORKS == 6
    monkeypatch.setattr("gaugecnn.report.scenes.NETWORKS", 1)
    (masks, classes), _ = scenes(runs, 0)
    assert (masks.left_out, classes.left_out) == (1, 0)
    assert [panel["title"] for panel in masks.content["panels"]] == ["input", "truth", "cnn"]


def test_a_sample_travels_about_the_axis_that_points_to_the_eye() -> None:
    sphere = Icosphere(1)
    tilted = turning([sphere, LatLonGrid(4)], posed=True)
    poses = tilted.poses(sphere)
    assert isinstance(tilted, Tilted)
    assert torch.allclose(poses[0], torch.eye(3))
    middle = poses @ torch.tensor([0.0, 0.0, -1.0])  # where the middle of the picture lies
    heights = middle @ torch.tensor(AXIS).float()
    assert torch.allclose(heights, torch.full((24,), math.cos(math.radians(40))), atol=1e-6)
    assert len({tuple(place) for place in middle.mul(1e3).round().tolist()}) == 24
    eye = np.array(list(tilted.camera(sphere, np.ones(42))["eye"].values()))
    assert np.allclose(eye / np.linalg.norm(eye), AXIS)


def test_planes_and_meshes_turn_a_sample_in_its_place() -> None:
    plane = planar_chart("plane", 8)
    turned = turning([Icosphere(1), plane], posed=True)
    assert isinstance(turned, InPlace)
    assert torch.allclose(turned.poses(plane)[:, 2, 2], torch.ones(24))
    assert isinstance(turning([plane], posed=False), Still)
    mesh = Icosphere(2).surface
    surface = TriangleMesh(mesh.vertices * [1.0, 1.0, 1.3], mesh.faces)
    poses = turning([surface], posed=True).poses(surface)
    assert len(set(poses[:, 0].tolist())) == 1
    assert len(set(poses[:, 1].tolist())) == 24


@pytest.mark.parametrize("domain", [LatLonGrid(6), planar_chart("azimuthal", 12)], ids=str)
def test_hulls_are_seen_from_outside(domain) -> None:
    points, faces, samples = triangulation(domain)
    a, b, c = (points[faces[:, i]] for i in range(3))
    outwards = (np.cross(b - a, c - a) * (a + b + c)).sum(1)
    assert (outwards > -1e-12).all()
    assert len(samples) == np.isfinite(domain.points.numpy()).all(1).sum()


def test_cells_are_sorted_by_their_means() -> None:
    given = {"92.31 (91.2 to 93)": 92.31, "1,234": 1234, "7.2e-07": 7.2e-07, "92.3%": 92.3}
    given |= {"-": None, "": None, "nan": None, "p4": None}
    assert {text: leading(text) for text in given} == given
    rows = [["a", "10", "3.0 (2 to 4)"], ["", "Others", "9"], ["b", "9", "-"]]
    found = sortable(Grid("T", ["x_y", "copies", "v"], rows, 2, (1,)))
    assert found.heading == ["x y", "copies", "v"]
    assert [[cell.text for cell in row.cells] for row in found.rows][1] == ["a", "10", "9"]
    assert [row.source for row in found.rows] == [None, "Others", None]
    assert [row.cells[1].value for row in found.rows] == [10, 10, 9]


def test_bars_and_lines_say_their_ranges() -> None:
    lines = Figure("f", kind=FigureKind.lines, x=("copies",), series=("network",), logarithmic=True)
    (panel,) = curves(lines, NUMBERS, "figures[0]").panels
    low, high, mean, *others = panel.traces
    assert (mean["x"], mean["y"], mean["name"]) == ([1, 10], [52, 53], "cnn")
    assert (low["y"], high["y"]) == ([51, 52], [53, 54])
    assert len(others) == 3
    assert panel.layout["xaxis"]["type"] == "log"
    assert panel.layout["yaxis"]["title"]["text"] == "accuracy"
    bars = Figure("f", panels=("network",), x=("copies",), series=("condition",), y_title="%")
    first, second = curves(bars, NUMBERS, "figures[0]").panels
    assert (first.title, second.title) == ("cnn", "p4 & more")
    (bar,) = second.traces
    assert (bar["x"], bar["y"]) == (["1", "10"], [82, 83])
    assert (bar["error_y"]["array"], bar["error_y"]["arrayminus"]) == ([1, 1], [1, 1])
    assert second.layout["xaxis"]["type"] == "category"


def test_a_run_whose_data_are_gone_is_left_out(runs: Runs, folder: Path, monkeypatch) -> None:
    def gone(run: PlannedRun, image: int) -> None:
        raise UserError("data.root: nothing there")

    monkeypatch.setattr("gaugecnn.report.scenes.ask_about", gone)
    found, why = scenes(runs, 0)
    assert found == []
    assert why[0] == "cnn, seed 0: no surface: data.root: nothing there"
    assert len(why) == 2


def test_a_data_set_without_the_sample_is_left_out_beside_one_that_has_it(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(run: PlannedRun, image: int) -> Asked:
        return ask_about(run, image if run.config.task == "segmentation" else 6)

    monkeypatch.setattr("gaugecnn.report.scenes.ask_about", asked)
    (masks,), why = scenes(runs, 1)
    assert masks.networks == 2
    assert why == ["classifier, seed 0: no surface: image: expected 0 to 5, got 6"]
