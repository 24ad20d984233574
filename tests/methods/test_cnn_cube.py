from __future__ import annotations

import pytest
import torch

import gaugecnn.methods.cnn.cube_layers
from gaugecnn import build_model, load_config
from gaugecnn.errors import UserError
from gaugecnn.heads import Head
from gaugecnn.layers import Identity
from gaugecnn.methods.cnn import CNNConvolution, CNNStage, PlaneType
from gaugecnn.methods.cnn.cube_family import CubeCNNFamily
from gaugecnn.methods.cnn.cube_layers import reach
from gaugecnn.networks import InvariantNetwork
from gaugecnn.ops.cube_type import CubeType
from gaugecnn.surfaces import CubedSphere, LatLonGrid
from gaugecnn.surfaces.symmetry import FrameChange
from gaugecnn.testing.symmetry_checks import feature_moves, randomise, violation

SIZE = 8
SPHERE = CubedSphere(SIZE)
FAMILY = CubeCNNFamily(SPHERE, 2)
FEATURE = CubeType(3, SIZE)

STAGES = {
    "one ring": CNNStage(4, kernel=3, padding=1),
    "pooled": CNNStage(4, kernel=3, padding=1, pool=2),
    "strided": CNNStage(4, kernel=5, padding=2, stride=2),
    "enlarged": CNNStage(4, kernel=5, padding=2, stride=2, up=True, output_padding=1),
    "evenly enlarged": CNNStage(4, kernel=4, padding=1, stride=2, up=True),
    "transposed": CNNStage(4, kernel=3, padding=1, up=True),
}
SIZES = {"one ring": 8, "pooled": 4, "strided": 4, "enlarged": 16, "evenly enlarged": 16,
         "transposed": 8}  # fmt: skip


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_the_cnn_is_the_negative_control_of_the_24_rotations(task):
    words = ["domain.kind=cubed_sphere", "domain.size=12"]
    model = randomise(build_model(load_config("cnn", task, words)))
    assert model.exact_symmetries == []
    identity, *rotations = model.domain.symmetries()[:24]
    assert violation(model, model, identity, torch.float32) < 1e-4
    errors = {s.name: violation(model, model, s, torch.float32) for s in rotations}
    assert min(errors.values()) > 1e-2, errors
    assert not any(feature_moves(model, model, s, torch.float32) for s in rotations)


@pytest.mark.parametrize("name", STAGES)
def test_there_is_no_seam(name):
    """A constant stays one: nothing dark comes in over an edge, nothing is left out."""
    layer = FAMILY.convolve(FEATURE, STAGES[name])
    assert layer.type_out == CubeType(4, SIZES[name])
    y = layer(torch.ones(1, *FEATURE.shape))
    assert y.shape == (1, *layer.type_out.shape)
    phases = STAGES[name].stride if STAGES[name].up else 1  # of a transposed one, each its taps
    first = y[..., :phases, :phases]
    periods = SIZES[name] // phases
    torch.testing.assert_close(y, first.repeat(1, 1, 1, periods, periods))


@pytest.mark.parametrize("name", STAGES)
def test_within_a_face_it_is_the_convolution_of_the_plane(name):
    here, there = (
        FAMILY.convolve(FEATURE, STAGES[name]),
        CNNConvolution(PlaneType(3, SIZE, SIZE), STAGES[name]),
    )
    there.load_state_dict(here.state_dict())
    x = torch.randn(2, *FEATURE.shape)
    border = 2 * STAGES[name].stride if STAGES[name].up else 1
    inside = (..., slice(border, -border), slice(border, -border))
    for face in range(6):
        torch.testing.assert_close(here(x)[:, :, face][inside], there(x[:, :, face])[inside])


@pytest.mark.parametrize("name", STAGES)
def test_it_reads_as_far_as_it_must_and_no_farther(name, monkeypatch):
    stage = STAGES[name]
    x = torch.randn(1, *FEATURE.shape)
    layer = FAMILY.convolve(FEATURE, stage)

    def with_reach(change):
        found = reach(stage) + change
        monkeypatch.setattr(gaugecnn.methods.cnn.cube_layers, "reach", lambda _: found)
        other = FAMILY.convolve(FEATURE, stage)
        other.load_state_dict(layer.state_dict())
        return other(x)

    if stage.up:
        torch.testing.assert_close(with_reach(1), layer(x))
        assert not torch.allclose(with_reach(-1), layer(x))
    assert reach(stage) == (1 if stage.up else stage.padding)


