from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.geometry.hierarchy import level
from gaugecnn.geometry.sphere_tangent import SphereTangent
from gaugecnn.layers import Layer
from gaugecnn.methods.gauge import (
    GaugeConv,
    GaugeType,
    KernelSpec,
    NormGate,
    ProductNonlinearity,
    RegularNonlinearity,
    pooling,
    unpooling,
)
from gaugecnn.methods.gauge.reference import reference_convolution
from gaugecnn.surfaces import Icosphere, TriangleMesh
from gaugecnn.surfaces.symmetry import FrameChange

TYPES = ("2x0+3x1+1x2", "3x0+1x1+2x2")
FRAMES = ("aligned", "random")
KERNELS = {"one ring": KernelSpec(), "two rings, two profiles": KernelSpec(1.35, profiles=2)}


def frame_change(ours: Icosphere, theirs: Icosphere) -> FrameChange:
    a, b = (torch.from_numpy(d.surface.frames) for d in (ours, theirs))
    x, y = ((b[:, 0] * a[:, i]).sum(-1) for i in (0, 1))
    return FrameChange(torch.atan2(y, x))


def frame_error(kernel: KernelSpec, level: int = 1) -> float:
    """How far the convolution is from independent of frames, relative to its output."""
    aligned, random = Icosphere(level), Icosphere(level, "random", 3)
    layer = GaugeConv(*TYPES, aligned, kernel).double()
    other = GaugeConv(*TYPES, random, kernel).double()
    other.load_state_dict(layer.state_dict())
    change = frame_change(aligned, random)
    x = torch.randn(2, *layer.type_in.shape, dtype=torch.float64)
    expected = layer.type_out.transform(change, layer(x))
    assert not torch.allclose(expected, layer(x), atol=0.1)
    got = other(other.type_in.transform(change, x))
    return ((got - expected).abs().max() / expected.abs().max()).item()


def test_types_are_written_and_read():
    surface = Icosphere(0).surface
    type_ = GaugeType.parse("16x0 + 8x1+8x2", surface)
    assert type_.multiplicities == (16, 8, 8)
    assert type_.components == 16 + 2 * 16
    assert str(type_) == "16x0+8x1+8x2 on 12 vertices"
    assert GaugeType.parse("2x1", surface).orders == [1]


@pytest.mark.parametrize("text", ["", "16", "16x", "ax0", "16x0+", "0x0"])
def test_malformed_types_are_refused(text):
    with pytest.raises(ValueError, match="expected"):
        GaugeType.parse(text, Icosphere(0).surface)


def test_turning_a_frame_multiplies_by_a_phase():
    type_ = GaugeType.parse("1x0+1x2", Icosphere(0).surface)
    x = torch.ones(1, 12, 3)
    turned = type_.transform(FrameChange(torch.full((12,), 0.3)), x)
    phase = torch.exp(torch.tensor(-0.6j)) * (1 + 1j)
    expected = torch.stack([torch.tensor(1.0), phase.real, phase.imag])
    torch.testing.assert_close(turned[0, 5], expected)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
def test_convolution_equals_its_reference(kernel):
    layer = GaugeConv(*TYPES, Icosphere(1, "random"), kernel).double()
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, *layer.type_in.shape, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, *layer.type_out.shape, dtype=torch.float64)
    inputs = (x, layer.kernel, layer.bias)
    fast, slow = layer(x), reference_convolution(layer, x)
    torch.testing.assert_close(fast, slow, atol=1e-10, rtol=0)
    gradients = [torch.autograd.grad((y * weight).sum(), inputs) for y in (fast, slow)]
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=0)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
def test_convolution_does_not_depend_on_frames(kernel):
    assert frame_error(kernel) < 1e-10


def test_a_wrong_transport_sign_is_found(monkeypatch):
    right = SphereTangent.between

    def wrong(self, p, q):
        found = right(self, p, q)
        return replace(found, transport=-found.transport)

    monkeypatch.setattr(SphereTangent, "between", wrong)
    assert frame_error(KernelSpec(radius=1.36)) > 1e-3  # another radius: stencils are remembered


