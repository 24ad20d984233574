"""The transforms for use on their own: against the sums that define them, and known values."""

from __future__ import annotations

import doctest
import math

import pytest
import torch

from gaugecnn.methods.s2cnn import (
    Rings,
    S2Type,
    SO3Type,
    SpectralTransform,
    SpinType,
    rotate_spectrum,
)
from gaugecnn.methods.s2cnn.reference import rotate, signal_of, spectra_of, wigner_matrix
from gaugecnn.methods.s2cnn.spectral import transforms
from gaugecnn.methods.s2cnn.spectral.wigner import wigner_matrices
from gaugecnn.methods.s2cnn.types import GroupType
from gaugecnn.surfaces import LatLonGrid
from gaugecnn.surfaces.rotations import random_rotations, rotation_matrix

TYPES = [
    S2Type(2, 4),
    SO3Type(2, 4, 5),
    SO3Type(2, 4, 4, max_order=1),
    SO3Type(2, 4, 6, kind=Rings.gauss_legendre),
    SpinType(2, 4, 5, max_order=2, kind=Rings.gauss_legendre),
]
ROTATION = random_rotations(1, torch.Generator().manual_seed(3))[0]


def band_limited(type_: S2Type | GroupType) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Signals that the grid holds without loss, and their spectra by the sums."""
    x = torch.randn(3, *type_.shape, dtype=torch.float64)
    x = signal_of(spectra_of(x, type_), type_)
    return x, spectra_of(x, type_)


@pytest.mark.parametrize("type_", TYPES, ids=str)
class TestTransforms:
    def test_spectra_are_the_sums_that_define_them(self, type_):
        x, expected = band_limited(type_)
        spectrum = SpectralTransform(type_).double()(x)
        assert len(spectrum) == type_.bandwidth
        for degree, (part, whole) in enumerate(zip(spectrum, expected, strict=True)):
            middle, k = degree, part.shape[3] // 2
            torch.testing.assert_close(part, whole[..., middle - k : middle + k + 1])
            assert not whole[..., : middle - k].any()

    def test_there_and_back(self, type_):
        x, _ = band_limited(type_)
        transform = SpectralTransform(type_).double()
        torch.testing.assert_close(transform.inverse(transform(x)), x)
        single = SpectralTransform(type_)
        torch.testing.assert_close(single.inverse(single(x.float())), x.float())

    def test_rotations(self, type_):
        x, spectra = band_limited(type_)
        transform = SpectralTransform(type_).double()
        turned = transform.inverse(rotate_spectrum(transform(x), ROTATION))
        torch.testing.assert_close(turned, signal_of(rotate(spectra, ROTATION), type_))
        assert (turned - x).abs().max() > 0.1 * x.abs().max()

    def test_gradients(self, type_):
        transform = SpectralTransform(type_).double()
        x = band_limited(type_)[0].requires_grad_()
        parts = [part.abs().square().sum() for part in transform(x)]
        energy = sum((2 * degree + 1) * part for degree, part in enumerate(parts))
        (gradient,) = torch.autograd.grad(energy, x)
        torch.testing.assert_close((gradient * x).sum(), 2 * energy)  # of a quadratic form
        (there_and_back,) = torch.autograd.grad(transform.inverse(transform(x)), x, gradient)
        torch.testing.assert_close((there_and_back * x).sum(), 2 * energy)  # x is what it gives


def test_a_harmonic_has_one_coefficient():
    grid = LatLonGrid(5)
    beta = torch.arccos(grid.points[:, 2]).unflatten(0, grid.shape)
    alpha = torch.atan2(grid.points[:, 1], grid.points[:, 0]).unflatten(0, grid.shape)
    # Re Y_21 = -sqrt(15 / 8 pi) sin(beta) cos(beta) cos(alpha)
    harmonic = -math.sqrt(15 / (8 * math.pi)) * beta.sin() * beta.cos() * alpha.cos()
    spectrum = SpectralTransform(S2Type(1, 5)).double()(harmonic[None, None])
    expected = [torch.zeros(2 * degree + 1, dtype=torch.complex128) for degree in range(5)]
    # Re Y_21 = (Y_21 - Y_2,-1) / 2, each divided by sqrt(4 pi (2l + 1))
    expected[2][3], expected[2][1] = 0.5, -0.5
    for degree, part in enumerate(spectrum):
        scale = math.sqrt(4 * math.pi * (2 * degree + 1))
        torch.testing.assert_close(part[0, 0, :, 0] * scale, expected[degree])


def test_rotations_follow_each_other():
    spectrum = SpectralTransform(SO3Type(1, 4, 4)).double()(
        torch.randn(1, *SO3Type(1, 4, 4).shape, dtype=torch.float64)
    )
    first, second = random_rotations(2, torch.Generator().manual_seed(1))
    one_by_one = rotate_spectrum(rotate_spectrum(spectrum, first), second)
    for part, expected in zip(rotate_spectrum(spectrum, second @ first), one_by_one, strict=True):
        torch.testing.assert_close(part, expected)


def test_wigner_matrices_are_those_of_the_sum_and_unitary():
    angles = torch.tensor([0.3, 1.1, 5.0], dtype=torch.float64)
    matrices = wigner_matrices(60, rotation_matrix(*angles))
    for degree in range(6):
        expected = wigner_matrix(degree, *angles.tolist())
        torch.testing.assert_close(matrices[degree], expected)
    last = matrices[-1]
    torch.testing.assert_close(last @ last.mH, torch.eye(len(last), dtype=torch.complex128))


def test_other_spectra_are_refused():
    transform = SpectralTransform(S2Type(1, 3))
    spectrum = transform(torch.randn(1, 1, 6, 6))
    with pytest.raises(ValueError, match=r"expected orders \(m, n\) = \[\(1, 1\), .* got \[\(1, 1"):
        transform.inverse(spectrum[:2])
    with pytest.raises(ValueError, match="expected 3 orders m of degree 1, got 1"):
        rotate_spectrum([spectrum[0], spectrum[0]], ROTATION)


def test_the_examples_are_true():
    found = doctest.testmod(transforms)
    assert found.attempted > 10
    assert found.failed == 0
