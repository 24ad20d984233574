"""The types of features: how they print, their points along gamma, and what is none of them."""

from __future__ import annotations

import pytest

from gaugecnn.methods.s2cnn import S2CNNFamily, S2CNNStage, S2Type, SO3Type
from gaugecnn.surfaces.lat_lon import LatLonGrid


def test_types_print_themselves() -> None:
    assert str(S2Type(1, 30)) == "1 x S2(bandwidth 30)"
    assert str(SO3Type(16, 10, 15)) == "16 x SO3(degree<10, sampling 15)"
    assert str(SO3Type(16, 10, 15, 2)) == "16 x SO3(degree<10, order<=2, sampling 15)"
    assert SO3Type(16, 10, 15, 99).gamma_points == SO3Type(16, 10, 15).gamma_points == 30
    assert SO3Type(1, 4, 4, 0).gamma_points == 2
    assert SO3Type(1, 4, 6).grid == SO3Type(2, 5, 6).grid


@pytest.mark.parametrize(
    ("sampling", "points", "of_products"), [(1.0, 6, 10), (1.5, 10, 14), (2.0, 12, 14)]
)
def test_a_function_has_points_along_gamma_in_proportion(sampling, points, of_products) -> None:
    """Eight told a trained network how a digit lies: GELU, orders up to 2, on rings of Gauss."""
    stage = S2CNNStage(4, max_beta=0.5, bandwidth=18, sampling=sampling)
    for grid in ("gauss_legendre", "equiangular"):
        options = {"nonlinearity": "gelu", "max_order": 2, "grid": grid}
        feature = S2CNNFamily(LatLonGrid(48), **options).lift(stage).type_out
        assert feature.gamma_points == points
    products = S2CNNFamily(LatLonGrid(48), max_order=4).lift(stage).type_out
    assert products.gamma_points == of_products  # just enough for orders up to 4


def test_a_feature_of_another_kind_is_refused() -> None:
    family = S2CNNFamily(LatLonGrid(4))
    with pytest.raises(
        TypeError, match="expected .* SO3Type or SpinType, got 1 scalars on lat_lon"
    ):
        family.convolve(family.input_type, S2CNNStage(2, max_beta=0.4, bandwidth=3))
