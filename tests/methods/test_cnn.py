from __future__ import annotations

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.heads import Head
from gaugecnn.layers import Identity
from gaugecnn.methods.cnn import CNNFamily, CNNStage
from gaugecnn.methods.cnn.layers import convolution_window
from gaugecnn.methods.p4 import P4Family
from gaugecnn.networks import FieldNetwork, InvariantNetwork
from gaugecnn.ops.plane_type import PlaneType
from gaugecnn.surfaces.chart import AzimuthalChart, EquirectangularChart, planar_chart
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.mesh import Icosphere
from gaugecnn.surfaces.symmetry import Rotation, step_about_z

MODELS = Path(__file__).parents[2] / "configs" / "model"


def build(name, in_channels):
    """The network of a file, without anything but the family and `networks`."""
    node = OmegaConf.to_container(OmegaConf.load(MODELS / f"{name}.yaml"))
    model, domain = node["model"], node["domain"]
    family = {"p4": P4Family, "cnn": CNNFamily}[model["method"]](
        planar_chart(domain["chart"], domain["size"]),
        in_channels,
        normalisation=model["normalisation"],
    )
    if "segmentation" in model:
        plan = model["segmentation"]
        stages = [family.stage_class(**stage) for stage in plan["stages"]]
        project = family.stage_class(channels=11, **plan["project"])
        return FieldNetwork(family, stages, project, residual=plan["residual"], skip=plan["skip"])
    plan = model["classification"]
    stages = [family.stage_class(**stage) for stage in plan["stages"]]
    return InvariantNetwork(family, stages, Head(), 10, residual=plan["residual"])


@pytest.mark.parametrize(
    ("name", "in_channels", "parameters"),
    [
        ("cnn_218k", 1, 218_144),
        ("cnn_1m", 1, 1_042_013),
        ("cnn_5m5", 1, 5_519_335),
        ("p4_25k", 3, 24_990),
        ("p4_25k", 1, 24_810),
        ("z2_25k", 3, 25_570),
    ],
)
def test_published_networks_have_their_published_size(name, in_channels, parameters):
    model = build(name, in_channels)
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_published_segmenter_returns_to_the_picture():
    torch.set_num_threads(1)
    model = build("cnn_218k", 1).eval()
    with torch.no_grad():
        assert model(torch.randn(1, 1, 100, 100)).shape == (1, 11, 100, 100)


def test_published_p4_network_is_invariant_at_28_and_warns_at_27():
    torch.manual_seed(0)
    model = build("p4_25k", 1).double().eval()
    x, other = torch.randn(2, 2, 1, 28, 28, dtype=torch.float64)
    assert len(model.exact_symmetries) == 3
    for symmetry in model.exact_symmetries:
        error = (model(symmetry.on_signal(x)) - model(x)).abs().max()
        assert error <= 1e-9 * (model(x) - model(other)).abs().mean()
    family = P4Family(AzimuthalChart(27))
    with pytest.warns(GaugecnnWarning, match="on 27 rows drops the last row: use 28"):
        inexact = InvariantNetwork(family, model.stages, Head(), 10)
    assert inexact.exact_symmetries == []


def test_residual_shortcuts_repeat_the_window_of_the_convolution():
    """Those of the published networks: (in, out) of each strided or unpadded convolution."""
    known = {(80, 39): (3, 2), (94, 86): (9, 1), (92, 44): (5, 2), (92, 43): (7, 2),
             (37, 18): (3, 2), (96, 94): (3, 1), (28, 14): (2, 2), (8, 8): (1, 1)}  # fmt: skip
    for sizes, (kernel, stride) in known.items():
        window = convolution_window(*sizes)
        assert (window.kernel, window.stride) == (kernel, stride)
        assert window.output_size(sizes[0]) == sizes[1]


@pytest.mark.parametrize(("size_in", "size_out"), [(12, 5), (12, 12), (5, 12)])
def test_shortcuts_fit_the_sizes_and_cost_a_1x1_convolution(size_in, size_out):
    family = CNNFamily(AzimuthalChart(12))
    layer = family.shortcut(PlaneType(2, size_in, size_in), PlaneType(3, size_out, size_out))
    assert layer(torch.randn(4, 2, size_in, size_in)).shape == (4, 3, size_out, size_out)
    assert sum(p.numel() for p in layer.parameters()) == 2 * 3 + 3


