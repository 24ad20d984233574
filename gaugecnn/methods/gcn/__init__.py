"""Isotropic mesh baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaugecnn.lazy import lazy

if TYPE_CHECKING:
    from gaugecnn.methods.gcn.family import GCNFamily
    from gaugecnn.methods.gcn.layers import VertexType
    from gaugecnn.methods.gcn.stage import GCNStage

__all__ = [
    "GCNFamily",
    "GCNStage",
    "VertexType",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "family": ["GCNFamily"],
        "layers": ["VertexType"],
        "stage": ["GCNStage"],
    },
)
