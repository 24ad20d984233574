"""Each layer in float32 against its slow sums in float64, and under rotations by Wigner-D."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gaugecnn.methods.s2cnn import (
    S2Conv,
    SO3Conv,
    SO3ToS2,
    reference,
    s2_near_identity_grid,
    so3_near_identity_grid,
)
from gaugecnn.methods.s2cnn.reference import rotate, signal_of, spectra_of
from gaugecnn.records.provenance import commit, device_name
from gaugecnn.records.results import Result
from gaugecnn.surfaces.rotations import random_rotations

S2_GRID = s2_near_identity_grid(0.6, 5, 2)
SO3_GRID = so3_near_identity_grid(0.6, 4, 2, 3)
BANDWIDTHS = {"S2Conv": (6, 4), "SO3Conv": (6, 4), "SO3ToS2": (4, 6)}
ROTATIONS = 4
Layer = S2Conv | SO3Conv | SO3ToS2


def exactness_rows(device: str) -> list[dict[str, Any]]:
    """Rows of the results table: the errors of each layer, relative to its largest output."""
    where = torch.device(device)
    made: dict[str, Callable[[], Layer]] = {
        "S2Conv": lambda: S2Conv(2, 3, *BANDWIDTHS["S2Conv"], S2_GRID),
        "SO3Conv": lambda: SO3Conv(2, 3, *BANDWIDTHS["SO3Conv"], SO3_GRID),
        "SO3ToS2": lambda: SO3ToS2(2, 3, *BANDWIDTHS["SO3ToS2"], SO3_GRID),
    }
    rows = []
    for name, make in made.items():
        torch.manual_seed(0)
        layer = make()
        for parameter in layer.parameters():
            torch.nn.init.uniform_(parameter, -1, 1)
        value, gradient = reference_errors(layer, name, where)
        errors = {
            "reference_value_error": value,
            "reference_gradient_error": gradient,
            "rotation_error": rotation_error(layer, where),
        }
        for metric, error in errors.items():
            found = Result(
                model=name,
                test_condition="small layer",
                metric=metric,
                value=f"{error:.3g}",
                parameters=sum(p.numel() for p in layer.parameters()),
                device=device_name(where),
                dtype="float32",
                commit=commit(),
                command="gaugecnn study s2cnn_cost",
            )
            rows.append(found.row())
    return rows


def reference_errors(layer: Layer, name: str, device: torch.device) -> tuple[float, float]:
    """The largest errors of values and of gradients of a float32 layer on `device`."""
    x = torch.randn(2, *layer.type_in.shape, dtype=torch.float64, requires_grad=True)
    kernel, bias = (
        parameter.detach().double().requires_grad_() for parameter in (layer.kernel, layer.bias)
    )
    truth = slow(layer, name, x, kernel) + bias
    layer, single = layer.to(device), x.detach().float().to(device).requires_grad_()
    fast = layer(single)
    probe = torch.randn_like(truth)
    theirs = torch.autograd.grad((truth * probe).sum(), [x, kernel, bias])
    ours = torch.autograd.grad(
        (fast * probe.float().to(device)).sum(), [single, layer.kernel, layer.bias]
    )
    gradient = max(relative(a, b) for a, b in zip(ours, theirs, strict=True))
    return relative(fast, truth), gradient


def slow(layer: Layer, name: str, x: Tensor, kernel: Tensor) -> Tensor:
    """The layer without its bias, by the sums of `reference`."""
    bandwidths = BANDWIDTHS[name]
    if isinstance(layer, S2Conv):
        z = reference.s2_conv(x, kernel, S2_GRID, bandwidths)
    else:
        z = reference.so3_conv(x, kernel, SO3_GRID, bandwidths, None)
    if isinstance(layer, SO3ToS2):
        z = reference.so3_to_s2(z)
    return signal_of(z, layer.type_out)


def rotation_error(layer: Layer, device: torch.device) -> float:
    """How far the layer is from commuting with rotations of band-limited signals."""
    noise = torch.randn(2, *layer.type_in.shape, dtype=torch.float64)
    spectra = spectra_of(noise, layer.type_in)
    layer = layer.to(device)

    def apply(z: list[Tensor]) -> Tensor:
        x = signal_of(z, layer.type_in).float().to(device)
        return layer(x).detach().cpu().double()

    still, worst = apply(spectra), 0.0
    for matrix in random_rotations(ROTATIONS, torch.Generator().manual_seed(1)):
        moved = signal_of(rotate(spectra_of(still, layer.type_out), matrix), layer.type_out)
        error = (apply(rotate(spectra, matrix)) - moved).abs().max()
        worst = max(worst, float(error / (still[0] - still[1]).abs().max()))
    return worst


def relative(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference over the largest value."""
    theirs = theirs.detach()
    return float((ours.detach().cpu().double() - theirs).abs().max() / theirs.abs().max())
