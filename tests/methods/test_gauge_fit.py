"""Kernels against meshes: too narrow, ill-placed neighbours, orders out of reach, gains."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import torch
import trimesh

from gaugecnn import build_model, load_config
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.geometry.subdivision import subdivide
from gaugecnn.methods.gauge import GaugeConv, KernelSpec, mesh_geometry
from gaugecnn.methods.gauge.kernel import gains, kernels_of
from gaugecnn.methods.gauge.reference import reference_convolution
from gaugecnn.ops.stencil import REACH, Kernels, stencils
from gaugecnn.surfaces import Icosphere, TriangleMesh
from tests.methods.test_stencil import OCTAHEDRON
from tests.shipped import MESHES
from tests.surfaces.test_mesh import torus

NARROW = KernelSpec(radius=0.03)


def graded_torus(ratio: float = 50) -> tuple[np.ndarray, np.ndarray]:
    """The torus with its steps around the axis growing by a ratio, and shrinking again."""
    vertices, faces = torus(24, 16)
    steps = np.geomspace(1, ratio, 12)
    steps = np.concatenate([steps, steps[::-1]])
    u = np.repeat(2 * np.pi * (np.cumsum(steps) - steps) / steps.sum(), 16)
    r = np.linalg.norm(vertices[:, :2], axis=1)
    return np.stack([r * np.cos(u), r * np.sin(u), vertices[:, 2]], axis=1), faces


def graded_strip(ratio: float = 50) -> tuple[np.ndarray, np.ndarray]:
    """A bent rectangle with a boundary, its steps growing by a ratio."""
    x = np.cumsum(np.geomspace(1, ratio, 20))
    x, y = np.meshgrid(4 * x / x[-1], np.linspace(0, 1, 9), indexing="ij")
    corner = (np.arange(19)[:, None] * 9 + np.arange(8)).ravel()
    quads = corner[:, None] + np.array([0, 9, 10, 1])
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return np.stack([x, y, 0.2 * np.sin(x)], axis=-1).reshape(-1, 3), faces


def silently(build):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GaugecnnWarning)
        return build()


def invariants(layer: GaugeConv) -> torch.Tensor:
    """What the layer makes of one field, in any frames: order 0 and the norms of order 2."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, *layer.type_in.shape, dtype=torch.float64, generator=generator)
    first, second = layer.double()(x).detach().split([2, 4], dim=-1)
    return torch.cat([first, second.unflatten(-1, (2, 2)).norm(dim=-1)], dim=-1)


@pytest.mark.parametrize("mesh", [torus(24, 16), graded_torus(), graded_strip()])
@pytest.mark.parametrize("radius", [0.0, 0.03, 0.1])
def test_units_and_places_change_nothing(mesh, radius):
    vertices, faces = mesh
    turn = trimesh.transformations.random_rotation_matrix(np.array([0.1, 0.5, 0.9]))[:3, :3]
    found = []
    moved = vertices + np.array([448262, 5411930, 112])
    for places in (vertices, 1000 * vertices, moved, vertices @ turn):
        torch.manual_seed(0)
        domain = TriangleMesh(places, faces)
        layer = silently(lambda d=domain: GaugeConv("2x0", "2x0+2x2", d, KernelSpec(radius)))
        found.append(invariants(layer))
    for other in found[1:]:
        assert (other - found[0]).abs().max() < 1e-6 * found[0].abs().max()


def test_the_segmenter_does_not_depend_on_the_unit(tmp_path):
    vertices, faces = torus(24, 16)
    logits = []
    for name, unit in (("metres", 1.0), ("millimetres", 1000.0)):
        path = tmp_path / f"{name}.off"
        mesh = trimesh.Trimesh(unit * vertices, faces, process=False)
        path.write_text(trimesh.exchange.off.export_off(mesh, digits=16))
        words = ["domain.kind=mesh", f"domain.file={path}"]
        words.append("model.segmentation.stages[0].radius=0.1")
        torch.manual_seed(0)
        config = load_config("gauge", "segmentation", words)
        with pytest.warns(GaugecnnWarning, match="does not fit the edges at"):
            model = build_model(config).double().eval()
        torch.manual_seed(0)
        logits.append(model(torch.rand(2, 1, len(vertices), dtype=torch.float64)).detach())
    assert (logits[0] - logits[1]).abs().max() < 1e-6 * logits[0].std()


def test_a_narrow_kernel_is_the_one_ring_and_says_what_would_do():
    domain = TriangleMesh(*torus(24, 16))
    with pytest.warns(GaugecnnWarning, match="at 384 of 384 vertices") as said:
        narrow = GaugeConv("1x0", "1x1", domain, NARROW)
    assert len(said) == 1  # once a layer
    assert narrow.lowered == 384
    ring = stencils(domain.surface, 0.0, Kernels(2, 1, 3))
    own = stencils(domain.surface, NARROW.radius, Kernels(2, 1, 3))
    assert own.ring.all()
    # the ring's first-order stencil with another width differs by a factor at each vertex
    first, other = (found.weights.neighbours[:, 1, 0] for found in (own, ring))
    sizes = [np.bincount(own.pairs.base, np.abs(w)) for w in (first, other)]
    assert (np.abs(sizes[0] / sizes[1] - 1) < 0.5).all()
    advised = float(re.search(r"a radius of ([\d.]+) would do", str(said[0].message))[1])
    GaugeConv("1x0", "1x1", domain, KernelSpec(advised))  # a warning would be an error


