from __future__ import annotations

import pytest
import torch

import gaugecnn.ops.cube_padding
from gaugecnn.errors import UserError
from gaugecnn.heads import Head
from gaugecnn.layers import Identity
from gaugecnn.methods.p4 import P4Convolution, P4Stage, P4Type
from gaugecnn.methods.p4.cube_family import CubeP4Family
from gaugecnn.methods.p4.cube_layers import CubeP4Integral
from gaugecnn.methods.p4.cube_types import CubeP4Type
from gaugecnn.methods.p4.group import P4
from gaugecnn.networks import FieldNetwork, InvariantNetwork
from gaugecnn.ops.cube_layers import area_shares
from gaugecnn.surfaces import AzimuthalChart, CubedSphere
from gaugecnn.surfaces.cube import FACES, ways
from gaugecnn.surfaces.symmetry import FrameChange, Reflection, Rotation
from gaugecnn.testing.symmetry_checks import feature_moves, randomise, violation

SIZE = 12
SPHERE = CubedSphere(SIZE)
ROTATIONS = [s for s in SPHERE.symmetries() if isinstance(s, Rotation)]
REFLECTIONS = [s for s in SPHERE.symmetries() if isinstance(s, Reflection)]
FAMILY = CubeP4Family(SPHERE, 2)
FEATURE = CubeP4Type(3, SIZE)

STAGES = {
    "one ring": P4Stage(4, kernel=3, padding=1),
    "two rings": P4Stage(4, kernel=5, padding=2),
    "points": P4Stage(4, kernel=1),
    "pooled": P4Stage(4, kernel=3, padding=1, pool=2),
    "strided": P4Stage(4, kernel=4, padding=1, stride=2),
    "widely strided": P4Stage(4, kernel=5, padding=1, stride=3),
    "strided in pooled": P4Stage(4, kernel=2, stride=2, pool=3),
    "enlarged": P4Stage(4, kernel=3, padding=1, stride=2, up=True),
}
COARSE = {"one ring": 12, "two rings": 12, "points": 12, "pooled": 6, "strided": 6,
          "widely strided": 4, "strided in pooled": 2, "enlarged": 24}  # fmt: skip


def shaken(layer):
    """Every parameter and running mean away from its start, so that none hides an error."""
    generator = torch.Generator().manual_seed(3)
    for value in layer.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.rand(value.shape, generator=generator) * 0.6 + 0.1)
    return layer.double()


def worst(layer, type_out=None):
    """The largest violation of any rotation, against what two inputs' outputs differ by."""
    torch.manual_seed(0)
    x, other = torch.randn(2, 2, *layer.type_in.shape).double()
    errors, moves = [], []
    with torch.no_grad():
        y, scale = layer(x), (layer(x) - layer(other)).abs().mean()
        for g in ROTATIONS:
            expected = y if type_out is None else type_out.transform(g, y)
            errors.append((layer(layer.type_in.transform(g, x)) - expected).abs().max() / scale)
            moves.append((layer.type_in.transform(g, x) - x).abs().max())
    assert sorted(moves)[1] > 0.1  # all but the identity really turn the input
    return float(max(errors))


@pytest.mark.parametrize("name", STAGES)
def test_convolutions_commute_with_the_24_rotations(name):
    lift = shaken(FAMILY.lift(STAGES[name]))
    conv = shaken(FAMILY.convolve(FEATURE, STAGES[name]))
    assert lift.type_out == conv.type_out == CubeP4Type(4, COARSE[name])
    assert worst(lift, lift.type_out) <= 1e-10
    assert worst(conv, conv.type_out) <= 1e-10


@pytest.mark.parametrize("size", [4, 12, 24])
def test_shortcuts_commute_with_the_24_rotations(size):
    layer = shaken(FAMILY.shortcut(FEATURE, CubeP4Type(4, size)))
    assert worst(layer, layer.type_out) <= 1e-10


