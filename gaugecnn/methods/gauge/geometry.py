"""The stencils of one mesh, as layers read them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gaugecnn.methods.gauge.stage import KernelSpec


@dataclass(frozen=True, eq=False)
class Geometry:
    """What a layer knows of a mesh; the graph of `mesh_geometry` has the same attributes.

    Attributes:
        edge_index: from each q to p, p itself among them, sorted by target ``(2, edge)``.
        stencil: weights ``(edge, frequency * profile, re-im)``, frequencies from 0.
        transport: ``phi_pq`` ``(edge,)``.
        areas: of the vertices ``(vertex,)``.
        kernel: the stencils that these are.
        lowered: vertices with an accuracy lowered or the one ring in place ``(1,)``.
        ring: vertices where the one ring stands in ``(1, frequency)``.
        enough: a radius that would do everywhere ``(1,)``.
        untold: vertices that do not tell a frequency ``(1, frequency)``.
        untold_inside: those of them that are not on a boundary ``(1, frequency)``.
        num_nodes: how many vertices there are.
    """

    edge_index: Tensor
    stencil: Tensor
    transport: Tensor
    areas: Tensor
    kernel: KernelSpec
    lowered: Tensor
    ring: Tensor
    enough: Tensor
    untold: Tensor
    untold_inside: Tensor
    num_nodes: int