def test_a_wrong_conjugation_is_found(monkeypatch):
    layout = GaugeConv._layout

    def broken(self):
        index, sign, scale = layout(self)
        return index, abs(sign), scale

    monkeypatch.setattr(GaugeConv, "_layout", broken)
    assert frame_error(KernelSpec()) > 1e-3


def test_parameters_per_channel_pair():
    kernel = KernelSpec(1.35)
    counts = {
        (0, 0): 1 + 1,  # K is real; the self-interaction is real
        (1, 0): 2,
        (0, 1): 2,
        (1, 1): 4 + 2,  # K and K' are complex; so is the self-interaction
    }
    for (n, m), count in counts.items():
        layer = GaugeConv(f"1x{n}", f"1x{m}", Icosphere(1), kernel, bias=False)
        assert layer.kernel.numel() == count


def test_a_feature_of_another_mesh_is_refused():
    type_ = GaugeType.parse("1x0", Icosphere(1).surface)
    with pytest.raises(ValueError, match=r"expected a feature on icosphere\(level=2\)"):
        GaugeConv(type_, "1x0", Icosphere(2))


def error_of_frames(layer: Layer) -> float:
    type_ = layer.type_in
    change = FrameChange(torch.rand(42, dtype=torch.float64) * 6)
    x = torch.randn(2, *type_.shape, dtype=torch.float64)
    expected = type_.transform(change, layer.double()(x))
    assert not torch.allclose(expected, layer(x), atol=0.1)
    return float((layer(type_.transform(change, x)) - expected).abs().max().detach())


@pytest.mark.parametrize("orders", [1, 2, 3, 4])
@pytest.mark.parametrize("nonlinearity", [NormGate, ProductNonlinearity])
def test_exact_nonlinearities_commute_with_frames(nonlinearity, orders):
    layer = nonlinearity(GaugeType((4,) * (orders + 1), Icosphere(1).surface))
    assert error_of_frames(layer) < 1e-12


def test_relus_on_the_circle_commute_with_frames_in_the_limit_of_many_angles():
    type_ = GaugeType((4, 4, 4), Icosphere(1).surface)
    errors = [error_of_frames(RegularNonlinearity(type_, angles)) for angles in (7, 14, 56)]
    assert errors[0] > 3 * errors[1] > 9 * errors[2] > 0


def test_the_product_is_one_of_orders():
    type_ = GaugeType((4, 4, 4), Icosphere(1).surface)
    x = torch.randn(2, *type_.shape, dtype=torch.float64)
    f0, *pairs = type_.blocks(x)
    f0, (f1, f2) = f0[..., 0], map(torch.view_as_complex, (p.contiguous() for p in pairs))
    power = f0**2 + f1.abs() ** 2 + f2.abs() ** 2
    areas = torch.from_numpy(type_.surface.areas / type_.surface.total_area)
    norm = (1 + torch.einsum("v,bvc->bc", areas, power)).sqrt()[:, None]
    expected = [
        f0 + power / 2 / norm,
        f1 + (f0 * f1 + f1.conj() * f2 / math.sqrt(2)) / norm,
        f2 + (f0 * f2 + f1**2 / (2 * math.sqrt(2))) / norm,
    ]
    got, *pairs = type_.blocks(ProductNonlinearity(type_).double()(x))
    found = [got[..., 0], *(torch.view_as_complex(p.contiguous()) for p in pairs)]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
@pytest.mark.parametrize("size", [1e-3, 5.0, 1e3])
def test_logits_stay_in_proportion_to_the_signal(task, size):
    """Also of a network that saw nothing like it: inverted, white, noise, in any amount."""
    network = build_model(load_config("gauge", task, ["domain.level=3"])).eval()
    picture = torch.rand(1, 1, 642) * (torch.rand(1, 1, 642) > 0.9)
    usual = network(picture).abs().max()
    for signal in (picture, 1 - picture, torch.ones_like(picture), torch.randn_like(picture)):
        signal = (size * signal).requires_grad_()
        logits = network(signal)
        logits.square().sum().backward()
        assert logits.abs().max() < 200 * max(size, 1) * usual
        assert signal.grad.isfinite().all()


