"""The family: wiring, options, refusals, exact symmetries of a plan, the published plans."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from gaugecnn.errors import UserError
from gaugecnn.layers import Identity
from gaugecnn.methods.s2cnn import (
    NormalisedConv,
    S2CNNFamily,
    S2CNNStage,
    S2Conv,
    SO3Conv,
    SO3Type,
    SpinType,
    Support,
    so3_integrate,
)
from gaugecnn.methods.s2cnn.grids import s2_kernel
from gaugecnn.methods.s2cnn.shortcut import DegreeCut, SO3Shortcut
from gaugecnn.surfaces.lat_lon import LatLonGrid
from tests.methods.s2cnn_layers import PUBLISHED

CONFIGS = Path(__file__).parents[2] / "configs" / "model"
PLAN = [S2CNNStage(4, max_beta=0.6, bandwidth=6), S2CNNStage(5, max_beta=0.6, bandwidth=4)]
FAMILIES = {
    "published": PUBLISHED,
    "normalised": {"normalisation": "batch", "sampling": 1.5, "nonlinearity": "relu"},
    "ours": {},
    "spin": {"sampling": 1.5, "max_order": 1},
}


def network(family: S2CNNFamily, plan: list[S2CNNStage]) -> tuple[list[nn.Module], SO3Type]:
    """The layers of a plan up to the last feature, with a shortcut about the second one."""
    first = family.lift(plan[0])
    second = family.convolve(first.type_out, plan[1])
    around = family.shortcut(first.type_out, second.type_out)
    layers = [
        nn.Sequential(
            first, family.normalise(first.type_out), family.activate(first.type_out)
        ),
        nn.Sequential(second, family.normalise(second.type_out)),
        around,
        family.activate(second.type_out),
    ]  # fmt: skip
    for parameter in nn.ModuleList(layers).parameters():
        nn.init.uniform_(parameter, -0.5, 0.5)
    return layers, second.type_out


def features(layers: list[nn.Module], x: torch.Tensor) -> torch.Tensor:
    x = layers[0](x)
    return layers[3](layers[1](x) + layers[2](x))


@pytest.mark.parametrize("options", FAMILIES.values(), ids=FAMILIES)
def test_a_network_has_the_exact_symmetries_it_names(options) -> None:
    torch.manual_seed(0)
    family = S2CNNFamily(LatLonGrid(8), **options)
    layers, type_ = network(family, PLAN)
    project = family.project(type_, 3, S2CNNStage(3, max_beta=0.6))
    integral = family.integrate(type_)
    modules = nn.ModuleList([*layers, project, integral]).double()
    x = torch.randn(2, *family.input_type.shape, dtype=torch.float64)
    features(layers, x)  # running statistics
    modules.eval()
    out = features(layers, x)
    assert out.shape == (2, *type_.shape)
    field, invariants = project(out), integral(out)
    assert field.shape == (2, 3, 16, 16)
    assert invariants.shape == (2, integral.features)
    constant = out[..., :1] if isinstance(type_, SpinType) else out
    torch.testing.assert_close(invariants, so3_integrate(constant))
    symmetries = family.exact_symmetries(PLAN)
    assert len(symmetries) >= 2
    for symmetry in symmetries:
        moved = features(layers, symmetry.on_signal(x))
        between_inputs = (out[0] - out[1]).abs().max()
        assert (moved - out).abs().max() > 0.1 * between_inputs
        assert (moved - type_.transform(symmetry, out)).abs().max() < 1e-10 * between_inputs
        error = (project(moved) - symmetry.on_signal(field)).abs().max()
        assert error < 1e-10 * (field[0] - field[1]).abs().max()
        error = (integral(moved) - invariants).abs().max()
        assert error < 1e-10 * (invariants[0] - invariants[1]).abs().max()


def test_the_step_about_z_is_common_to_all_grids() -> None:
    family = S2CNNFamily(LatLonGrid(30), **PUBLISHED)
    stages = [S2CNNStage(2, max_beta=0.4, bandwidth=b) for b in (10, 6)]
    names = [symmetry.name for symmetry in family.exact_symmetries(stages)]
    assert names == ["half turn about x", "half turn about z", "turn about z by 1/4"]
    assert len(family.exact_symmetries([S2CNNStage(2, max_beta=0.4, bandwidth=7)])) == 2
    finer = S2CNNFamily(LatLonGrid(30), sampling=1.5)
    names = [symmetry.name for symmetry in finer.exact_symmetries(stages[:1])]
    assert names[-1] == "turn about z by 1/30"


def test_options_of_a_stage_and_those_of_the_family() -> None:
    family = S2CNNFamily(
        LatLonGrid(8), sampling=1.5, max_order=1, grid="equiangular", nonlinearity="relu"
    )
    plain = family.lift(S2CNNStage(4, max_beta=0.5, bandwidth=5)).type_out
    assert plain == SO3Type(4, 5, 8, 1)
    assert plain.gamma_points == 8  # 8/5 of order + 1 = 2 is 3.2, rounded up to 4, on each side
    own = family.lift(S2CNNStage(4, max_beta=0.5, bandwidth=5, sampling=1.0, max_order=0)).type_out
    assert own == SO3Type(4, 5, 5, 0)
    assert own.gamma_points == 2
    kept = family.convolve(own, S2CNNStage(2, max_beta=0.5)).type_out
    assert kept.bandwidth == 5
    assert S2CNNFamily(LatLonGrid(8), sampling=1.1).lift(
        S2CNNStage(1, max_beta=0.5, bandwidth=5)
    ).type_out.sampling == 6  # fmt: skip


@pytest.mark.parametrize(
    ("of_stage", "of_model", "order"),
    [(None, None, None), (1, None, 1), (None, 1, 1), (None, 4, 4), (1, 4, 1), (4, 1, 1)],
)
@pytest.mark.parametrize("nonlinearity", ["relu", "product"])
def test_the_order_is_the_least_that_is_given(nonlinearity, of_stage, of_model, order) -> None:
    family = S2CNNFamily(LatLonGrid(8), max_order=of_model, nonlinearity=nonlinearity)
    stage = S2CNNStage(2, max_beta=0.5, bandwidth=6, max_order=of_stage)
    assert family.lift(stage).type_out.max_order == order


def test_kernel_options_reach_the_kernel() -> None:
    family = S2CNNFamily(LatLonGrid(6), in_channels=2, normalisation="none")
    stage = S2CNNStage(4, max_beta=0.5, bandwidth=4, n_alpha=5, n_beta=2, n_gamma=3)
    lift = family.lift(stage)
    assert lift.kernel.shape == (2, 4, 10)
    assert family.convolve(lift.type_out, stage).kernel.shape == (4, 4, 30)
    ring = S2CNNStage(4, max_beta=0.5, bandwidth=4, support="equatorial")  # type: ignore[arg-type]
    assert ring.support is Support.equatorial
    assert s2_kernel(ring)[:, 0].max() > 1.5


def test_shortcuts() -> None:
    family = S2CNNFamily(LatLonGrid(6))
    type_ = SO3Type(4, 5, 6)
    cut = family.shortcut(type_, type_)
    assert isinstance(cut, DegreeCut)
    assert not list(cut.parameters())
    x = cut(torch.randn(2, *type_.shape))
    torch.testing.assert_close(cut(x), x, atol=1e-5, rtol=1e-5)  # nothing is left to cut
    product = x + x.square() / 2  # has degrees that the type has not
    assert (cut(product) - product).abs().max() > 1e-2
    mix = family.shortcut(type_, SO3Type(3, 5, 6))
    expected = torch.einsum("oi,bi...->bo...", mix.weight, cut(product))
    torch.testing.assert_close(mix(product), expected, atol=1e-5, rtol=1e-5)
    for other in (SO3Type(3, 3, 3), SO3Type(3, 7, 8), SO3Type(3, 5, 6, max_order=2)):
        resampled = family.shortcut(type_, other)
        assert isinstance(resampled, SO3Shortcut)
        assert resampled(x).shape == (2, *other.shape)
        # a mean is a degree zero: it survives every change of grid
        constant = torch.ones(1, *type_.shape)
        expected = resampled.weight.sum(1).view(1, -1, 1, 1, 1).expand(1, *other.shape)
        torch.testing.assert_close(resampled(constant), expected, atol=1e-5, rtol=0)


def test_up_and_down_again_is_the_same_signal() -> None:
    small, large = SO3Type(1, 3, 3), SO3Type(1, 5, 7)
    up, down = SO3Shortcut(small, large), SO3Shortcut(large, small)
    up.weight.data.fill_(1)
    down.weight.data.fill_(1)
    x = down(up(torch.randn(1, *small.shape)))  # now band-limited
    torch.testing.assert_close(down(up(x)), x, atol=1e-5, rtol=0)


def test_normalisation_is_chosen() -> None:
    stage = S2CNNStage(2, max_beta=0.4, bandwidth=3)
    batch, none = (S2CNNFamily(LatLonGrid(4), normalisation=kind) for kind in ("batch", "none"))
    assert isinstance(batch.lift(stage), NormalisedConv)
    assert isinstance(batch.convolve(SO3Type(2, 3, 3), stage), NormalisedConv)
    assert isinstance(none.lift(stage), S2Conv)
    assert isinstance(none.convolve(SO3Type(2, 3, 3), stage), SO3Conv)
    assert isinstance(batch.normalise(SO3Type(2, 3, 3)), Identity)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("relu", 0.0), ("gelu", -0.1587), ("softplus", 0.3133), ("tanh", -0.7616)),
        ("product", -1 + 0.5 / 2**0.5),
    ],
)
def test_nonlinearity_is_chosen(name: str, value: float) -> None:
    type_ = SO3Type(2, 3, 3)
    layer = S2CNNFamily(LatLonGrid(4), nonlinearity=name).activate(type_)
    out = layer(torch.full((1, *type_.shape), -1.0))
    torch.testing.assert_close(out, torch.full_like(out, value), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            lambda: S2CNNFamily(nn.Module()),
            "expected a lat_lon domain for method s2cnn, got Module",
        ),
        (lambda: S2CNNFamily(LatLonGrid(4), sampling=0.5), "expected sampling >= 1.*got 0.5"),
        (lambda: S2CNNFamily(LatLonGrid(4), max_order=-1), "expected max_order >= 0.*got -1"),
        (
            lambda: S2CNNFamily(LatLonGrid(4), normalisation="layer"),
            "expected normalisation to be one of batch, none, got 'layer'",
        ),
        (
            lambda: S2CNNFamily(LatLonGrid(4), nonlinearity="sine"),
            "expected nonlinearity to be one of product, relu, gelu, softplus, tanh, got 'sine'",
        ),
        (
            lambda: S2CNNFamily(LatLonGrid(4), grid="hexagonal"),
            "expected grid to be one of equiangular, gauss_legendre, got 'hexagonal'",
        ),
        (
            lambda: S2CNNStage(2, max_beta=0.4, support="polar"),
            "expected support to be one of near_identity, equatorial, got 'polar'",
        ),
        (lambda: S2CNNStage(2, max_beta=0.4, bandwidth=0), "expected bandwidth >= 1.*got 0"),
        (lambda: S2CNNStage(2, max_beta=0.4, sampling=0.9), "expected sampling >= 1"),
        (lambda: S2CNNStage(2, max_beta=0.4, max_order=-2), "expected max_order >= 0"),
        (
            lambda: S2CNNFamily(LatLonGrid(4)).lift(S2CNNStage(2, max_beta=0.4, bandwidth=5)),
            "expected the first stage's bandwidth <= domain.bandwidth = 4, got 5",
        ),
        (
            lambda: S2CNNFamily(LatLonGrid(4)).project(
                SO3Type(2, 3, 3), 2, S2CNNStage(2, max_beta=0.4, bandwidth=5)
            ),
            "expected the projection's bandwidth <= domain.bandwidth = 4, got 5",
        ),
    ],
)
def test_mistakes_of_the_user_are_named(mistake, message: str) -> None:
    with pytest.raises(UserError, match=message):
        mistake()


def test_the_published_classifier_is_the_one_in_the_configs() -> None:
    config = OmegaConf.to_container(OmegaConf.load(CONFIGS / "s2cnn_150k.yaml"))
    model, stages = config["model"], config["model"]["classification"]["stages"]
    family = S2CNNFamily(
        LatLonGrid(config["domain"]["bandwidth"]),
        model["in_channels"],
        normalisation=model["normalisation"],
        sampling=model["sampling"],
    )
    first = family.lift(S2CNNStage(**stages[0]))
    second = family.convolve(first.type_out, S2CNNStage(**stages[1]))
    layers = nn.ModuleList([first, second, family.normalise(second.type_out), nn.Linear(40, 10)])
    assert sum(p.numel() for p in layers.parameters()) == 154_550


def test_the_published_segmenter_is_the_one_in_the_configs() -> None:
    config = OmegaConf.to_container(OmegaConf.load(CONFIGS / "s2cnn_204k.yaml"))
    plan = config["model"]["segmentation"]
    assert [stage["bandwidth"] for stage in plan["stages"]] == [42, 35, 27, 20, 27, 35, 42]
    assert config["domain"]["bandwidth"] == 50
    family = S2CNNFamily(LatLonGrid(4), config["model"]["in_channels"], normalisation="none")
    # the count does not depend on bandwidths: small ones spare the tables
    stages = [S2CNNStage(**{**stage, "bandwidth": 2}) for stage in plan["stages"]]
    layers = [family.lift(stages[0])]
    for stage in stages[1:]:
        layers.append(family.convolve(layers[-1].type_out, stage))
    layers.append(family.project(layers[-1].type_out, 11, S2CNNStage(11, **plan["project"])))
    assert sum(p.numel() for layer in layers for p in layer.parameters()) == 204_073
