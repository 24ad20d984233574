"""Gauge layers on several meshes at once, and vectors in space in and out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch

from gaugecnn.methods.gauge import (
    GaugeConv,
    KernelSpec,
    feature_to_vectors,
    mesh_geometry,
    vectors_to_feature,
)
from gaugecnn.surfaces import Icosphere, TriangleMesh
from tests.methods.test_gauge import frame_change
from tests.surfaces.test_mesh import torus

TYPES = ("2x0+2x1+1x2", "3x0+1x1+2x2")
KERNEL = KernelSpec(0.9)


def batch_of(domains, kernel, components):
    graphs = [mesh_geometry(domain, kernel) for domain in domains]
    for graph in graphs:
        graph.x = torch.randn(graph.num_nodes, components, dtype=torch.float64)
    return Batch.from_data_list(graphs), graphs


def test_a_batch_of_meshes_is_each_of_them():
    domains = [Icosphere(1), TriangleMesh(*torus()), Icosphere(2)]
    layer = GaugeConv(*TYPES, domains[0], KERNEL).double()
    batch, graphs = batch_of(domains, KERNEL, layer.type_in.components)
    together = layer(batch.x, batch).split([g.num_nodes for g in graphs])
    for domain, graph, got in zip(domains, graphs, together, strict=True):
        own = GaugeConv(*TYPES, domain, KERNEL).double()
        own.load_state_dict(layer.state_dict())
        torch.testing.assert_close(got, own(graph.x[None])[0], atol=1e-12, rtol=0)


def test_gradients_through_a_batch_are_those_of_the_meshes():
    domains = [Icosphere(1), TriangleMesh(*torus())]
    layer = GaugeConv(*TYPES, domains[0], KERNEL).double()
    batch, graphs = batch_of(domains, KERNEL, layer.type_in.components)
    layer(batch.x, batch).square().sum().backward()
    expected = torch.zeros_like(layer.kernel)
    for domain, graph in zip(domains, graphs, strict=True):
        own = GaugeConv(*TYPES, domain, KERNEL).double()
        own.load_state_dict(layer.state_dict())
        own(graph.x[None]).square().sum().backward()
        expected += own.kernel.grad
    torch.testing.assert_close(layer.kernel.grad, expected)


def test_a_batch_in_random_frames():
    aligned, random = [TriangleMesh(*torus(), frames=f) for f in ("aligned", "random")]
    layer = GaugeConv(*TYPES, aligned, KERNEL).double()
    change = frame_change(aligned, random)
    x = torch.randn(1, *layer.type_in.shape, dtype=torch.float64)
    turned = layer.type_in.transform(change, x)[0]
    got = layer(turned, mesh_geometry(random, KERNEL))
    expected = layer.type_out.transform(change, layer(x))[0]
    assert not torch.allclose(expected, layer(x)[0], atol=0.1)
    torch.testing.assert_close(got, expected, atol=1e-8, rtol=0)


def test_another_geometry_is_refused():
    layer = GaugeConv(*TYPES, Icosphere(1), KERNEL)
    x = torch.randn(42, layer.type_in.components)
    with pytest.raises(
        ValueError, match=r"geometry for KernelSpec\(radius=0.9.*got one for KernelSpec\(r"
    ):
        layer(x, mesh_geometry(Icosphere(1)))
    with pytest.raises(ValueError, match=r"expected \(vertex, component\) = \(42, 8\), got \(41"):
        layer(x[:-1], mesh_geometry(Icosphere(1), KERNEL))


def test_lowered_accuracies_are_counted():
    ring = GaugeConv("1x0", "1x1", Icosphere(2))
    assert ring.lowered == 162
    assert "accuracy lowered at 162 vertices" in repr(ring)
    assert GaugeConv("1x0", "1x1", Icosphere(2), KernelSpec(accuracy=2)).lowered == 0


def test_a_frequency_that_no_vertex_resolves_is_refused():
    with pytest.raises(
        ValueError, match=r"frequency 3 is resolved nowhere on .* takes 7 neighbours"
    ):
        GaugeConv("1x0", "1x3", Icosphere(2), KernelSpec(max_frequency=3))


def test_vectors_go_in_and_come_out():
    domain = TriangleMesh(*torus(), frames="random")
    vectors = torch.randn(2, 128, 4, 3, dtype=torch.float64)
    feature = vectors_to_feature(vectors, domain)
    assert feature.shape == (2, 128, 12)
    torch.testing.assert_close(feature_to_vectors(feature, domain), vectors)
    normals = torch.from_numpy(domain.surface.frames[:, 2])[None, :, None]
    alone = vectors_to_feature(normals, domain)
    torch.testing.assert_close(alone, torch.tensor([1.0, 0, 0]).double().expand(1, 128, 3))


@pytest.mark.parametrize("shape", [(2, 128, 3), (2, 127, 4, 3), (2, 128, 4, 2)])
def test_other_vectors_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected vectors \(batch, 128, channel, 3\), got"):
        vectors_to_feature(torch.zeros(shape), TriangleMesh(*torus()))


def test_vector_outputs_do_not_depend_on_frames():
    """Vectors and a scalar in, vectors out, in two sets of frames."""
    outputs = []
    vectors = torch.randn(1, 128, 2, 3, dtype=torch.float64)
    for frames in ("aligned", "random"):
        domain = TriangleMesh(*torus(), frames=frames)
        torch.manual_seed(0)
        layer = GaugeConv("2x0+2x1", "1x0+1x1", domain, KERNEL).double()
        feature = vectors_to_feature(vectors, domain)
        outputs.append(feature_to_vectors(layer(feature), domain))
    torch.testing.assert_close(outputs[0], outputs[1], atol=1e-8, rtol=0)


def test_the_order_1_response_is_the_gradient():
    """On the sphere the surface gradient of z is its projection on the tangent plane."""
    domain = Icosphere(3)
    layer = GaugeConv("1x0", "1x0+1x1", domain, KernelSpec(0.35), bias=False).double()
    with torch.no_grad():
        layer.kernel.zero_()
        for path, where in zip(layer.paths, layer.slices(), strict=True):
            if path.order_out == 1:
                layer.kernel[where][0] = 1.0
    heights = domain.points[:, 2][None, :, None]
    found = feature_to_vectors(layer(heights), domain)[0, :, 0].numpy(force=True)
    normal = domain.surface.frames[:, 2]
    gradient = np.array([0.0, 0, 1]) - normal * normal[:, 2:]
    factor = (found * gradient).sum() / (gradient**2).sum()
    assert factor > 0
    assert np.abs(found - factor * gradient).max() < 1e-3 * factor
