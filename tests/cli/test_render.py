from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from tests.cli.calls import refuse, succeed
from tests.data.own_fields import SPHERE, write


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


def test_fields_are_drawn_and_predicted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = write(tmp_path, SPHERE, "drawn_fields")
    tiny = ["model.in_channels=2", "train.epochs=1", "trainer.accelerator=cpu"]
    chosen = {
        "masks": ("cnn", "segmentation", ["domain.size=16"]),
        "numbers": ("cnn", "regression", ["domain.size=16"]),
        "fields": ("gauge", "field_regression", ["domain.level=2"]),
        "vectors": ("gauge", "field_regression", ["domain.level=2"]),
    }
    for what, (model, task, words) in chosen.items():
        asked = [f"model={model}", f"task={task}", f"data.name={module}:{what}", *tiny, *words]
        succeed("train", *asked, f"output={tmp_path / what}")
        for suffix in ("png", "html"):
            file = tmp_path / f"{what}.{suffix}"
            succeed("render", "--run", tmp_path / what, "--pose", "so3", "--output", file)
            assert file.stat().st_size > 1000
        np.save(tmp_path / "maps.npy", np.random.default_rng(0).normal(size=(3, 2, 8, 16)))
        printed = succeed("predict", tmp_path / what, tmp_path / "maps.npy", "--output", tmp_path)
        assert "samples" in printed
        with np.load(tmp_path / "maps.npz") as arrays:
            assert "prediction" in arrays
            assert arrays["signal"].shape[:2] == (3, 2)
        assert (tmp_path / "maps.png").stat().st_size > 1000
    line = refuse("predict", tmp_path / "fields", tmp_path / "maps.png")
    assert "expected a file of type .npy or .npz that holds fields" in line
