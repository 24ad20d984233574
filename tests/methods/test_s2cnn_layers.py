"""The layers against their slow sums: values, gradients, precisions, parameters."""

from __future__ import annotations

import copy
import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from gaugecnn.methods.s2cnn import (
    S2Conv,
    SO3Conv,
    SO3ToS2,
    reference,
    s2_equatorial_grid,
    s2_near_identity_grid,
    so3_equatorial_grid,
    so3_integrate,
    so3_near_identity_grid,
)
from gaugecnn.methods.s2cnn.rings import Rings
from gaugecnn.surfaces.rotations import euler_angles, rotation_matrix
from tests.methods.s2cnn_layers import LAYERS, S2_GRID, SO3_GRID, so3_conv, so3_to_s2, soft

# (bandwidth in, bandwidth out), (sampling in, sampling out), max_order
CASES = [
    ((4, 3), (4, 3), None),
    ((4, 3), (6, 5), None),
    ((3, 5), (3, 5), None),
    ((4, 4), (5, 6), 1),
    ((5, 4), (5, 4), 0),
]


def slow(layer: nn.Module, x: Tensor, bandwidths: tuple[int, int], max_order: int | None) -> Tensor:
    """What `layer` should give, complex, by the sums of `reference`."""
    if isinstance(layer, S2Conv):
        grid, to_sphere = S2_GRID, False
        z = reference.s2_conv(x, layer.kernel, grid, bandwidths)
    else:
        grid, to_sphere = SO3_GRID, isinstance(layer, SO3ToS2)
        z = reference.so3_conv(x, layer.kernel, grid, bandwidths, max_order)
    if to_sphere:
        rings = soft(layer.type_out.bandwidth)
        return reference.so3_signal(reference.so3_to_s2(z), rings, 1)[..., 0] + layer.bias
    z = [reference.cut_orders(spectrum, max_order) for spectrum in z]
    type_out = layer.type_out
    return reference.so3_signal(z, type_out.rings, type_out.gamma_points) + layer.bias


def randomise(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -1, 1)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("grid", Rings)
@pytest.mark.parametrize(("bandwidths", "samplings", "max_order"), CASES)
def test_fast_is_slow_in_values_and_gradients(kind, grid, bandwidths, samplings, max_order) -> None:
    torch.manual_seed(0)
    layer = LAYERS[kind](bandwidths, samplings, max_order, grid).double()
    randomise(layer)
    x = torch.randn(2, *layer.type_in.shape, dtype=torch.float64, requires_grad=True)
    fast, truth = layer(x), slow(layer, x, bandwidths, max_order)
    assert truth.imag.abs().max() < 1e-12 * truth.real.abs().max()
    assert (fast - truth.real).abs().max() < 1e-10
    probe = torch.randn_like(fast)
    wanted = [x, layer.kernel, layer.bias]
    for ours, theirs in zip(
        torch.autograd.grad((fast * probe).sum(), wanted),
        torch.autograd.grad((truth.real * probe).sum(), wanted),
        strict=True,
    ):
        assert theirs.abs().max() > 1e-3
        assert (ours - theirs).abs().max() < 1e-10

    single = copy.deepcopy(layer).float()(x.float())
    assert (single - fast).abs().max() < 1e-5 * fast.abs().max()


@pytest.mark.parametrize("kind", LAYERS)
def test_second_derivatives_are_right(kind) -> None:
    layer = LAYERS[kind]((3, 2), (3, 2), None).double()
    x = torch.randn(1, *layer.type_in.shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: layer(x).pow(2), x, fast_mode=True)


@pytest.mark.parametrize(
    "grid",
    [SO3_GRID, so3_equatorial_grid(0.3, 4, 3, 2), SO3_GRID[[0, 3, 7, 17, 22]]],
    ids=["near identity", "equatorial", "no product of rings"],
)
def test_a_convolution_gathers_the_signal_at_q_times_g(grid) -> None:
    """``out(Q) = scale sum_g k_g x(Q g)`` for a band-limited x: the meaning of the formula."""
    b = 3
    layer = SO3Conv(1, 1, b, b, grid).double()
    spectra = [
        reference.so3_spectrum(torch.randn(1, 1, 6, 6, 6, dtype=torch.float64), degree)
        for degree in range(b)
    ]
    x = reference.so3_signal(spectra, soft(b), 2 * b).real
    out = layer(x)[0, 0]
    for j, k, q in [(0, 0, 0), (2, 5, 1), (4, 3, 4)]:
        angles = (2 * math.pi * k / 6, math.pi * (2 * j + 1) / 12, 2 * math.pi * q / 6)
        total = 0.0
        for value, (beta, alpha, gamma) in zip(
            layer.kernel[0, 0].tolist(), grid.tolist(), strict=True
        ):
            moved = rotation(*angles) @ rotation(alpha, beta, gamma)
            total += value * signal_at(spectra, moved)
        assert layer.scale * total == pytest.approx(out[j, k, q].item(), abs=1e-12)


