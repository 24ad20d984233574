"""What is kept of an audit: rows, JSON, tables, and a figure."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from rich.console import Console

from gaugecnn import audit_model, build_model, load_config
from gaugecnn.audit import Audit, AuditRow, randomised
from gaugecnn.audit.figure import save_figure
from gaugecnn.audit.symmetries import given_kinds
from gaugecnn.claims import Prediction
from gaugecnn.surfaces import TriangleMesh
from gaugecnn.surfaces.symmetry import AnyRotation, Rotation, step_about_z
from tests.shipped import MESHES


def row(layer: str, maximum: float, predicted: str = "exact", gathered: bool = False) -> AuditRow:
    prediction = Prediction(predicted)
    return AuditRow("turn", layer, prediction, "why", maximum / 2, maximum, 1e-4, gathered)


def test_failures_are_what_is_predicted_exact_and_is_not() -> None:
    rows = [row("", 0.1), row("a", 1e-6), row("b", 0.2), row("c", 0.3, "approximate")]
    found = Audit("net", rows)
    assert [r.layer for r in found.failures()] == ["", "b"]
    assert found.guilty("turn") == ["b", "c"]
    assert found.blame() == "turn broken by b (0.2)"  # nobody said that c were exact
    assert Audit("net", [row("", 0.1)]).blame() == "turn broken by the network (0.1)"


def test_of_nested_layers_the_inner_one_is_guilty() -> None:
    found = Audit("net", [row("", 0.1), row("project", 0.2), row("project.convolution", 0.2)])
    assert found.guilty("turn") == ["project.convolution"]


def test_of_errors_that_gather_the_first_is_guilty() -> None:
    errors = {"a": 0, "b": 0.1, "c": 0.3}
    gathered = [row(name, error, gathered=True) for name, error in errors.items()]
    assert Audit("net", [row("", 0.1), *gathered]).guilty("turn") == ["b"]


@pytest.fixture(scope="module")
def found() -> Audit:
    return audit_model(randomised(build_model(load_config("p4_25k"))))


def test_json_holds_every_row(found: Audit) -> None:
    unmeasured = AuditRow("odd", "x", Prediction.none, "why", math.nan, math.nan, 1e-4, True)
    whole = Audit(found.title, [row("y", math.inf), *found.rows, unmeasured])
    content = json.loads(json.dumps(whole.json(), allow_nan=False))
    again = Audit.from_json(content)
    assert again.rows[:-1] == whole.rows[:-1]
    assert math.isnan(again.rows[-1].maximum)
    assert again.title == found.title
    assert content["failures"] == "turn broken by y (inf)"
    columns = {"symmetry", "layer", "predicted", "reason", "mean", "maximum", "fails"}
    assert columns <= set(content["rows"][0])


def shown(audit: Audit, layers: bool) -> str:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(audit.table(layers))
    return console.export_text()


def test_the_table_has_the_network_or_every_layer(found: Audit) -> None:
    short, long = shown(found, False), shown(found, True)
    for symmetry in found.symmetries:
        assert symmetry in short
        assert symmetry in long
    assert "blocks.4.norm" in long
    assert "blocks.4.norm" not in short
    assert len(long.splitlines()) > len(found.rows)


def test_the_figure_is_drawn(found: Audit, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "deep" / "error.png"
    save_figure(found, path)
    with Image.open(path) as image:
        assert min(image.size) > 400


def test_symmetries_and_signals_of_ones_own() -> None:
    network = randomised(build_model(load_config("p4", overrides=["domain.size=16"])))
    quarter = Rotation("my turn", step_about_z(4), network.domain)
    tilted = AnyRotation("my tilt", torch.linalg.qr(torch.randn(3, 3).double())[0])
    signal = torch.rand(3, 1, 16, 16)
    found = audit_model(network, [quarter], signal)
    assert found.symmetries == ["my turn"]
    assert not found.rows[0].breaks
    both = audit_model(network, [quarter, tilted])
    assert both.symmetries == ["my turn", "my tilt (smooth functions)"]
    torus = TriangleMesh.from_file(MESHES / "torus.ply")
    with pytest.raises(ValueError, match="my tilt: expected a sphere or a plane, got torus"):
        given_kinds([tilted], [], torus)
    with pytest.raises(ValueError, match="expected at least 2 inputs"):
        audit_model(network, [quarter], [])