@pytest.mark.parametrize("training", [True, False])
def test_pointwise_layers_commute_with_the_24_rotations(training):
    for layer in (FAMILY.normalise(FEATURE), FAMILY.activate(FEATURE)):
        assert worst(shaken(layer).train(training), FEATURE) <= 1e-10
    bare = CubeP4Family(SPHERE, normalisation="none")
    assert isinstance(bare.normalise(FEATURE), Identity)


def test_batch_norm_weighs_cells_by_area():
    norm = FAMILY.normalise(FEATURE)
    x = torch.randn(5, *FEATURE.shape).double()
    y = norm(x)
    share = area_shares(SIZE) / 4
    torch.testing.assert_close((y.mean(0) * share).sum((1, 2, 3, 4)), torch.zeros(3).double())
    torch.testing.assert_close(
        (y.square().mean(0) * share).sum((1, 2, 3, 4)), torch.ones(3).double(), atol=1e-3, rtol=0
    )
    assert y.mean((0, 2, 3, 4, 5)).abs().max() > 1e-6  # cells near corners are smaller


def test_endings_are_invariant_or_turn_along():
    integral = shaken(FAMILY.integrate(FEATURE))
    assert worst(integral) <= 1e-10
    x = torch.randn(1, *FEATURE.shape).double()
    areas = SPHERE.areas.unflatten(0, SPHERE.shape) / SPHERE.areas.sum()
    expected = (x.amax(2) * areas).sum((-3, -2, -1))
    torch.testing.assert_close(integral(x), expected)
    project = shaken(FAMILY.project(FEATURE, 2, STAGES["one ring"]))
    assert project.type_out.shape == (2, *SPHERE.shape)
    assert worst(project, project.type_out) <= 1e-10


def test_an_integral_that_takes_the_mean_of_one_rotation_over_charts_fails(monkeypatch):
    """What is right on one chart: there plane r is the same direction everywhere."""
    monkeypatch.setattr(CubeP4Integral, "forward", lambda self, x: self.mean(x).amax(2))
    assert worst(shaken(FAMILY.integrate(FEATURE))) > 1e-2


def test_in_the_middle_of_a_face_it_is_the_convolution_of_the_plane():
    here = FAMILY.convolve(FEATURE, STAGES["one ring"])
    there = P4Convolution(P4Type(3, SIZE), STAGES["one ring"], P4)
    there.load_state_dict(here.state_dict())
    x = torch.randn(2, *FEATURE.shape)
    inside = (..., slice(1, -1), slice(1, -1))
    for face in range(6):
        flat = there(x[:, :, :, face])
        torch.testing.assert_close(here(x)[:, :, :, face][inside], flat[inside])
        assert not torch.allclose(here(x)[:, :, :, face], flat)


def test_the_type_acts_as_a_group():
    x = torch.randn(2, *FEATURE.shape)
    for g, h in zip(ROTATIONS[::3], ROTATIONS[::-2], strict=False):
        both = Rotation("both", g.matrix @ h.matrix, SPHERE)
        twice = FEATURE.transform(g, FEATURE.transform(h, x))
        assert torch.equal(twice, FEATURE.transform(both, x))
    # about z: the south face turns in itself, and its four planes move on
    quarter = next(g for g in ROTATIONS if g.name == "quarter turn about (0, 0, 1)")
    south = (slice(None), slice(None), slice(None), FACES.index("south"))
    expected = P4Type(3, SIZE).transform(
        Rotation("quarter", quarter.matrix, AzimuthalChart(SIZE)), x[south]
    )
    assert torch.equal(FEATURE.transform(quarter, x)[south], expected)


def classifier():
    stages = [STAGES["one ring"], STAGES["pooled"], STAGES["pooled"], P4Stage(5, 3, padding=1)]
    return InvariantNetwork(FAMILY, stages, Head(hidden=(8,)), outputs=10, residual=True)


def segmenter():
    stages = [STAGES["one ring"], STAGES["strided"], STAGES["enlarged"]]
    project = P4Stage(11, kernel=3, padding=1)
    return FieldNetwork(FAMILY, stages, project, residual=True, skip=True)