def test_pooling_of_constants_and_smooth_fields():
    surface = Icosphere(4).surface
    coarse = level(surface, 1)
    heights = torch.from_numpy(surface.vertices[:, 2:])[None]  # (batch, vertex, 1)
    down = pooling(GaugeType((1,), surface), coarse, 2.3 * surface.mean_edge)
    ones = torch.ones_like(heights)
    torch.testing.assert_close(down(ones), torch.ones(1, len(coarse), 1).double())
    pooled = down(heights)
    # Smoothing damps a degree-1 field by one common factor.
    ratio = pooled[0, :, 0] / torch.from_numpy(coarse.vertices[:, 2])
    far = abs(coarse.vertices[:, 2]) > 0.1
    assert ratio[far].std() < 1e-3 * ratio[far].mean()
    up = unpooling(down.type_out, surface)(pooled)
    assert (up / ratio[far].median() - heights).abs().max() < 1e-3


def test_pooling_does_not_depend_on_where_vertices_lie():
    """The Gaussian has a length: from two levels it gives nearly the same on the third."""
    fine = Icosphere(5).surface
    middle, coarse = level(fine, 1), level(fine, 2)
    results = []
    for source in (fine, middle):
        field = torch.from_numpy(np.sin(5 * source.vertices[:, 2:] + source.vertices[:, :1]))[None]
        results.append(pooling(GaugeType((1,), source), coarse, 0.3)(field))
    assert (results[0] - results[1]).abs().max() < 2e-3 * results[0].abs().max()


@pytest.mark.parametrize("mesh", ["icosphere", "genus2"])
def test_pooling_transports(mesh):
    """From nested and from farthest-point levels, down and up again, in any frames."""
    if mesh == "icosphere":
        aligned, random = Icosphere(2), Icosphere(2, "random", 9)
    else:
        aligned, random = (TriangleMesh.from_file("meshes/genus2.ply", f) for f in FRAMES)
    change = frame_change(aligned, random)
    outputs = []
    for domain in (aligned, random):
        type_, coarse = GaugeType((1, 1, 1), domain.surface), level(domain.surface, 1)
        outputs.append((type_, pooling(type_, coarse, 2.5 * domain.surface.mean_edge).double()))
    x = torch.randn(1, *outputs[0][0].shape, dtype=torch.float64)
    first = outputs[0][1](x)
    second = outputs[1][1](outputs[1][0].transform(change, x))
    coarse_change = FrameChange(change.angles[level(aligned.surface, 1).index])
    expected = outputs[0][1].type_out.transform(coarse_change, first)
    torch.testing.assert_close(second, expected, atol=1e-10, rtol=0)
    back = [
        unpooling(down.type_out, type_.surface)(y)
        for (type_, down), y in zip(outputs, (first, second), strict=True)
    ]
    torch.testing.assert_close(
        back[1], outputs[0][0].transform(change, back[0]), atol=1e-10, rtol=0
    )


def test_a_gate_does_not_blow_up_what_is_left_of_nothing():
    """Rounding on an empty background differs from frame to frame, whatever the threshold is."""
    type_ = GaugeType((1, 1), Icosphere(1).surface)
    layer = NormGate(type_)
    noise, large = 1e-7 * torch.randn(1, *type_.shape), 3 * torch.randn(1, *type_.shape)
    for threshold in (-1.0, 0.5, 5.0):
        with torch.no_grad():
            layer.threshold.fill_(threshold)
        assert layer(noise)[..., 1:].abs().max() <= noise.abs().max()
        norm, gated = (x[..., 1:].norm(dim=-1) for x in (large, layer(large)))
        opened = torch.sigmoid(2 * (norm + threshold)) * norm
        torch.testing.assert_close(gated, opened, atol=2e-3, rtol=0)


def test_a_gate_has_no_kink():
    """Its derivative moves no more than its input: rounding in the input stays rounding."""
    type_ = GaugeType((2, 2), Icosphere(0).surface)
    layer = NormGate(type_).double()
    x = torch.randn(1, *type_.shape, dtype=torch.float64)
    x[:, :6] = 0  # where a ReLU has its kink, and a norm its own
    nudged = x + 1e-7 * torch.randn_like(x)
    slopes = [torch.autograd.functional.jacobian(layer, at) for at in (x, nudged)]
    assert 0 < (slopes[0] - slopes[1]).abs().max() < 100 * (x - nudged).abs().max()