def test_what_is_beyond_an_edge_is_read_as_it_is():
    """One cell at the edge of a face is seen by its neighbour, in whose rows it comes next."""
    layer = FAMILY.convolve(FEATURE, CNNStage(1, kernel=3, padding=1)).double()
    x = torch.zeros(1, *FEATURE.shape).double()
    x[0, 0, 1, 3, 0] = 1.0  # face +y, its first column, beside +x
    seen = layer(x)[0, 0, 0, :, -1] - layer(0 * x)[0, 0, 0, :, -1]
    taps = layer.conv.weight[0, 0, :, 2]
    expected = torch.zeros(SIZE).double()
    expected[2:5] = taps.flip(0)
    torch.testing.assert_close(seen, expected)


@pytest.mark.parametrize("size", [2, 8, 16])
def test_shortcuts_fit_sizes(size):
    layer = FAMILY.shortcut(FEATURE, CubeType(5, size))
    y = layer(torch.randn(2, *FEATURE.shape))
    assert y.shape == (2, *layer.type_out.shape) == (2, 5, 6, size, size)


def test_endings():
    x = torch.randn(2, *FEATURE.shape).double()
    areas = SPHERE.areas.unflatten(0, SPHERE.shape) / SPHERE.areas.sum()
    torch.testing.assert_close(FAMILY.integrate(FEATURE)(x), (x * areas).sum((-3, -2, -1)))
    project = FAMILY.project(FEATURE, 2, STAGES["one ring"]).double()
    assert project(x).shape == (2, 2, *SPHERE.shape)
    assert isinstance(CubeCNNFamily(SPHERE, normalisation="none").normalise(FEATURE), Identity)
    y = FAMILY.normalise(FEATURE).double()(x)
    torch.testing.assert_close((y.mean(0) * areas).sum((1, 2, 3)), torch.zeros(3).double())


def test_the_type_carries_scalars_along():
    x = torch.randn(2, *FEATURE.shape)
    for symmetry in SPHERE.symmetries():
        assert torch.equal(FEATURE.transform(symmetry, x), symmetry.on_signal(x))
    coarse = CubeType(3, 2)
    half = coarse.transform(SPHERE.symmetries()[5], torch.randn(2, *coarse.shape))
    assert half.shape == (2, *coarse.shape)
    with pytest.raises(ValueError, match="an isometry of a cubed sphere, got change of frames"):
        FEATURE.transform(FrameChange(torch.zeros(1)), x)


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (CNNStage(2), r"takes faces of 8x8 cells to 6x6, where 8x8 are whole.*kernel or padding$"),
        (CNNStage(2, 5, 2, 2, up=True), r"8x8 cells to 15x15, where 16x16.*or output_padding$"),
        (
            CNNStage(2, 3, 1, pool=3),
            r"a multiple of 3 before its max-pool.*fits domain.size=6 or 9$",
        ),
        (CNNStage(2, 3, 1, 3), r"a multiple of 3 before its convolution .* domain.size=6 or 9$"),
        (CNNStage(2, 19, 9), r"its padding 9 reads beyond .* 8x8 cells; .* domain.size=9$"),
    ],
)
def test_plans_that_do_not_fit_the_faces_are_refused(stage, told):
    with pytest.raises(UserError, match=rf"stage 0 on cubed_sphere\(size=8\): .*{told}"):
        InvariantNetwork(FAMILY, [stage], Head(), 2)
    with pytest.raises(UserError):
        FAMILY.convolve(FEATURE, stage)


def test_the_family_refuses_what_is_not_its_own():
    with pytest.raises(UserError, match=r"kind=cubed_sphere, got lat_lon\(bandwidth=4\)"):
        CubeCNNFamily(LatLonGrid(4))
    with pytest.raises(TypeError, match="CubeType, got 2 scalars on cubed_sphere"):
        FAMILY.convolve(FAMILY.input_type, STAGES["one ring"])
    with pytest.raises(UserError, match=r"return to the faces of cubed_sphere\(size=8\), got 4x4"):
        FAMILY.project(FEATURE, 2, STAGES["strided"])
