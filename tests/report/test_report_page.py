"""The page as a file: everything is on it, once, and nothing is asked of a network."""

from __future__ import annotations

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from plotly.offline import get_plotlyjs

from gaugecnn.errors import UserError
from gaugecnn.records.files import read_csv
from gaugecnn.report import content, writing
from gaugecnn.report.content import picture
from gaugecnn.report.page import packed
from gaugecnn.studies.shown import Figure
from tests.cli.calls import call, refuse, succeed
from tests.studies.calls import ROOT


class Page(HTMLParser):
    """The texts of elements, and what each asks to be loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.loads: list[str] = []
        self.plots: list[Any] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loads += [given[key] or "" for key in ("src", "href", "srcset") if key in given]
        if given.get("data-plot"):
            self.plots.append(json.loads(given["data-plot"] or ""))
        if tag not in ("meta", "link", "input", "img"):
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        while self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag][-1] += data


@pytest.fixture(scope="module")
def text(trained: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained)
        said = succeed("report", "small.yaml", "output=page.html")
        size = (trained / "page.html").stat().st_size
        assert said == f"report: page.html ({size / 1e6:.2f} MB)\n"
        return (trained / "page.html").read_text()


def test_the_question_and_every_number_of_the_tables_is_there(text: str, folder: Path) -> None:
    page = Page(text)
    assert page.texts["h1"] == ["Which network finds <digits> & why?"]
    table = (folder / "runs/studies/small/results/overlap.md").read_text()
    told = re.findall(r"\d+\.\d+|\d,\d+", table)
    assert len(told) >= 8
    cells = " ".join(page.texts["td"])
    assert [number for number in told if number not in cells] == []
    commands = {
        row["command"] for row in read_csv(folder / "runs/studies/small/results/results.csv")
    }
    assert len(commands) == 4
    assert all(command in page.texts["td"] for command in commands)
    assert page.texts["code"] == ["gaugecnn study small.yaml"]


def test_published_rows_say_whose_they_are_and_what_they_belong_to(text: str) -> None:
    (row,) = re.findall(r'<tr class="published">.*?</tr>', text, re.DOTALL)
    inside = Page(row).texts
    assert inside["th"] == ["cnn Others"]
    assert [cell.strip() for cell in inside["td"]] == ["", "12.50", "99.25"]


def test_the_library_is_there_once_and_nothing_is_loaded(text: str) -> None:
    library = get_plotlyjs()
    assert text.count(library) == 1
    page = Page(text.replace(library, ""))
    assert [address for address in page.loads if not address.startswith(("data:", "#"))] == []
    own = text.replace(library, "")
    assert "default-src 'none'" in own
    assert "://" not in own
    assert "url(" not in own
    assert len(text.encode()) < writing.LIMIT


def test_curves_are_those_of_the_study(text: str, folder: Path) -> None:
    rows = read_csv(folder / "runs/studies/small/results/results.csv")
    cnn, gcn = Page(text).plots
    wanted = [
        [float(r["value"]) for r in rows if (r["model"], r["metric"]) == ("cnn", "miou_foreground")
         and r["test_condition"] == condition] for condition in ("unrotated", "rotated")
    ]  # fmt: skip
    low, high, mean = cnn["traces"]
    assert mean["y"] == pytest.approx([np.mean(values) for values in wanted])
    assert low["y"] == [min(values) for values in wanted]
    assert high["y"] == [max(values) for values in wanted]
    assert high["fill"] == "tonexty"
    assert mean["customdata"][0] == [*sorted(wanted[0]), 2]
    assert gcn["traces"][2]["customdata"][0][2] == 1


@pytest.mark.parametrize(
    ("preset", "place"), [(None, ""), ("small", ""), ("large", "large")], ids=str
)
def test_a_committed_table_is_enough(
    preset: str | None, place: str, folder: Path, tmp_path: Path, monkeypatch
) -> None:
    """Of the first preset it is beside the study, of a further one in a folder of its name."""
    lone = tmp_path / "lone"
    (lone / place).mkdir(parents=True)
    more = "  - {name: cost, title: Of the large, rows: [model], where: {test: cost}}\nfigures:"
    (lone / "study.yaml").write_text(
        (folder / "small.yaml").read_text().replace("figures:", more)
        + "presets: {small: {}, large: {}}\n"
        "measures: [{name: cost, function: 'a:rows', presets: [large]}]\n"
    )
    table = (folder / "runs/studies/small/results/results.csv").read_bytes()
    (lone / place / "results.csv").write_bytes(table)
    monkeypatch.chdir(tmp_path)
    words = ["lone"] if preset is None else ["lone", "--preset", preset]
    result = call("report", *words)
    assert result.exit_code == 0, result.output
    folder_of_runs = tmp_path / "runs" / "studies" / "lone"
    assert result.stderr == f"lone: no surface: no trained run in {folder_of_runs}\n"
    page = Page((tmp_path / "report.html").read_text())
    assert "99.25" in page.texts["td"]
    assert ("Of the large" in page.texts["p"]) == (preset == "large")  # whose it is
    assert not folder_of_runs.exists()
    other = "large" if not place else "small"
    assert "make them with: gaugecnn study lone --preset" in refuse(
        "report", "lone", "--preset", other
    )


def test_several_studies_share_the_library(folder: Path) -> None:
    other = folder / "other.yaml"
    question = "question: Another one?"
    other.write_text(
        (folder / "small.yaml").read_text().replace("question: Which", f"{question}\n#")
    )
    runs = folder / "runs" / "studies"
    (runs / "other").symlink_to(runs / "small")
    succeed("report", "small.yaml", "other.yaml", "output=both.html")
    text = (folder / "both.html").read_text()
    assert text.count(get_plotlyjs()) == 1
    assert Page(text).texts["h2"] == ["Which network finds <digits> & why?", "Another one?"]
    assert text.count('class="scene"') == 4
    assert 'data-lively="true"' in text  # ten surfaces are more than a phone keeps


def test_what_is_packed_comes_back() -> None:
    given = {"mask": [0] * 5000, "name": "</script>"}
    text = packed(given)
    assert len(text) < 200
    assert json.loads(gzip.decompress(base64.b64decode(text))) == given
    with pytest.raises(ValueError, match="not JSON compliant"):
        packed([float("nan")])


def test_a_picture_keeps_its_pixels_and_loses_bytes() -> None:
    pixels = np.random.default_rng(0).integers(0, 4, (60, 90, 3), dtype=np.uint8) * 60
    file = BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    found = picture(Figure("f", function="a:b"), file.getvalue(), "here")
    assert (found.width, found.height) == (90, 60)
    kind, _, code = found.source.partition(",")
    assert kind == "data:image/webp;base64"
    small = base64.b64decode(code)
    assert len(small) < len(file.getvalue())
    assert (np.asarray(Image.open(BytesIO(small)).convert("RGB")) == pixels).all()
    with pytest.raises(UserError, match="here is no image"):
        picture(Figure("f", function="a:b"), b"nothing", "here")


def test_poses_give_way_to_the_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = content.content("small.yaml", None, {}, 0)
    text, every = writing.fitting([whole], Path("page.html"))
    assert every == 1
    monkeypatch.setattr(writing, "LIMIT", len(text.encode()) - 1)
    shorter, every = writing.fitting([whole], Path("page.html"))
    assert every == 2
    assert 'max="11"' in shorter
    monkeypatch.setattr(writing, "LIMIT", 1_000_000)
    said = refuse("report", "small.yaml", "output=none.html")
    assert re.search(
        r"output=none.html: the page would have 4.\d\d MB, at most 1; name fewer", said
    )
    assert not (folder / "none.html").exists()


def test_a_training_with_several_tests_counts_once(folder: Path) -> None:
    """The tests stand behind its command, each by its name."""
    told = content.content(str(ROOT / "experiments" / "fourfold_invariance"), None, {}, 0)
    assert told.extent.startswith("15 trainings, 3 seeds")
    assert len(told.provenance.rows) == 15
