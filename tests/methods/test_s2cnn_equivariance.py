"""Equivariance of the layers: exact on the grid, by Wigner-D between its points, and where it ends.

Errors are measured against the difference between the outputs of two inputs.
"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from gaugecnn.layers import Layer
from gaugecnn.methods.s2cnn import (
    NormalisedConv,
    S2Conv,
    SO3Conv,
    SO3ToS2,
    SO3Type,
    SpinType,
    normalisation,
    s2_near_identity_grid,
    so3_integrate,
    so3_near_identity_grid,
)
from gaugecnn.methods.s2cnn.reference import rotate, signal_of, spectra_of
from gaugecnn.methods.s2cnn.rings import Rings
from gaugecnn.methods.s2cnn.shortcut import DegreeCut, SO3Shortcut
from gaugecnn.methods.s2cnn.types import GroupType
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.rotations import random_rotations
from gaugecnn.surfaces.symmetry import (
    FrameChange,
    Rotation,
    half_turn_about_x,
    step_about_z,
    tilt,
)

S2_GRID = s2_near_identity_grid(0.6, 5, 2)
SO3_GRID = so3_near_identity_grid(0.6, 4, 2, 3)
FEWER = Rings.gauss_legendre

LINEAR = {
    "lift": lambda: S2Conv(2, 3, 6, 4, S2_GRID),
    "lift, sampled finer": lambda: S2Conv(2, 3, 5, 4, S2_GRID, sampling_in=6, sampling_out=6),
    "lift, spin": lambda: S2Conv(2, 3, 6, 4, S2_GRID, max_order=1),
    "convolution down": lambda: SO3Conv(2, 3, 6, 4, SO3_GRID),
    "convolution up": lambda: SO3Conv(2, 3, 4, 6, SO3_GRID),
    "convolution, sampled finer": lambda: SO3Conv(
        2, 3, 4, 4, SO3_GRID, sampling_in=6, sampling_out=8
    ),
    "convolution, spin": lambda: SO3Conv(2, 3, 4, 4, SO3_GRID, max_order_in=2, max_order_out=1),
    "projection": lambda: SO3ToS2(2, 3, 4, 6, SO3_GRID),
    "projection, spin": lambda: SO3ToS2(2, 3, 4, 6, SO3_GRID, max_order=1),
    "cut": lambda: DegreeCut(SO3Type(2, 5, 8)),
    "shortcut": lambda: SO3Shortcut(SO3Type(2, 5, 6), SO3Type(3, 3, 4, max_order=1)),
    "lift, waves": lambda: S2Conv(2, 3, 6, 4, S2_GRID, max_order=1, grid=FEWER, feature=SpinType),
    "convolution, waves": lambda: SO3Conv(
        2, 3, 4, 4, SO3_GRID, max_order_in=2, max_order_out=1, grid=FEWER, feature=SpinType
    ),
    "convolution, more waves than degrees": lambda: SO3Conv(
        2, 3, 4, 2, SO3_GRID, max_order_in=3, max_order_out=3, feature=SpinType
    ),
    "projection, waves": lambda: SO3ToS2(2, 3, 4, 6, SO3_GRID, max_order=2, feature=SpinType),
    "shortcut, waves": lambda: SO3Shortcut(SpinType(2, 5, 6, 2), SpinType(3, 3, 4, 1, FEWER)),
    "lift, fewer rings": lambda: S2Conv(2, 3, 6, 4, S2_GRID, sampling_out=5, grid=FEWER),
    "convolution, fewer rings": lambda: SO3Conv(2, 3, 4, 4, SO3_GRID, max_order_in=2, grid=FEWER),
    "projection, fewer rings": lambda: SO3ToS2(2, 3, 4, 6, SO3_GRID, grid=FEWER),
    "shortcut, fewer rings": lambda: SO3Shortcut(
        SO3Type(2, 5, 6, kind=FEWER), SO3Type(3, 3, 4, max_order=1)
    ),
}


def build(name: str) -> Layer:
    torch.manual_seed(0)
    layer = LINEAR[name]().double()
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -1, 1)
    return layer


def random_spectra(type_, count: int = 2) -> list[Tensor]:
    """The spectra of random signals of a type, one ``(batch, channel, m, n)`` a degree."""
    return spectra_of(torch.randn(count, *type_.shape, dtype=torch.float64), type_)


def error_under(layer: Layer, matrix: Tensor) -> float:
    """How far a layer is from commuting with a rotation, on band-limited signals."""
    spectra = random_spectra(layer.type_in)
    x, turned = signal_of(spectra, layer.type_in), signal_of(rotate(spectra, matrix), layer.type_in)
    out = layer(x)
    expected = signal_of(rotate(spectra_of(out, layer.type_out), matrix), layer.type_out)
    between_inputs = (out[0] - out[1]).abs().max()
    assert (expected - out).abs().max() > 0.1 * between_inputs  # the feature really changes
    return ((layer(turned) - expected).abs().max() / between_inputs).item()


@pytest.mark.parametrize("name", LINEAR)
def test_linear_layers_commute_with_any_rotation(name: str) -> None:
    layer = build(name)
    for matrix in random_rotations(2, torch.Generator().manual_seed(1)):
        assert error_under(layer, matrix) < 1e-10


def test_rotating_spectra_moves_signals() -> None:
    """The test's own rotation is that of the grid: Wigner-D by a step is a roll."""
    type_ = SO3Type(1, 3, 3)
    spectra = random_spectra(type_)
    grid = LatLonGrid(3)
    for matrix in (step_about_z(6), half_turn_about_x()):
        moved = type_.transform(Rotation("", matrix, grid), signal_of(spectra, type_))
        torch.testing.assert_close(signal_of(rotate(spectra, matrix), type_), moved)