def test_a_lift_gathers_the_signal_at_q_times_a_point() -> None:
    b, grid = 3, s2_equatorial_grid(0.3, 4, 2)
    layer = S2Conv(1, 1, b, b, grid).double()
    signal = torch.randn(1, 1, 6, 6, 1, dtype=torch.float64)
    spectra = [reference.so3_spectrum(signal, degree) for degree in range(b)]
    for degree, spectrum in enumerate(spectra):
        spectrum[..., :degree] = spectrum[..., degree + 1 :] = 0  # on the sphere n = 0
    x = reference.so3_signal(spectra, soft(b), 1).real[..., 0]
    total = 0.0
    angles = (2 * math.pi * 5 / 6, math.pi * 5 / 12, 2 * math.pi / 6)
    for value, (beta, alpha) in zip(layer.kernel[0, 0].tolist(), grid.tolist(), strict=True):
        total += value * signal_at(spectra, rotation(*angles) @ rotation(alpha, beta, 0.0))
    expected = 2 * b * layer.scale * total
    assert expected == pytest.approx(layer(x)[0, 0, 2, 5, 1].item(), abs=1e-12)


def rotation(alpha: float, beta: float, gamma: float) -> Tensor:
    return rotation_matrix(*(torch.tensor(a, dtype=torch.float64) for a in (alpha, beta, gamma)))


def signal_at(spectra: list[Tensor], matrix: Tensor) -> float:
    """A signal ``(1, 1, ...)`` at any one rotation, from its spectrum."""
    angles = [float(angle) for angle in euler_angles(matrix)]
    value = 0.0
    for degree, spectrum in enumerate(spectra):
        d = reference.wigner_matrix(degree, *angles)
        value += (2 * degree + 1) * float((spectrum[0, 0] * d.conj()).sum().real)
    return value


def test_projection_sums_even_orders_only() -> None:
    """All orders have the same real part; the odd ones alone would be imaginary."""
    layer = so3_to_s2((4, 4), (4, 4), None).double()
    x = torch.randn(1, *layer.type_in.shape, dtype=torch.float64)
    z = reference.so3_conv(x, layer.kernel, SO3_GRID, (4, 4), None)
    everything = []
    for degree, product in enumerate(z):
        summed = torch.zeros_like(product)
        summed[..., degree] = product.sum(-1)
        everything.append(summed)
    full = reference.so3_signal(everything, soft(4), 1)[..., 0]
    assert (layer(x) - full.real).abs().max() < 1e-12
    assert full.imag.abs().max() > 1e-2


def test_the_integral_is_the_haar_mean() -> None:
    layer = so3_conv((4, 3), (4, 5), None).double()
    x = layer(torch.randn(2, *layer.type_in.shape, dtype=torch.float64))
    mean = reference.so3_spectrum(x, 0)[..., 0, 0].real
    torch.testing.assert_close(so3_integrate(x), mean)
    torch.testing.assert_close(so3_integrate(torch.ones(1, 1, 6, 6, 4)), torch.ones(1, 1))
    assert (mean - x.mean((2, 3, 4))).abs().max() > 1e-4  # a plain mean is another one


def parameters(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


def test_published_classifier_has_154550_parameters() -> None:
    beta = math.pi / 8
    first = S2Conv(1, 20, 30, 10, s2_near_identity_grid(beta, 8, 3))
    second = SO3Conv(20, 40, 10, 6, so3_near_identity_grid(beta, 8, 3))
    assert first.kernel.shape == (1, 20, 24)
    assert first.bias.shape == (1, 20, 1, 1, 1)
    assert second.kernel.shape == (20, 40, 192)
    assert parameters(first, second, nn.Linear(40, 10)) == 154_550
    x = so3_integrate(second(torch.relu(first(torch.rand(2, 1, 60, 60)))))
    assert x.shape == (2, 40)


def test_published_segmenter_has_204073_parameters() -> None:
    widths = [11, 12, 13, 14, 13, 12, 11]
    layers: list[nn.Module] = [S2Conv(1, 11, 3, 3, s2_near_identity_grid(0.4, 8, 3))]
    grid = so3_near_identity_grid(0.4, 8, 3)  # the count does not depend on bandwidths
    layers += [SO3Conv(c_in, c_out, 3, 3, grid) for c_in, c_out in pairwise(widths)]
    layers.append(SO3ToS2(11, 11, 3, 3, grid))
    assert parameters(*layers) == 204_073
    assert layers[-1].bias.shape == (1, 11, 1, 1)


def test_weights_are_uniform_and_scaled_in_the_forward_pass() -> None:
    layer = SO3Conv(8, 8, 4, 3, so3_near_identity_grid(0.4, 8, 3))
    assert layer.kernel.min() < -0.99
    assert layer.kernel.max() > 0.99
    assert (layer.bias == 0).all()
    assert layer.scale == pytest.approx(1 / math.sqrt(192 * 8 * 3**3 / 4**3))
    lift = S2Conv(2, 8, 5, 3, s2_near_identity_grid(0.4, 8, 3))
    assert lift.scale == pytest.approx(1 / math.sqrt(24 * 2 * 3**4 / 5**2))


def test_mistakes_are_refused_when_a_layer_is_built() -> None:
    with pytest.raises(ValueError, match=r"kernel grid \(point, 2\).*got shape \(24, 3\)"):
        S2Conv(1, 2, 4, 3, SO3_GRID)
    with pytest.raises(ValueError, match=r"kernel grid \(point, 3\)"):
        SO3Conv(1, 2, 4, 3, S2_GRID)
    with pytest.raises(ValueError, match=r"sampling.*got bandwidth=4, sampling=3"):
        SO3Conv(1, 2, 4, 3, SO3_GRID, sampling_in=3)
    with pytest.raises(ValueError, match="expected max_order >= 0"):
        SO3Conv(1, 2, 4, 3, SO3_GRID, max_order_out=-1)
