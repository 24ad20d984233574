"""Vectors in space as gauge features, and back.

A vector at a vertex is its component along the normal, of order 0, and its part in the tangent
plane, of order 1: normals, positions or velocities are inputs like any other, and forces or
displacements outputs, none of which depends on the frames.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gaugecnn.surfaces.mesh_domain import MeshDomain


def vectors_to_feature(vectors: Tensor, domain: MeshDomain) -> Tensor:
    """Vector fields as a feature of type ``"Cx0+Cx1"``.

    ``f_0 = v . n`` and ``f_1 = v . e1 + i v . e2``.

    Args:
        vectors: in space ``(batch, vertex, channel, xyz)``.
        domain: whose frames are used.

    Returns:
        ``(batch, vertex, component)``.

    Raises:
        ValueError: the fields are not on the vertices of the mesh.
    """
    if vectors.dim() != 4 or vectors.shape[1::2] != (len(domain.surface), 3):
        raise ValueError(
            f"expected vectors (batch, {len(domain.surface)}, channel, 3), "
            f"got {tuple(vectors.shape)}"
        )
    e1, e2, normal = ((vectors * axis).sum(-1) for axis in _frames(vectors, domain))
    tangential = torch.stack([e1, e2], dim=-1)  # (batch, vertex, channel, re-im)
    return torch.cat([normal, tangential.flatten(-2)], dim=-1)


def feature_to_vectors(feature: Tensor, domain: MeshDomain) -> Tensor:
    """A feature of type ``"Cx0+Cx1"`` as vectors in space ``(batch, vertex, channel, xyz)``.

    Raises:
        ValueError: the components are not those of such a type on the mesh.
    """
    if feature.dim() != 3 or feature.shape[1] != len(domain.surface) or feature.shape[2] % 3:
        raise ValueError(
            f"expected a feature (batch, {len(domain.surface)}, 3 channels), "
            f"got {tuple(feature.shape)}"
        )
    channels = feature.shape[2] // 3
    normal, tangential = feature.split([channels, 2 * channels], dim=-1)
    re, im = tangential.unflatten(-1, (channels, 2)).unbind(-1)
    e1, e2, n = _frames(feature, domain)
    return re[..., None] * e1 + im[..., None] * e2 + normal[..., None] * n


def _frames(like: Tensor, domain: MeshDomain) -> tuple[Tensor, ...]:
    """The frame vectors e1, e2, n ``(vertex, 1, xyz)`` each."""
    return tuple(domain.frames.to(like)[:, None].unbind(2))