@pytest.mark.parametrize("name", ["lift", "convolution down", "projection"])
def test_one_conjugation_less_is_noticed(name: str) -> None:
    layer = build(name)
    exact = layer.analysis.forward

    def conjugate(part):  # (degree, m, cos/sin, batch, N, channel): re is cos cos and sin sin
        sines = torch.tensor([0, *[0, 1] * (part.shape[4] // 2)])
        sign = 1.0 - 2.0 * (sines != torch.arange(2)[:, None])  # (cos/sin, N)
        return part * sign[:, None, :, None]

    layer.analysis.forward = lambda x: [  # type: ignore[method-assign]
        conjugate(part) for part in exact(x)
    ]
    assert error_under(layer, random_rotations(1, torch.Generator().manual_seed(1))[0]) > 0.05


@pytest.mark.parametrize("name", ["lift", "convolution down"])
def test_one_wrong_area_is_noticed(name: str) -> None:
    layer = build(name)
    broken = layer.analysis.matrix.clone()
    broken[..., 2] *= 1.1  # the weight of one ring
    layer.analysis.matrix = broken
    assert error_under(layer, random_rotations(1, torch.Generator().manual_seed(1))[0]) > 1e-3


@pytest.mark.parametrize("matrix", [half_turn_about_x(), step_about_z(2), step_about_z(4)])
@pytest.mark.parametrize("name", LINEAR)
def test_linear_layers_commute_with_the_symmetries_of_their_grids(name: str, matrix) -> None:
    layer = build(name)
    grids = [t.sampling if isinstance(t, GroupType) else t.bandwidth
             for t in (layer.type_in, layer.type_out)]  # fmt: skip
    symmetry = Rotation("", matrix, LatLonGrid(2 * max(grids)))
    if any(size % 2 for size in grids) and torch.equal(matrix, step_about_z(4)):
        with pytest.raises(ValueError, match=r"misses|expected a rotation"):
            [
                t.transform(symmetry, torch.zeros(1, *t.shape))
                for t in (layer.type_in, layer.type_out)
            ]
        return
    x = torch.randn(2, *layer.type_in.shape, dtype=torch.float64)  # not band-limited
    for dtype, limit in [(torch.float64, 1e-10), (torch.float32, 1e-5)]:
        layer, x = layer.to(dtype), x.to(dtype)
        out = layer(x)
        moved = layer.type_out.transform(symmetry, out)
        between_inputs = (out[0] - out[1]).abs().max()
        assert (moved - out).abs().max() > 0.1 * between_inputs
        error = (layer(layer.type_in.transform(symmetry, x)) - moved).abs().max()
        assert error < limit * between_inputs


def test_the_plain_convolution_is_the_negative_control() -> None:
    layer, type_ = nn.Conv3d(2, 2, 3, padding=1).double(), SO3Type(2, 3, 3)
    x = torch.randn(2, *type_.shape, dtype=torch.float64)
    symmetry = Rotation("", half_turn_about_x(), LatLonGrid(3))
    out = layer(x)
    error = (layer(type_.transform(symmetry, x)) - type_.transform(symmetry, out)).abs().max()
    assert error > 0.1 * (out[0] - out[1]).abs().max()


def test_known_moves_of_the_so3_grid() -> None:
    type_, grid = SO3Type(1, 3, 3), LatLonGrid(3)
    x = torch.randn(1, *type_.shape)
    step = type_.transform(Rotation("", step_about_z(6), grid), x)
    assert torch.equal(step, x.roll(1, dims=3))
    half = type_.transform(Rotation("", half_turn_about_x(), grid), x)
    # Rx(pi) Q has the angles (-alpha, pi - beta, gamma + pi)
    assert torch.equal(half, x.flip(2, 3).roll(1, dims=3).roll(3, dims=4))


def test_what_does_not_move_a_grid_is_refused() -> None:
    type_ = SO3Type(1, 3, 3)
    x = torch.zeros(1, *type_.shape)
    with pytest.raises(ValueError, match="permutes the SO\\(3\\) grid of 6 rings"):
        type_.transform(Rotation("", step_about_z(8), LatLonGrid(4)), x)
    with pytest.raises(ValueError, match="expected a Rotation to act on"):
        type_.transform(FrameChange(torch.zeros(1)), x)
    with pytest.raises(ValueError, match="that permutes"):
        Rotation("", tilt(0.2), LatLonGrid(4))


def invariance_error(sampling: int, matrices: Tensor) -> float:
    """Mean change of the invariants of lift, ReLU, convolution, ReLU under rotations."""
    torch.manual_seed(3)
    first = S2Conv(1, 6, 8, 6, s2_near_identity_grid(0.6, 6, 2), sampling_out=sampling).double()
    second = SO3Conv(
        6, 8, 6, 4, so3_near_identity_grid(0.6, 4, 2), sampling_in=sampling,
        sampling_out=math.ceil(sampling * 4 / 6),
    ).double()  # fmt: skip

    def invariants(spectra: list[Tensor]) -> Tensor:
        with torch.no_grad():
            x = torch.relu(first(signal_of(spectra, first.type_in)))
            return so3_integrate(torch.relu(second(x)))

    spectra = random_spectra(first.type_in, count=2)
    still = invariants(spectra)
    errors = [(invariants(rotate(spectra, m)) - still).abs().mean() for m in matrices]
    return float(torch.stack(errors).mean() / (still[0] - still[1]).abs().mean())


def test_relu_is_invariant_on_a_finer_grid() -> None:
    matrices = random_rotations(3, torch.Generator().manual_seed(2))
    critical, finer, finest = (invariance_error(s, matrices) for s in (6, 9, 18))
    assert finer < critical / 2
    assert finest < finer / 2


def normalised() -> NormalisedConv:
    """A normalised convolution, all that it learns or remembers away from where it starts."""
    torch.manual_seed(0)
    layer = NormalisedConv(SO3Conv(2, 3, 4, 3, SO3_GRID, sampling_in=5, sampling_out=4)).double()
    for tensor in layer.state_dict().values():
        tensor.uniform_(0.5, 2)
    return layer


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_commutes_with_any_rotation(training: bool) -> None:
    layer = normalised().train(training)
    matrix = random_rotations(1, torch.Generator().manual_seed(1))[0]
    assert error_under(layer, matrix) < 1e-10


def test_batch_norm_gives_the_mean_and_variance_over_the_group() -> None:
    layer = normalised().train()
    out = layer(torch.randn(3, *layer.type_in.shape, dtype=torch.float64))
    mean = so3_integrate(out).mean(0)
    torch.testing.assert_close(mean, layer.convolution.bias.detach().flatten())
    var = so3_integrate((out - mean.view(-1, 1, 1, 1)).square()).mean(0)
    torch.testing.assert_close(var, layer.norm.weight.detach().square(), rtol=1e-4, atol=0)


def test_batch_norm_remembers() -> None:
    torch.manual_seed(0)
    layer = NormalisedConv(SO3Conv(2, 3, 4, 3, SO3_GRID))
    layer.norm.momentum = 1.0
    x = 3 + 2 * torch.randn(4, *layer.type_in.shape)
    trained = layer(x)
    plain = layer.convolution(x)  # its bias is zero
    torch.testing.assert_close(layer.norm.running_mean, so3_integrate(plain).mean(0))
    torch.testing.assert_close(layer.eval()(x), trained, atol=1e-5, rtol=1e-5)
    names = {"convolution.kernel", "convolution.bias", "norm.weight"}
    assert set(layer.state_dict()) == names | {"norm.running_mean", "norm.running_var"}


def test_batch_norm_by_a_wrong_parseval_is_noticed(monkeypatch) -> None:
    layer, exact = normalised().train(), normalisation._sizes
    monkeypatch.setattr(normalisation, "_sizes", lambda *of: [size + 2 for size in exact(*of)])
    out = layer(torch.randn(3, *layer.type_in.shape, dtype=torch.float64))
    var = so3_integrate((out - so3_integrate(out).mean(0).view(-1, 1, 1, 1)).square()).mean(0)
    assert (var / layer.norm.weight.detach().square() - 1).abs().max() > 0.05
