"""Figures of a study: where their lines and bars stand, and that their words fit."""

from __future__ import annotations

import pytest

from gaugecnn.studies.figures import Answer, draw
from gaugecnn.studies.shown import Figure, FigureKind
from gaugecnn.studies.specification import Study
from tests.studies.made_up import NUMBERS, number


def test_lines_are_drawn_at_their_numbers_and_bars_side_by_side() -> None:
    answer = Answer(Study("?"), [], NUMBERS)
    lines = Figure("f", kind=FigureKind.lines, x=("copies",), series=("network",), logarithmic=True)
    (axes,) = draw(lines, answer, "figures[0]").axes
    found = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert found == {"cnn": [[1, 52], [10, 53]], "p4 & more": [[1, 82], [10, 83]]}
    assert axes.get_xscale() == "log"
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (51, 54)
    assert axes.get_ylabel() == "accuracy"
    few = Answer(Study("?"), [], [number("cnn", str(n), 0, 50.0) for n in (1, 2, 3)])
    plain = Figure("f", kind=FigureKind.lines, x=("copies",), series=("network",))
    (axes,) = draw(plain, few, "figures[0]").axes
    assert all(tick.is_integer() for tick in axes.get_xticks())
    bars = Figure("f", panels=("network",), x=("copies",), series=("condition",))
    first, second = draw(bars, answer, "figures[0]").axes
    assert [bar.get_height() for bar in first.patches] == [52, 53]
    assert [text.get_text() for text in second.get_xticklabels()] == ["1", "10"]
    assert (first.get_title(), second.get_title()) == ("cnn", "p4 & more")
    assert first.get_ylim() == second.get_ylim()  # what is measured alike is drawn alike
    assert (first.get_ylabel(), second.get_ylabel()) == ("accuracy", "")
    other = [*NUMBERS, *(number(f"n{i}", "1", 0, 9.0) for i in range(3))]
    assert len(draw(bars, Answer(Study("?"), [], other), "figures[0]").axes) == 5
    fresh = [*NUMBERS, number("cnn", "fresh", 0, 90.0)]
    (axes,) = draw(lines, Answer(Study("?"), [], fresh), "figures[0]").axes
    assert axes.lines[0].get_xdata().tolist() == [0, 1, 2]  # one after another


@pytest.mark.parametrize("panels", [(), ("network",)])
def test_titles_and_labels_stay_on_the_canvas(panels: tuple[str, ...]) -> None:
    title = "A network that saw every digit in one pose, asked about the same digits in all others"
    names = [f"a rather long name of a training, {i}" for i in range(6)]
    found = [number(net, name, 0, 9.0) for net in ("cnn", "gcn") for name in names]
    figure = Figure("f", title, panels=panels, x=("metric",), series=("copies", "network"))
    canvas = draw(figure, Answer(Study("?"), [], found), "figures[0]")
    canvas.draw_without_rendering()
    for artist in (canvas._suptitle, *canvas.legends):
        box = artist.get_window_extent()
        assert canvas.bbox.x0 <= box.x0 <= box.x1 <= canvas.bbox.x1, artist
