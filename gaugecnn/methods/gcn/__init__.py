"""Isotropic mesh baseline."""

from gaugecnn.methods.gcn.family import GCNFamily, GCNStage
from gaugecnn.methods.gcn.layers import VertexType

__all__ = ["GCNFamily", "GCNStage", "VertexType"]
