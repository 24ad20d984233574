"""The isotropic baseline as a whole: the convolution by hand, isotropy, levels, refusals."""

from __future__ import annotations

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.errors import UserError
from gaugecnn.geometry.hierarchy import level
from gaugecnn.methods.gcn import (
    AreaMean,
    ChebyshevConvolution,
    GCNFamily,
    GCNStage,
    LevelMap,
    VertexBatchNorm,
    VertexMix,
    VertexType,
)
from gaugecnn.surfaces import Icosphere, LatLonGrid, TriangleMesh
from gaugecnn.surfaces.symmetry import FrameChange
from gaugecnn.testing import patches, randomise, reframed, violation
from tests.surfaces.test_mesh import torus


def scaled_laplacian(surface) -> torch.Tensor:
    """``2 L / 2 - 1 = -D^(-1/2) A D^(-1/2)``, dense, of the symmetric Laplacian ``L``."""
    target, source = (torch.from_numpy(i) for i in surface.mesh.neighbours)
    adjacency = torch.zeros(len(surface), len(surface), dtype=torch.float64)
    adjacency[target, source] = 1
    root = adjacency.sum(1).rsqrt()
    return -root[:, None] * adjacency * root


@pytest.mark.parametrize("hops", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "surface",
    [Icosphere(1).surface, TriangleMesh(*torus()).surface],
    ids=["sphere", "torus"],
)
def test_a_convolution_is_a_polynomial_of_the_laplacian(surface, hops):
    """``sum_k T_k(L) x Theta_k + b`` with ``T_k(cos t) = cos(k t)`` of the eigenvalues."""
    layer = ChebyshevConvolution(VertexType(2, surface), VertexType(3, surface), hops).double()
    torch.nn.init.normal_(layer.convolution.bias)
    x = torch.randn(4, *layer.type_in.shape, dtype=torch.float64)
    values, vectors = torch.linalg.eigh(scaled_laplacian(surface))
    angles = values.clamp(-1, 1).acos()
    expected = layer.convolution.bias[:, None].expand(4, 3, len(surface)).clone()
    for k, linear in enumerate(layer.convolution.lins):
        polynomial = vectors @ torch.diag(torch.cos(k * angles)) @ vectors.T
        expected = expected + torch.einsum("oi,biq,pq->bop", linear.weight, x, polynomial)
    torch.testing.assert_close(layer(x), expected, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_a_kernel_reaches_as_far_as_it_says_and_equally_in_all_directions(hops):
    surface = Icosphere(2).surface
    layer = ChebyshevConvolution(VertexType(1, surface), VertexType(1, surface), hops).double()
    x = torch.zeros(1, 1, len(surface), dtype=torch.float64)
    x[..., 0] = 1  # a corner of the icosahedron: five neighbours, alike by symmetry
    response = layer(x)[0, 0]
    rings = torch.full((len(surface),), len(surface))
    rings[0] = 0
    target, source = (torch.from_numpy(i) for i in surface.mesh.neighbours)
    for _ in range(4):
        rings.scatter_reduce_(0, target, rings[source] + 1, "amin")
    assert set(rings[response.abs() > 1e-12].tolist()) == set(range(hops))
    assert (response[rings == 1] - response[rings == 1].mean()).abs().max() < 1e-12


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_frames_are_not_asked(task):
    config = load_config("gcn", task, ["domain.level=2"])
    model = randomise(build_model(config))
    other, change = reframed(model, config)
    assert change.angles.abs().max() > 0.5
    signal = patches(model, torch.float32)
    assert torch.equal(model(signal), other(signal))
    assert VertexType(1, model.domain.surface).transform(change, signal) is signal


def test_all_sixty_rotations_are_listed_on_an_icosphere_and_none_on_a_mesh():
    model = randomise(build_model(load_config("gcn", overrides=["domain.level=2"])))
    assert len(model.exact_symmetries) == 60
    assert violation(model, model, model.exact_symmetries[31], torch.float32) < 1e-4
    family = GCNFamily(TriangleMesh(*torus()))
    assert family.exact_symmetries([GCNStage(4)]) == []


@pytest.mark.parametrize(
    "domain", [Icosphere(3), TriangleMesh(*torus(32, 16))], ids=["sphere", "torus"]
)
def test_levels_keep_constants_and_smooth_functions(domain):
    fine = domain.surface
    coarse = level(fine, 1)
    assert len(coarse) < len(fine) / 3
    down = LevelMap(VertexType(1, fine), coarse).double()
    up = LevelMap(VertexType(1, coarse), fine).double()
    one = torch.ones(1, 1, len(fine), dtype=torch.float64)
    torch.testing.assert_close(down(one), torch.ones(1, 1, len(coarse), dtype=torch.float64))
    torch.testing.assert_close(up(down(one)), one)
    points = [torch.from_numpy(s.vertices).T[:, None].double() for s in (fine, coarse)]
    scale = points[1].abs().max()
    assert (up(points[1]) - points[0]).abs().max() < 0.05 * scale  # interpolation
    # a Gaussian shrinks linear functions on a curved surface a little, and does not turn them
    smooth, exact = down(points[0]).flatten(), points[1].flatten()
    factor = (smooth @ exact) / (exact @ exact)
    assert 0.7 < factor <= 1
    assert (smooth - factor * exact).norm() < 0.1 * exact.norm()


def test_levels_are_those_of_the_plan():
    domain = Icosphere(3)
    family = GCNFamily(domain)
    lifted = family.lift(GCNStage(4))
    assert lifted.type_in == family.input_type
    below = family.convolve(lifted.type_out, GCNStage(6, down=2))
    assert below.type_out == VertexType(6, level(domain.surface, 2))
    assert below.type_out.shape == (6, 42)
    back = family.project(below.type_out, 3, GCNStage(1))
    x = torch.randn(2, 1, 642)
    assert back(below(lifted(x))).shape == (2, 3, 642)
    assert isinstance(family.normalise(below.type_out), VertexBatchNorm)
    plain = GCNFamily(domain, normalisation="none").normalise(below.type_out)
    assert torch.equal(plain(x), x)
    shortcut = family.shortcut(below.type_out, VertexType(2, below.type_out.surface))
    assert isinstance(shortcut.layers[0], VertexMix)


def test_the_mean_counts_area():
    surface = TriangleMesh(*torus(64, 32)).surface
    mean = AreaMean(VertexType(1, surface)).double()
    points = torch.from_numpy(surface.vertices)
    scale = points[:, :2].norm(dim=1).max() / 1.4  # of the torus with radii 1 and 0.4
    squared = (points[:, :2] / scale).square().sum(1)
    # mean of r^2, r = 1 + 0.4 cos v, with the area element r du dv: 1 + 3/2 0.4^2
    assert mean(squared[None, None]).item() == pytest.approx(1.24, rel=5e-3)
    assert squared.mean().item() == pytest.approx(1.08, rel=5e-3)  # what vertices alone would say


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: GCNFamily(LatLonGrid(4)),
            r"gcn layers live on an icosphere or a mesh, got lat_lon",
        ),
        (lambda: GCNFamily(Icosphere(1), normalisation="layer"), "normalisation.*'layer'"),
        (lambda: GCNFamily(Icosphere(1), 0), "expected model.in_channels >= 1, got 0"),
        (lambda: GCNStage(4, hops=0), "hops.* 0"),
        (lambda: GCNStage(4, down=-1), "down.* -1"),
        (lambda: GCNStage(0), "channels.* 0"),
        (
            lambda: build_model(load_config("gcn", overrides=["domain.level=1"])),
            "the plan goes 2 levels down, but icosphere.* has 1 coarser levels",
        ),
        (
            lambda: load_config("gcn", overrides=["domain.kind=lat_lon"]),
            "possible: gcn on icosphere or mesh",
        ),
        (lambda: load_config("gcn", overrides=["model.max_order=2"]), "not used by method gcn"),
        (
            lambda: load_config("gcn", overrides=["model.classification.stages[0].radius=1"]),
            r"classification.stages\[0\].radius",
        ),
    ],
)
def test_what_gcn_cannot_do_is_refused(make, message):
    with pytest.raises((UserError, ValueError), match=message):
        make()


def test_features_of_other_methods_are_refused():
    family = GCNFamily(Icosphere(1))
    with pytest.raises(TypeError, match="expected a feature of VertexType, got 1 scalars on"):
        family.convolve(family.input_type, GCNStage(4))
    here = VertexType(2, Icosphere(1).surface)
    with pytest.raises(ValueError, match="nothing does not act on 2 scalars on 42 vertices"):
        here.transform(Nothing(), torch.zeros(1, *here.shape))
    with pytest.raises(UserError, match="GCNFamily gives scalar fields alone"):
        family.project_vectors(here, 0, 1, GCNStage(1))


class Nothing(FrameChange.__base__):
    name = "nothing"

    def on_signal(self, signal):
        return signal
