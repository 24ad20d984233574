from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from tests.cli.calls import succeed


@pytest.mark.parametrize("model", ["gauge", "s2cnn", "p4", "cnn"])
@pytest.mark.parametrize("suffix", [".png", ".html"])
def test_render_every_kind_of_domain(model: str, suffix: str, tmp_path: Path) -> None:
    output = tmp_path / f"digit{suffix}"
    printed = succeed("render", f"model={model}", "--pose", "so3", "--output", output)
    assert output.name in printed
    check_figure(output)


@pytest.mark.filterwarnings("ignore:.*images are:gaugecnn.errors.GaugecnnWarning")
def test_render_several_digits_on_a_mesh(tmp_path: Path) -> None:
    mesh = trimesh.creation.torus(1.0, 0.4, major_sections=24, minor_sections=12)
    mesh.export(tmp_path / "torus.ply")
    words = ["domain.kind=mesh", f"domain.file={tmp_path / 'torus.ply'}", "task=segmentation"]
    output = tmp_path / "torus.png"
    succeed("render", *words, "data.digits_per_sphere=2", "--output", output)
    check_figure(output)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_render_with_the_prediction_of_a_run(task: str, runs: Path, tmp_path: Path) -> None:
    for name in ("digit.png", "digit.html"):
        succeed("render", "--run", runs / task, "--index", "3", "--output", tmp_path / name)
        check_figure(tmp_path / name)
    assert "prediction" in (tmp_path / "digit.html").read_text()


def check_figure(path: Path) -> None:
    if path.suffix == ".html":
        text = path.read_text()
        assert "<html>" in text
        assert "mesh3d" in text
        return
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) > 100  # shaded surfaces, not an empty page
