"""Sparse rows or fixed valence: two ways to aggregate the same neighbours, timed in turn.

The layer uses sparse rows. The other way gathers the neighbours of every vertex into
``(vertex, neighbour * re-im, batch * channel)`` and multiplies by ``(vertex, aggregate, neighbour *
re-im)``, one small dense product a vertex: seven times the feature in memory on the one ring.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gaugecnn.bench.timing import interleave, median_ratio
from gaugecnn.methods.gauge import GaugeConv
from gaugecnn.ops.sparse import SparseMap
from gaugecnn.surfaces import Icosphere


def valence_ratio(level: int, batch: int, type_: str, repeats: int) -> float:
    """Time of the fixed-valence aggregation over that of the sparse one, all orders, forward."""
    layer = GaugeConv(type_, type_, Icosphere(level))
    vertices = len(layer.type_in.surface)
    jobs: dict[str, list[Callable[[], Tensor]]] = {"sparse": [], "gathered": []}
    for n in layer.type_in.orders:
        parts, channels = (1 if n == 0 else 2), layer.type_in.multiplicities[n]
        x = torch.randn(vertices * parts, batch * channels)
        sparse = layer.aggregate[str(n)]
        gathered = gathering(sparse, vertices, parts)
        assert (gathered(x) - sparse(x)).abs().max() < 1e-4
        jobs["sparse"].append(lambda sparse=sparse, x=x: sparse(x))
        jobs["gathered"].append(lambda gathered=gathered, x=x: gathered(x))
    whole = {name: lambda calls=calls: [call() for call in calls] for name, calls in jobs.items()}
    with torch.no_grad():
        seconds = interleave(whole, repeats, lambda: None, lambda _: None)
    return median_ratio(seconds["gathered"], seconds["sparse"])


def gathering(sparse: SparseMap, vertices: int, parts: int) -> Callable[[Tensor], Tensor]:
    """The same map by gathered neighbours."""
    rows = torch.repeat_interleave(torch.arange(sparse.shape[0]), sparse.rows.diff())
    stride = sparse.shape[0] // vertices
    target, source = rows // stride, sparse.columns.long() // parts
    pairs, place = torch.unique(target * vertices + source, return_inverse=True)
    count = torch.bincount(pairs // vertices, minlength=vertices)
    slot = torch.arange(len(pairs)) - (count.cumsum(0) - count)[pairs // vertices]
    width = int(count.max())
    index = torch.zeros(vertices, width, dtype=torch.long)
    index[pairs // vertices, slot] = pairs % vertices
    weights = torch.zeros(vertices, stride, width, parts)
    part = sparse.columns.long() % parts
    weights[target, rows % stride, slot[place], part] = sparse.values.float()

    def apply(x: Tensor) -> Tensor:
        near = x.view(vertices, parts, -1)[index].flatten(1, 2)  # (vertex, neighbour * part, ...)
        return (weights.flatten(2) @ near).flatten(0, 1)

    return apply
