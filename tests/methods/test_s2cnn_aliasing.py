"""What the published code keeps and ours cuts off, measured on outputs themselves."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gaugecnn.heads import Head
from gaugecnn.methods.cnn import CNNFamily, CNNStage
from gaugecnn.methods.s2cnn import (
    S2CNNFamily,
    S2CNNStage,
    S2Conv,
    SO3Conv,
    SO3ToS2,
    reference,
    s2_near_identity_grid,
    so3_near_identity_grid,
)
from gaugecnn.methods.s2cnn.grids import so3_kernel
from gaugecnn.methods.s2cnn.published.aliasing import (
    aliased_degrees,
    aliased_share,
    aliased_shares,
    small_d,
)
from gaugecnn.networks import FieldNetwork, InvariantNetwork
from gaugecnn.surfaces.lat_lon import LatLonGrid, quadrature_weights
from tests.methods.s2cnn_layers import PUBLISHED, soft

GRID = so3_near_identity_grid(0.7, 4, 2, 3)
LAYERS = {"so3": SO3Conv, "to_s2": SO3ToS2}


def layer_and_feature(kind: str, b_in: int, b_out: int) -> tuple[SO3Conv | SO3ToS2, Tensor]:
    """A layer in float64 and the ReLU of noise, which has all degrees there are."""
    layer = LAYERS[kind](2, 3, b_in, b_out, GRID).double()
    torch.nn.init.uniform_(layer.bias, -1, 1)
    x = torch.randn(2, 2, 2 * b_in, 2 * b_in, 2 * b_in, dtype=torch.float64)
    return layer, x.relu()


def published_output(layer: SO3Conv | SO3ToS2, x: Tensor, orders: int) -> Tensor:
    """What the published code gives, without the bias, by the slow sums.

    `orders` is how many of the input it takes, in every degree below b_out.
    """
    b_out = layer.type_out.bandwidth
    spectra = []
    for degree in range(b_out):
        taken = torch.arange(-degree, degree + 1).abs() < orders
        signal = reference.so3_spectrum(x, degree) * taken * taken[:, None]
        y = layer.scale * reference.kernel_spectrum(layer.kernel.detach(), GRID, degree)
        spectra.append(torch.einsum("bimk,ionk->bomn", signal, y.conj()))
    if isinstance(layer, SO3ToS2):
        # all n, then the real part: what the published code does
        at_zero = [torch.zeros_like(z) for z in spectra]
        for z, summed in zip(spectra, at_zero, strict=True):
            summed[..., z.shape[-1] // 2] = z.sum(-1)
        return reference.so3_signal(at_zero, soft(b_out), 1)[..., 0].real
    return reference.so3_signal(spectra, soft(b_out), 2 * b_out).real


def norm(y: Tensor) -> float:
    """The root mean square over SO(3) or the sphere, each point by its area."""
    weights = quadrature_weights(y.shape[2] // 2).view(-1, *[1] * (y.ndim - 3))
    return float((y.square() * weights).sum().sqrt())


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("bandwidths", [(3, 5), (2, 5)])
def test_the_share_is_that_of_the_outputs(kind, bandwidths):
    layer, x = layer_and_feature(kind, *bandwidths)
    ours = (layer(x) - layer.bias).detach()
    published = published_output(layer, x, bandwidths[0])
    share = norm(published - ours) / norm(published)
    assert 0.2 < share < 0.9
    assert aliased_share(layer, GRID, x) == pytest.approx(share, rel=1e-9)
    # orders from b_in on would be aliases too: they are not taken, and would be seen
    more = published_output(layer, x, bandwidths[1])
    assert norm(more - published) > 0.05 * norm(published)


@pytest.mark.parametrize("kind", LAYERS)
def test_below_the_aliases_of_what_there_is_the_share_is_zero(kind):
    layer, noise = layer_and_feature(kind, 5, 7)
    # degree 3 and degree 6 together stay below 2 b_in = 10, where the quadrature is exact
    low = [reference.so3_spectrum(noise, degree) for degree in range(4)]
    x = reference.so3_signal(low, soft(5), 10).real
    assert norm(layer(x).detach() - layer.bias.detach()) > 0.01
    assert aliased_share(layer, GRID, x) < 1e-12
    assert aliased_share(layer, GRID, x.relu()) > 1e-3


@pytest.mark.parametrize("bandwidths", [(4, 4), (4, 3)])
def test_where_the_bandwidth_does_not_grow_nothing_is_cut(bandwidths):
    layer, x = layer_and_feature("so3", *bandwidths)
    assert aliased_share(layer, GRID, x) == 0.0


def test_the_share_of_nothing_is_zero():
    layer, x = layer_and_feature("so3", 3, 5)
    assert aliased_share(layer, GRID, torch.zeros_like(x)) == 0.0


def test_the_share_depends_on_the_feature():
    # 5 -> 9 with the published kernel grid: a percent of the output for a band-limited feature, a
    # quarter for its ReLU, which has degrees that the grid cannot hold, less for a smooth one
    grid = so3_near_identity_grid(math.pi / 8, 8, 3)
    layer = SO3Conv(3, 2, 5, 9, grid)
    noise = torch.randn(1, 3, 10, 10, 10, dtype=torch.float64)
    flat = [reference.so3_spectrum(noise, degree) for degree in range(5)]
    smooth = [z / (degree + 1) ** 3 for degree, z in enumerate(flat)]
    flat, smooth = (reference.so3_signal(spectra, soft(5), 10).real for spectra in (flat, smooth))
    assert 0.005 < aliased_share(layer, grid, flat) < 0.02
    assert 0.1 < aliased_share(layer, grid, flat.relu()) < 0.5
    assert aliased_share(layer, grid, smooth) < 0.005


@pytest.mark.parametrize("degree", [0, 1, 2, 7])
def test_small_d_is_wigners_sum(degree):
    betas = torch.tensor([0.1, 1.3, 3.0], dtype=torch.float64)
    d = small_d(degree, betas)
    for i, beta in enumerate(betas.tolist()):
        expected = reference.wigner_sum(degree, beta)
        torch.testing.assert_close(d[..., i], expected, rtol=0, atol=1e-12)


PLAN = [
    S2CNNStage(2, max_beta=0.6, bandwidth=4),
    S2CNNStage(3, max_beta=0.6, bandwidth=3),
    S2CNNStage(2, max_beta=0.5, bandwidth=5),
]
PROJECT = S2CNNStage(2, max_beta=0.4)


def segmenter(**options) -> FieldNetwork:
    family = S2CNNFamily(LatLonGrid(6), **{**PUBLISHED, **options})
    return FieldNetwork(family, PLAN, PROJECT)


def test_the_layers_that_raise_the_bandwidth_are_named():
    second, projection = aliased_degrees(segmenter())
    assert (second.layer, second.stage, second.degrees) == ("blocks.2.layer", 2, range(3, 5))
    assert (projection.layer, projection.stage, projection.degrees) == ("project", 3, range(5, 6))
    assert str(second) == "stage 2 (blocks.2.layer, bandwidth 3 to 5): degrees 3 to 4"
    classifier = InvariantNetwork(segmenter().family, PLAN[:2], Head(), 2)
    assert aliased_degrees(classifier) == ()


def test_a_network_is_measured_layer_by_layer():
    model = segmenter()
    signal = torch.rand(2, 1, 12, 12)
    shares = aliased_shares(model, signal)
    x = model.blocks[1](model.blocks[0](signal))
    expected = {"blocks.2.layer": aliased_share(model.blocks[2].layer, so3_kernel(PLAN[2]), x)}
    x = model.blocks[2](x)
    expected["project"] = aliased_share(model.project, so3_kernel(PROJECT), x)
    assert shares == pytest.approx(expected)
    assert list(shares) == ["blocks.2.layer", "project"]
    assert min(shares.values()) > 0
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_what_cannot_be_compared_is_refused():
    layer, x = layer_and_feature("so3", 3, 5)
    with pytest.raises(
        ValueError, match=r"x of shape \(batch, 2, 6, 6, 6\), got \(2, 2, 5, 6, 6\)"
    ):
        aliased_share(layer, GRID, x[:, :, 1:])
    lift = S2Conv(1, 2, 5, 3, s2_near_identity_grid(0.7, 4, 2))
    with pytest.raises(ValueError, match="SO3ToS2, got S2Conv"):
        aliased_share(lift, GRID, x)
    for sampled in (
        SO3Conv(2, 3, 3, 5, GRID, sampling_in=4),
        SO3Conv(2, 3, 3, 5, GRID, sampling_out=6),
        SO3Conv(2, 3, 3, 5, GRID, max_order_in=1),
    ):
        with pytest.raises(
            ValueError, match="at its cut-off on equiangular rings with all orders, got "
        ):
            aliased_share(sampled, GRID, torch.zeros(1, *sampled.type_in.shape))
    with pytest.raises(ValueError, match="at its cut-off"):
        aliased_shares(segmenter(sampling=1.5), torch.rand(1, 1, 12, 12))
    planar = InvariantNetwork(CNNFamily(LatLonGrid(6)), [CNNStage(2)], Head(), 2)
    with pytest.raises(ValueError, match=r"S2CNN layers, got CNNConvolution as blocks\.0\.layer"):
        aliased_degrees(planar)