def test_what_stands_in_equals_the_reference():
    domain = TriangleMesh(*graded_torus())
    layer = silently(lambda: GaugeConv("1x0+1x1", "1x0+1x2", domain, KernelSpec(0.2))).double()
    ring = stencils(domain.surface, 0.2, kernels_of(layer.stencils)).ring
    assert 0 < ring[:, 2].sum() < len(ring)  # here and there
    x = torch.randn(1, *layer.type_in.shape, dtype=torch.float64)
    torch.testing.assert_close(layer(x), reference_convolution(layer, x), atol=1e-10, rtol=0)


def test_frames_change_nothing_where_the_ring_stands_in():
    surface = TriangleMesh(*graded_torus()).surface
    angles = np.random.default_rng(1).uniform(0, 6, len(surface))
    for radius in (0.0, 0.1, 0.2):
        both = surface, surface.turned(angles)
        ours, theirs = (stencils(s, radius, Kernels(3, 2, 3)) for s in both)
        assert (ours.ring == theirs.ring).all()
        assert ours.ring.any()
        for s in range(3):
            factor = np.exp(-1j * s * angles)[ours.pairs.base, None]
            scale = np.abs(ours.weights.neighbours[:, s]).max()
            np.testing.assert_allclose(
                theirs.weights.neighbours[:, s] / scale,
                factor * ours.weights.neighbours[:, s] / scale,
                atol=1e-8,
            )


def test_a_frequency_that_neighbours_cannot_tell_is_said():
    """Six vertices of an octahedron, divided once, have four neighbours."""
    domain = TriangleMesh(*subdivide(*OCTAHEDRON))
    with pytest.warns(
        GaugecnnWarning, match=r"frequency 2 is left out at 6 of 18 vertices.*a radius"
    ):
        layer = GaugeConv("1x0", "1x2", domain)
    assert layer.lowered == 18
    assert GaugeConv("1x0", "1x1", domain).lowered == 18  # frequency 2 is not read: nothing is said
    with pytest.warns(GaugecnnWarning, match="frequency 2 is left out"):
        geometry = mesh_geometry(domain)
    assert geometry.untold.tolist() == [[0, 0, 6]]


def test_a_boundary_is_counted_and_not_told_of():
    domain = TriangleMesh.from_file(MESHES / "hemisphere.ply")
    geometry = mesh_geometry(domain, KernelSpec(0.175))
    assert geometry.untold[0, 2] == 45
    assert geometry.untold_inside.sum() == geometry.ring.sum() == 0


@pytest.mark.parametrize(
    ("types", "message"),
    [
        (("1x0", "1x3"), r"order 3 of the output cannot be reached: from orders \[0\] it takes "),
        (
            ("2x0+1x1", "1x0+1x4"),
            r"takes frequency 3, and the kernel has max_frequency=2; lower the order",
        ),
    ],
)
def test_orders_out_of_reach_are_refused(types, message):
    with pytest.raises(UserError, match=message):
        GaugeConv(*types, Icosphere(2), KernelSpec(max_frequency=2))


def test_a_plan_with_orders_out_of_reach_is_refused():
    stages = "model.classification.stages=[{channels: 4, max_order: 3}]"
    with pytest.raises(UserError, match="order 3 of the output cannot be reached"):
        build_model(load_config("gauge", overrides=["domain.level=2", stages]))


@pytest.mark.parametrize("radius", [0.28, 0.35, 0.5])
def test_aggregates_of_noise_have_unit_variance(radius):
    """Noise of covariance exp(-(d / radius)^2), at vertices of all kinds."""
    surface = Icosphere(4).surface
    found = stencils(surface, radius, Kernels(3, 2, 3))
    gain = gains(KernelSpec(radius, profiles=2))
    for p in (0, 100, 700, 2000):
        own = found.pairs.base == p
        places = surface.vertices[[*found.pairs.vertex[own], p]]
        distance = np.arccos(np.clip(places @ places.T, -1, 1)) / radius
        weights = np.concatenate([found.weights.neighbours[own], found.weights.centre[[p]]])
        covariance = np.exp(-(distance**2))
        variance = np.einsum("qsk,qr,rsk->sk", weights.conj(), covariance, weights).real
        np.testing.assert_allclose(gain**2 * variance, 1, atol=0.05)


def test_gains_are_nearly_those_of_the_uncut_kernel():
    gain = gains(KernelSpec(1.0))[:, 0]
    squares = [REACH**2 * factor / (2 + REACH**2) ** (s + 1) for s, factor in enumerate((1, 1, 2))]
    np.testing.assert_allclose(gain, np.array(squares) ** -0.5, rtol=0.1)
    assert (gains(KernelSpec(0.3)) == gains(KernelSpec(0.7))).all()