@pytest.mark.parametrize("network", [classifier, segmenter])
def test_untrained_networks_are_equivariant_to_the_24_rotations(network):
    torch.manual_seed(0)
    model = randomise(network())
    assert [s.name for s in model.exact_symmetries] == [s.name for s in ROTATIONS]
    errors = {s.name: violation(model, model, s, torch.float32) for s in model.exact_symmetries}
    assert max(errors.values()) <= 1e-4, errors
    assert all(feature_moves(model, model, s, torch.float32) for s in ROTATIONS[1:])
    model = model.double()
    errors = {s.name: violation(model, model, s, torch.float64) for s in ROTATIONS}
    assert max(errors.values()) <= 1e-10, errors
    # p4 knows no reflection, which shows that what is measured is there
    assert min(violation(model, model, s, torch.float64) for s in REFLECTIONS) > 1e-3


@pytest.mark.parametrize("network", [classifier, segmenter])
def test_a_wrong_turn_across_one_edge_breaks_them(network, monkeypatch):
    def wrong(size, padding):
        found = ways(size, padding)
        found.turns[:, 2, padding:-padding, -padding:] += 1
        return found

    assert broken(network, wrong, monkeypatch) > 1e-3


@pytest.mark.parametrize("network", [classifier, segmenter])
def test_a_corner_that_prefers_one_neighbour_breaks_them(network, monkeypatch):
    def wrong(size, padding):
        found = ways(size, padding)
        found.cell[1], found.turns[1] = found.cell[0], found.turns[0]
        return found

    assert broken(network, wrong, monkeypatch) > 1e-3


def broken(network, wrong, monkeypatch):
    monkeypatch.setattr(gaugecnn.ops.cube_padding, "ways", wrong)
    torch.manual_seed(0)
    model = randomise(network()).double()
    return max(violation(model, model, s, torch.float64) for s in ROTATIONS)


def test_plans_that_do_not_fit_the_faces_are_refused_before_layers_are_built():
    pooled = (P4Stage(2, padding=1), P4Stage(2, padding=1, pool=2), P4Stage(2, padding=1, pool=2))
    told = (
        r"stage 2 on cubed_sphere\(size=10\): expected faces whose rows are a multiple of 2 before "
        r"its max-pool \(kernel 2.*got 5x5 cells; the whole plan fits domain.size=8 or 12"
    )
    with pytest.raises(UserError, match=told):
        InvariantNetwork(CubeP4Family(CubedSphere(10)), pooled, Head(), 2)
    with pytest.raises(
        UserError, match=r"2 padding = kernel - stride .* got kernel 3, .*padding 0$"
    ):
        InvariantNetwork(FAMILY, [P4Stage(2)], Head(), 2)
    with pytest.raises(UserError, match=r"stage 0 .*its padding 3 reads beyond .* 2x2 .*size=3$"):
        InvariantNetwork(CubeP4Family(CubedSphere(2)), [P4Stage(2, 7, padding=3)], Head(), 2)
    with pytest.raises(
        UserError, match=r"return to the faces of .*got 6x6 from 3x4 planes on faces"
    ):
        FAMILY.project(FEATURE, 2, STAGES["strided"])
    with pytest.raises(UserError, match="a multiple of 5 before its convolution"):
        FAMILY.convolve(FEATURE, P4Stage(2, kernel=5, stride=5))


def test_family_and_types_refuse_what_is_not_theirs():
    with pytest.raises(UserError, match=r"kind=cubed_sphere, got chart\(azimuthal, size=8\)"):
        CubeP4Family(AzimuthalChart(8))
    with pytest.raises(TypeError, match="CubeP4Type, got 2 scalars on cubed_sphere"):
        FAMILY.convolve(FAMILY.input_type, STAGES["one ring"])
    x = torch.zeros(1, *FEATURE.shape)
    with pytest.raises(ValueError, match="a rotation of a cubed sphere, got inversion and"):
        FEATURE.transform(REFLECTIONS[3], x)
    for symmetry in (FrameChange(torch.zeros(1)), AzimuthalChart(4).symmetries()[0]):
        with pytest.raises(ValueError, match="an isometry of a cubed sphere, got"):
            FEATURE.transform(symmetry, x)
