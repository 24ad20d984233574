from __future__ import annotations

import pytest
import torch

from gaugecnn.ops.plane_type import PlaneType
from gaugecnn.ops.square import REFLECTIONS, ROTATIONS, SquareElement, square_element
from gaugecnn.surfaces.chart import AzimuthalChart, PlaneChart
from gaugecnn.surfaces.symmetry import FrameChange, Rotation, step_about_z

ELEMENTS = (*ROTATIONS, *REFLECTIONS)
NUMBERED = torch.arange(9).view(3, 3)


def test_elements_act_on_pictures_as_they_are_written():
    assert SquareElement(1).act(NUMBERED).tolist() == [[2, 5, 8], [1, 4, 7], [0, 3, 6]]
    flipped = SquareElement(0, flip=True).act(NUMBERED)
    assert flipped.tolist() == [[2, 1, 0], [5, 4, 3], [8, 7, 6]]
    transposed = SquareElement(1, flip=True).act(NUMBERED)  # the columns first, then the turn
    assert torch.equal(transposed, NUMBERED.T)


@pytest.mark.parametrize("g", ELEMENTS, ids=str)
def test_products_and_inverses_are_those_of_the_actions(g):
    for h in ELEMENTS:
        assert torch.equal((g @ h).act(NUMBERED), g.act(h.act(NUMBERED)))
    assert torch.equal(g.inverse.act(g.act(NUMBERED)), NUMBERED)
    assert len({str((g @ h).act(NUMBERED)) for h in ELEMENTS}) == 8


@pytest.mark.parametrize("chart", [AzimuthalChart(8), PlaneChart(7)], ids=str)
def test_planes_of_any_size_move_as_the_signal_does(chart):
    signal = torch.randn(2, 3, *chart.shape)
    smaller = torch.randn(2, 3, 5, 5)
    found = set()
    for symmetry in chart.symmetries():
        element = square_element(symmetry)
        moved = PlaneType(3, *chart.shape).transform(symmetry, signal)
        assert torch.equal(moved, symmetry.on_signal(signal))
        assert torch.equal(moved, element.act(signal))
        assert torch.equal(PlaneType(3, 5, 5).transform(symmetry, smaller), element.act(smaller))
        assert element.flip == (symmetry.determinant < 0)
        found.add(element)
    assert found == {*ELEMENTS} - {SquareElement(0)}
    quarter = Rotation("turn", step_about_z(4), chart)
    assert square_element(quarter) == SquareElement(3)  # +x to +y, as pictures have it clockwise


def test_only_symmetries_of_the_square_act_on_planes_of_another_size():
    with pytest.raises(ValueError, match="got change of frames"):
        PlaneType(1, 5, 5).transform(FrameChange(torch.zeros(3)), torch.randn(1, 1, 5, 5))
    quarter = Rotation("turn", step_about_z(4), AzimuthalChart(8))
    with pytest.raises(ValueError, match="square planes"):
        PlaneType(1, 5, 6).transform(quarter, torch.randn(1, 1, 5, 6))


def test_plane_type_prints_itself_and_compares_by_value():
    assert str(PlaneType(3, 5, 6)) == "3 planes 5x6"
    assert PlaneType(3, 5, 6) == PlaneType(3, 5, 6)
    assert PlaneType(3, 5, 6).grid == PlaneType(4, 5, 6).grid
