"""Networks in outline have the parameters of whole ones.

`test_meta` asks it of all networks that are shipped. `gaugecnn models`, which counts them, waits
for no geometry and for no import that it can avoid.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import gaugecnn.registry
from gaugecnn import build_model, load_config
from gaugecnn.build import count_parameters
from gaugecnn.data.description import Description
from gaugecnn.methods.gauge import GaugeConv, GaugeFamily
from gaugecnn.ops.outline import outline, outlined
from gaugecnn.registry import Method, methods
from gaugecnn.surfaces import Icosphere
from tests.cli.calls import succeed

NOT_IMPORTED = (
    "e3nn",
    "lightning",
    "matplotlib",
    "networkx",
    "scipy.sparse",
    "scipy.spatial",
    "sympy",
    "torch_geometric",
    "torchmetrics",
    "trimesh",
)
VARIANTS = {
    "gauge without norm": ("gauge", "model.normalisation=none domain.level=2"),
    "gauge with gates": ("gauge", "model.nonlinearity=norm_gate domain.level=2"),
    "gauge with circles": ("gauge", "model.nonlinearity=regular model.max_order=1 domain.level=2"),
    "gauge of vectors": ("gauge", "model.in_channels=0 model.in_vectors=2 domain.level=2"),
    "gcn with shortcuts": ("gcn", "model.segmentation.residual=true domain.level=2"),
    "s2cnn in waves": ("s2cnn", "model.max_order=1"),
    "s2cnn with ReLU": ("s2cnn", "model.nonlinearity=relu model.normalisation=none"),
    "s2cnn with shortcuts": ("s2cnn", "model.segmentation.residual=true"),
    "p4 without norm": ("p4", "model.normalisation=none"),
    "p4 on a cubed sphere": ("p4", "domain.kind=cubed_sphere domain.size=8"),
    "cnn on a cubed sphere": ("cnn", "domain.kind=cubed_sphere domain.size=8"),
    "cnn on a grid": ("cnn", "domain.kind=lat_lon domain.bandwidth=20 model.in_channels=3"),
}


def shapes(network: torch.nn.Module) -> dict[str, torch.Size]:
    return {name: parameter.shape for name, parameter in network.named_parameters()}


@pytest.mark.parametrize("name", VARIANTS)
def test_an_outline_has_the_same_parameters(name: str) -> None:
    model, words = VARIANTS[name]
    config = load_config(model, "segmentation", words.split())
    whole = shapes(build_model(config))
    with outline():
        assert shapes(build_model(config)) == whole
    assert count_parameters(config) == sum(shape.numel() for shape in whole.values())


@pytest.mark.parametrize("task", ["regression", "field_regression"])
def test_networks_of_numbers(task: str) -> None:
    overrides = ["domain.level=2", f"data.name={__name__}:unused"]
    config = load_config("gauge", task, overrides)
    description = Description(1, {task: 2}, tangent=task == "field_regression")
    whole = shapes(build_model(config, description=description))
    with outline():
        assert shapes(build_model(config, description=description)) == whole


def test_nothing_is_left_of_an_outline() -> None:
    config = load_config("gauge", overrides=["domain.level=2"])
    before, state = build_model(config), torch.random.get_rng_state()
    count_parameters(config, before.domain)
    assert torch.equal(torch.random.get_rng_state(), state)
    after = build_model(config, before.domain)
    signal = torch.randn(2, 1, *before.domain.shape)
    assert torch.equal(before.eval()(signal), after.eval()(signal))
    with pytest.raises(ValueError, match="gauge type"), outline():
        GaugeConv("no type", "1x0", before.domain)
    assert not outlined()


def test_an_outline_knows_no_geometry() -> None:
    domain = Icosphere(2)
    with outline():
        sketch = GaugeConv("1x0", "2x0+1x1", domain)
    assert not sketch.aggregate
    whole = GaugeConv("1x0", "2x0+1x1", domain)
    assert len(whole.aggregate) == 1
    kept = {name for name, _ in whole.named_buffers() if "aggregate" in name}
    assert kept
    assert not kept & {name for name, _ in sketch.named_buffers()}


class Outside(GaugeFamily):
    """A family of another package, which reads what an outline does not have."""

    def activate(self, type_):
        assert not outlined()
        return super().activate(type_)


def test_networks_of_other_packages_are_built_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config("gauge", overrides=["domain.level=2"])
    expected = count_parameters(config)
    other = Method("outside", Outside, ("icosphere",), "frames")
    monkeypatch.setattr(gaugecnn.registry, "methods", lambda: {**methods(), "outside": other})
    config.model.method = "outside"
    assert count_parameters(config) == expected
    willing = dataclasses.replace(other, outline=True)
    monkeypatch.setattr(gaugecnn.registry, "methods", lambda: {"outside": willing})
    with pytest.raises(AssertionError):
        count_parameters(config)


def test_models_are_listed_without_geometry(tmp_path: Path) -> None:
    script = (
        "import atexit, json, sys, gaugecnn.cli as c;"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr));"
        "sys.argv = ['gaugecnn', 'models', '--json']; c.main()"
    )
    cache = tmp_path / "cache"
    environment = {**os.environ, "GAUGECNN_CACHE": str(cache)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["p4_25k"]["parameters"] == {"classification": 24_810}
    assert rows["s2cnn_204k"]["parameters"] == {"segmentation": 204_073}
    assert rows["gauge"]["domain"] == "icosphere(level=4)"
    assert not set(NOT_IMPORTED) & set(json.loads(done.stderr))
    assert not cache.exists()


def test_no_table_is_built_to_list_models(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_):
        raise AssertionError("geometry was asked for")

    for place in (
        "gaugecnn.methods.gauge.convolution.surface_geometry",
        "gaugecnn.methods.gauge.levels.pooling_matrix",
        "gaugecnn.methods.gcn.layers.pooling_matrix",
        "gaugecnn.methods.s2cnn.spectral.tables.shared_tensor",
    ):
        monkeypatch.setattr(place, refuse)
    assert "s2cnn_204k" in succeed("models", "--json")
    with pytest.raises(AssertionError, match="geometry was asked for"):
        build_model(load_config("gauge", overrides=["domain.level=2"]))
