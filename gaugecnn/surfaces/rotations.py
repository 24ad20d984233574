"""Rotations of the sphere in the project's conventions, and the bridge to e3nn.

Right-handed axes, polar axis z, colatitude ``beta`` in [0, pi], azimuth ``alpha`` in [0, 2 pi),
and ``R(alpha, beta, gamma) = Rz(alpha) Ry(beta) Rz(gamma)``. e3nn's polar axis is y; this is the
only file that knows it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def rotation_about_z(angle: Tensor) -> Tensor:
    """Rotation matrices about the polar axis, ``(...) -> (..., 3, 3)``; `angle` in radians."""
    c, s = torch.cos(angle), torch.sin(angle)
    zero, one = torch.zeros_like(c), torch.ones_like(c)
    rows = [c, -s, zero, s, c, zero, zero, zero, one]
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


def rotation_about_y(angle: Tensor) -> Tensor:
    """Rotation matrices about the y axis, ``(...) -> (..., 3, 3)``; `angle` in radians."""
    c, s = torch.cos(angle), torch.sin(angle)
    zero, one = torch.zeros_like(c), torch.ones_like(c)
    rows = [c, zero, s, zero, one, zero, -s, zero, c]
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


def rotation_matrix(alpha: Tensor, beta: Tensor, gamma: Tensor) -> Tensor:
    """``Rz(alpha) Ry(beta) Rz(gamma)``, ``(...) -> (..., 3, 3)``; angles in radians."""
    return rotation_about_z(alpha) @ rotation_about_y(beta) @ rotation_about_z(gamma)


def euler_angles(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The ZYZ angles (alpha, beta, gamma) of rotation matrices ``(..., 3, 3)``.

    At the poles (beta = 0 or pi) only alpha +- gamma is defined; gamma is then set to 0.
    """
    beta = torch.arccos(matrix[..., 2, 2].clamp(-1.0, 1.0))
    polar = torch.hypot(matrix[..., 0, 2], matrix[..., 1, 2]) < 1e-12
    alpha = torch.atan2(matrix[..., 1, 2], matrix[..., 0, 2])
    gamma = torch.atan2(matrix[..., 2, 1], -matrix[..., 2, 0])
    # Rz(a) Ry(0) = Rz(a) has first column (cos a, sin a); Rz(a) Ry(pi) has (-cos a, -sin a).
    sign = torch.sign(matrix[..., 2, 2])
    alpha_polar = torch.atan2(sign * matrix[..., 1, 0], sign * matrix[..., 0, 0])
    alpha = torch.where(polar, alpha_polar, alpha)
    gamma = torch.where(polar, torch.zeros_like(gamma), gamma)
    return alpha % (2 * math.pi), beta, gamma % (2 * math.pi)


def random_rotations(count: int, generator: torch.Generator | None = None) -> Tensor:
    """Rotations uniform in the Haar measure of SO(3), ``(count, 3, 3)``, float64.

    Normalised Gaussian quaternions are uniform on the three-sphere (Shoemake 1992).
    """
    q = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    w, x, y, z = torch.nn.functional.normalize(q, dim=-1).unbind(-1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


def points_from_angles(beta: Tensor, alpha: Tensor) -> Tensor:
    """Unit vectors ``(..., 3)`` of colatitude `beta` and azimuth `alpha` in radians."""
    s = torch.sin(beta)
    return torch.stack([s * torch.cos(alpha), s * torch.sin(alpha), torch.cos(beta)], dim=-1)


def wigner_d(degree: int, beta: float) -> Tensor:
    """Wigner's small d matrix ``d^l_mn(beta)`` from e3nn, ``(2l+1, 2l+1)``, m and n from -l to l.

    Condon-Shortley phases, ``d^1_{1,0}(beta) = -sin(beta) / sqrt(2)``. e3nn exponentiates
    generators, which is slow and exact: it is the reference of our own recursion, not its rival.
    """
    zero, angle = torch.zeros((), dtype=torch.float64), torch.tensor(beta, dtype=torch.float64)
    from e3nn import o3  # a second to import, and only the tests of Wigner's d need it

    real = o3.wigner_D(degree, zero, angle, zero).to(torch.complex128)
    basis = _complex_from_real(degree)
    return (basis @ real @ basis.conj().T).real


def _complex_from_real(degree: int) -> Tensor:
    """Unitary ``(m, real index)`` from e3nn's real harmonics to complex ones with polar axis z.

    e3nn's axes (x, y, z) are our (y, z, x): its polar axis y is our z, and its Euler angles
    ``Ry(alpha) Rx(beta) Ry(gamma)`` are then our ZYZ angles unchanged.
    """
    size = 2 * degree + 1
    basis = torch.zeros(size, size, dtype=torch.complex128)
    basis[degree, degree] = 1.0
    for m in range(1, degree + 1):
        sign, half = (-1.0) ** m, 1 / math.sqrt(2)
        basis.real[degree + m, degree + m] = sign * half
        basis.imag[degree + m, degree - m] = sign * half
        basis.real[degree - m, degree + m] = half
        basis.imag[degree - m, degree - m] = -half
    return basis