def test_a_shortcut_does_not_grow_and_shrink_at_once():
    with pytest.raises(UserError, match="grow or shrink"):
        CNNFamily(AzimuthalChart(12)).shortcut(PlaneType(2, 4, 8), PlaneType(2, 8, 4))


@pytest.mark.parametrize(
    "stage",
    [
        CNNStage(channels=3),
        CNNStage(channels=3, kernel=4, stride=3, padding=2),
        CNNStage(channels=3, pool=2, dropout=0.5),
        CNNStage(channels=3, kernel=5, stride=2, padding=1, up=True, output_padding=1),
    ],
)
def test_the_type_of_a_convolution_is_that_of_what_it_gives(stage):
    layer = CNNFamily(EquirectangularChart(10), in_channels=2).lift(stage)
    assert layer(torch.randn(4, 2, 10, 10)).shape == (4, *layer.type_out.shape)


@pytest.mark.parametrize("domain", [EquirectangularChart(12), AzimuthalChart(12), LatLonGrid(6)])
@pytest.mark.parametrize("normalisation", ["batch", "none"])
def test_networks_on_every_domain_that_it_accepts(domain, normalisation):
    family = CNNFamily(domain, normalisation=normalisation)
    down = [CNNStage(channels=3), CNNStage(channels=4, kernel=3, stride=2)]  # 12 -> 10 -> 4
    up = [CNNStage(channels=3, kernel=3, stride=2, up=True, output_padding=1)]  # 4 -> 10
    project = CNNStage(channels=11, up=True)
    segmenter = FieldNetwork(family, down + up, project, residual=True, skip=True)
    x = torch.randn(2, 1, 12, 12)
    assert segmenter(x).shape == (2, 11, 12, 12)
    assert segmenter.exact_symmetries == []
    classifier = InvariantNetwork(family, down, Head(), 10, residual=True)
    assert classifier(x).shape == (2, 10)


def test_the_integral_is_the_plain_mean_of_each_plane():
    integral = CNNFamily(AzimuthalChart(6)).integrate(PlaneType(3, 6, 6))
    x = torch.randn(2, 3, 6, 6)
    assert integral.features == 3
    torch.testing.assert_close(integral(x), x.flatten(2).mean(-1))


def test_it_is_not_invariant_under_quarter_turns():
    """The negative control of every symmetry test."""
    torch.manual_seed(0)
    chart = AzimuthalChart(12)
    model = InvariantNetwork(CNNFamily(chart), [CNNStage(channels=4)] * 2, Head(), 10).eval()
    quarter = Rotation("quarter turn", step_about_z(4), chart)
    x, other = torch.randn(2, 2, 1, 12, 12)
    error = (model(quarter.on_signal(x)) - model(x)).abs().max()
    assert error > 0.1 * (model(x) - model(other)).abs().mean()


def test_mistakes_are_refused_with_what_was_expected():
    family = CNNFamily(EquirectangularChart(12), normalisation="none")
    plane = PlaneType(2, 8, 8)
    assert isinstance(family.normalise(plane), Identity)
    with pytest.raises(UserError, match=r"12x12 of chart.*got 11x11 from 2 planes 8x8"):
        family.project(plane, 11, CNNStage(channels=1, kernel=4, up=True))
    with pytest.raises(UserError, match="belongs to stages with up"):
        CNNStage(channels=1, stride=2, output_padding=1)
    with pytest.raises(UserError, match=r"output_padding < stride=2 in a stage, got 2"):
        CNNStage(channels=1, stride=2, up=True, output_padding=2)
    with pytest.raises(UserError, match="at least 9 pixels"):
        family.convolve(plane, CNNStage(channels=1, kernel=9))
    with pytest.raises(UserError, match="expected normalisation to be one of batch, none"):
        CNNFamily(AzimuthalChart(8), normalisation="group")


def test_meshes_are_refused():
    with pytest.raises(UserError, match=r"cnn accepts .*, got icosphere"):
        CNNFamily(Icosphere(1))
