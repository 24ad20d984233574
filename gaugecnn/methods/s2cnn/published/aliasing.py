"""The degrees in which the published networks and ours differ, and by how much.

Where the bandwidth grows from b_in to b_out, the published code takes the degrees b_in .. b_out - 1
of what comes in as well. A grid of bandwidth b_in cannot tell them from lower ones, so that they
are aliases, and break the rotation equivariance of the layer; it takes the orders below b_in only.
Our layers cut the spectrum at ``min(b_in, b_out)``. Of the published output, the aliases are

- from 5 to 9, 1 % for a band-limited feature with equal coefficients, 15 to 32 % for its ReLU;
- in `s2cnn_204k` with fresh weights, on a digit, 6.9 % in stage 4 (20 to 27), 3.0 % in stage 5,
  1.4 % in stage 6 and 0.6 % in the projection (42 to 50).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from gaugecnn.layers import FeatureType, Stage, expect
from gaugecnn.methods.s2cnn.grids import Grid, so3_kernel
from gaugecnn.methods.s2cnn.layers import S2Conv, SO3Conv, SO3ToS2
from gaugecnn.methods.s2cnn.rings import Rings
from gaugecnn.methods.s2cnn.stage import S2CNNStage
from gaugecnn.methods.s2cnn.types import SO3Type
from gaugecnn.networks import FieldNetwork, Network
from gaugecnn.surfaces.lat_lon import quadrature_weights, soft_colatitudes


@dataclass(frozen=True)
class AliasedDegrees:
    """A layer whose output bandwidth is above that of its input.

    Args:
        layer: its name in the network.
        stage: which stage of the plan it is, from 0; a projection is the last one.
        bandwidth_in: degree cut-off of what comes in.
        bandwidth_out: degree cut-off of what goes out.
    """

    layer: str
    stage: int
    bandwidth_in: int
    bandwidth_out: int

    @property
    def degrees(self) -> range:
        """The degrees that the published code keeps and ours cuts off."""
        return range(self.bandwidth_in, self.bandwidth_out)

    def __str__(self) -> str:
        return (
            f"stage {self.stage} ({self.layer}, bandwidth {self.bandwidth_in} to "
            f"{self.bandwidth_out}): degrees {self.degrees[0]} to {self.degrees[-1]}"
        )


def aliased_degrees(model: Network) -> tuple[AliasedDegrees, ...]:
    """The layers of an S2CNN network that raise the bandwidth, in the order of its plan."""
    found = []
    for stage, (name, layer) in enumerate(convolutions(model).items()):
        if isinstance(layer, S2Conv):
            continue  # a lift raises no bandwidth, in the published code either
        bandwidths = _bandwidths(layer)
        if bandwidths[1] > bandwidths[0]:
            found.append(AliasedDegrees(name, stage, *bandwidths))
    return tuple(found)


def aliased_shares(model: Network, signal: Tensor) -> dict[str, float]:
    """`aliased_share` of each layer that raises the bandwidth, by name.

    Each is measured on the feature that reaches the layer in our network; an image takes a minute
    or two in `s2cnn_204k`.

    Args:
        model: an S2CNN network on critical grids, as published.
        signal: ``(batch, channel, beta, alpha)``.
    """
    layers = convolutions(model)
    inputs: dict[str, Tensor] = {}
    names = [degrees.layer for degrees in aliased_degrees(model)]
    hooks = [
        layers[name].register_forward_pre_hook(
            lambda _, arguments, name=name: inputs.__setitem__(name, arguments[0])
        )
        for name in names
    ]
    try:
        with torch.no_grad():
            model(signal)
    finally:
        for hook in hooks:
            hook.remove()
    stages = dict(zip(layers, model.stages, strict=True))
    return {
        name: aliased_share(layers[name], _kernel_grid(stages[name]), inputs[name])
        for name in names
    }


def aliased_share(layer: nn.Module, kernel_grid: Grid, x: Tensor) -> float:
    """``||published - ours|| / ||published||``: how much of an output the cut degrees would be.

    With ``z^l_mn = sum_k x^l_mk conj(y^l_nk)``, summed over even n towards the sphere, and
    ``||z||^2 = sum_l (2l + 1) sum_mn |z^l_mn|^2``, which is the mean square over SO(3) or over the
    sphere: the root of the part of ``l = b_in .. b_out - 1`` in the sum over ``l < b_out``. The
    bias, the same in both, is left out.

    Args:
        layer: an `SO3Conv` or `SO3ToS2`, sampled at its cut-offs and with all orders.
        kernel_grid: the points of its kernel ``(point, 3)``.
        x: what comes in, ``(batch, in, beta, alpha, gamma)``.

    Returns:
        a number from 0, where the bandwidth does not grow, to 1.

    Raises:
        ValueError: the layer is another one or not on critical grids, or x does not fit it.

    Source: Cohen et al. 2018 and Gerken et al. 2022, published code: the analysis takes what
        orders there are below b_in, in every degree below b_out.
    """
    if not isinstance(layer, SO3Conv | SO3ToS2):
        raise ValueError(f"expected an SO3Conv or an SO3ToS2, got {type(layer).__name__}")
    type_in = _critical(layer.type_in)
    if isinstance(layer, SO3Conv):
        _critical(layer.type_out)
    if tuple(x.shape[1:]) != type_in.shape:
        expected = ", ".join(map(str, ("batch", *type_in.shape)))
        raise ValueError(f"expected x of shape ({expected}), got {tuple(x.shape)}")
    products = enumerate(_published_products(layer, kernel_grid, x.detach().cpu()))
    squares = [(2 * degree + 1) * float(z.abs().square().sum()) for degree, z in products]
    total = sum(squares)
    return (sum(squares[type_in.bandwidth :]) / total) ** 0.5 if total else 0.0


def _published_products(layer: SO3Conv | SO3ToS2, grid: Grid, x: Tensor) -> Iterator[Tensor]:
    """``z^l_mn``, ``(batch, out, m, n)``, for each degree below b_out, but for a common factor."""
    b_in, b_out = _bandwidths(layer)
    waves_x = _orders_of_signal(x.double(), b_in)
    waves_y, rings = _orders_of_kernel(layer.kernel.detach().cpu().double(), grid, b_out, b_in)
    weights = quadrature_weights(b_in).to(torch.complex128)
    for degree in range(b_out):
        k = min(degree, b_in - 1)  # the largest order of what comes in, m or k
        orders_x = slice(b_in - 1 - k, b_in + k)
        orders_y = slice(b_out - 1 - degree, b_out + degree)
        inner = slice(degree - k, degree + k + 1)
        d_x = small_d(degree, soft_colatitudes(b_in))[inner, inner].to(torch.complex128)
        d_y = small_d(degree, rings)[:, inner].to(torch.complex128)
        weighted = d_x * weights  # (m, k, beta)
        signal = torch.einsum("bijmk,mkj->bimk", waves_x[..., orders_x, orders_x], weighted)
        y = torch.einsum("ionkr,nkr->ionk", waves_y[:, :, orders_y, orders_x], d_y)
        if isinstance(layer, SO3ToS2):
            y = y[:, :, degree % 2 :: 2].sum(2, keepdim=True)  # of n = -degree .., the even ones
        yield torch.einsum("bimk,ionk->bomn", signal, y.conj())


def small_d(degree: int, betas: Tensor) -> Tensor:
    """``d^l_mn(beta)`` of one degree, ``(m, n, beta)``, float64.

    ``d^l = exp(-i beta J_y)`` by the eigenvectors of J_y, whose eigenvalues are -l .. l.

    Source: Feng et al. 2015, High-precision evaluation of Wigner's d matrix.
    """
    orders = np.arange(-degree, degree + 1)
    raising = np.diag(np.sqrt(degree * (degree + 1) - orders[:-1] * orders[1:]), -1)
    _, vectors = np.linalg.eigh((raising - raising.T) / 2j)
    phases = np.exp(-1j * np.outer(orders, betas.numpy()))  # (eigenvalue, beta)
    d = np.einsum("me,eb,ne->mnb", vectors, phases, vectors.conj(), optimize=True)
    return torch.from_numpy(np.ascontiguousarray(d.real))


def _orders_of_signal(x: Tensor, cutoff: int) -> Tensor:
    """``sum x e^{-i m alpha} e^{-i k gamma}`` for orders below the cut-off, last two axes m, k."""
    x = torch.fft.fftshift(torch.fft.fft2(x), dim=(3, 4))  # (batch, in, beta, m, k)
    return x[..., 1:, 1:]  # without the order -cutoff of a grid of 2 cutoff points


def _orders_of_kernel(
    kernel: Tensor, grid: Grid, cutoff_n: int, cutoff_k: int
) -> tuple[Tensor, Tensor]:
    """``sum_g k_g e^{-i n alpha_g} e^{-i k gamma_g}`` over each ring of the grid, and its beta.

    Returns:
        ``(in, out, n, k, ring)`` for orders below the cut-offs, and ``(ring,)``.
    """
    rings, ring = np.unique(grid[:, 0], return_inverse=True)
    at_alpha = _waves(cutoff_n, grid[:, 1])  # (n, point)
    at_gamma = _waves(cutoff_k, grid[:, 2])  # (k, point)
    sums = []
    for r in range(len(rings)):
        of_ring = torch.from_numpy(ring.reshape(-1) == r)
        values = kernel[:, :, of_ring].to(torch.complex128)
        placed = torch.einsum("iop,np->ionp", values, at_alpha[:, of_ring])
        sums.append(placed @ at_gamma[:, of_ring].T)  # (in, out, n, k)
    return torch.stack(sums, dim=-1), torch.from_numpy(rings)


def _waves(cutoff: int, angles: Grid) -> Tensor:
    """``e^{-i order angle}`` for orders below the cut-off, ``(order, angle)``."""
    orders = np.arange(-(cutoff - 1), cutoff)
    return torch.from_numpy(np.exp(-1j * np.outer(orders, angles)))


def convolutions(model: Network) -> dict[str, S2Conv | SO3Conv | SO3ToS2]:
    """The convolutions, one for each stage of the plan, by name.

    Raises:
        ValueError: the network has other layers, or batch norm about them.
    """
    layers = {}
    for name in layer_names(model):
        layer = model.get_submodule(name)
        if not isinstance(layer, S2Conv | SO3Conv | SO3ToS2):
            kind = type(layer).__name__
            raise ValueError(f"expected a network of plain S2CNN layers, got {kind} as {name}")
        layers[name] = layer
    return layers


def layer_names(model: Network) -> list[str]:
    """The name of the layer of each stage of the plan."""
    names = [f"blocks.{i}.layer" for i in range(len(model.stages))]
    return [*names[:-1], "project"] if isinstance(model, FieldNetwork) else names


def _bandwidths(layer: SO3Conv | SO3ToS2) -> tuple[int, int]:
    """The degree cut-offs of what comes in and of what goes out."""
    below = expect(layer.type_in, SO3Type).bandwidth
    if isinstance(layer, SO3ToS2):
        return below, layer.bandwidth_out
    return below, expect(layer.type_out, SO3Type).bandwidth


def _critical(type_: FeatureType) -> SO3Type:
    """A type of the published networks: sampled at its cut-off, with all orders."""
    type_ = expect(type_, SO3Type)
    critical = type_.sampling == type_.bandwidth and type_.kind is Rings.equiangular
    if not critical or type_.order < type_.bandwidth - 1:
        raise ValueError(
            "expected a feature sampled at its cut-off on equiangular rings with all orders, "
            f"got {type_}"
        )
    return type_


def _kernel_grid(stage: Stage) -> Grid:
    assert isinstance(stage, S2CNNStage)
    return so3_kernel(stage)
