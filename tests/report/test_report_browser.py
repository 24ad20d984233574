"""The page in a browser without a network: nothing fails, and everything on it moves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.calls import succeed

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic")
FLAGS += ("--no-first-run", "--disable-background-networking", "--disable-component-update")
FLAGS += ("--disable-sync",)
DRAWN = """() => [...document.querySelectorAll('.surface')].every(s => s._fullLayout?.scene?._scene)
  && [...document.querySelectorAll('.plot')].every(p => p.data)"""
COLOURS = "i => document.querySelectorAll('.surface')[i].data[0].vertexcolor"
CAMERAS = """() => [...document.querySelector('.scene').querySelectorAll('.surface')].map(s => {
  const { eye } = s._fullLayout.scene._scene.getCamera(); return [eye.x, eye.y, eye.z]; })"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser among {', '.join(BROWSERS)}")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def file(trained: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained)
        succeed("report", "small.yaml", "output=seen.html")
    return trained / "seen.html"


class Seen:
    """A page that is open, and what it said and asked for meanwhile."""

    def __init__(self, browser: Any, file: Path, width: int, **more: Any) -> None:
        size = {"width": width, "height": 800}
        self.context = browser.new_context(viewport=size, offline=True, **more)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda m: self.said.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_function(DRAWN)


@pytest.fixture(scope="module")
def seen(browser: Any, file: Path) -> Iterator[Seen]:
    found = Seen(browser, file, 1280)
    yield found
    found.context.close()


def pixels(seen: Seen, surface: int) -> np.ndarray:
    shot = seen.page.locator(".surface").nth(surface).screenshot()
    return np.asarray(Image.open(BytesIO(shot)).convert("RGB")).astype(int)


def test_every_surface_is_drawn(seen: Seen) -> None:
    assert seen.page.locator(".surface").count() == 5
    for i in range(5):
        assert (
            seen.page.evaluate("i => document.querySelectorAll('.surface')[i].data.length", i) == 1
        )
        shot = pixels(seen, i)
        card = shot[2, 2]
        assert (abs(shot - card).max(-1) > 12).mean() > 0.4  # a sphere fills three quarters


def test_the_slider_turns_input_truth_and_predictions(seen: Seen) -> None:
    before = [seen.page.evaluate(COLOURS, i) for i in range(4)]
    shot = pixels(seen, 1)
    slider = seen.page.locator(".turn").first
    slider.focus()
    for _ in range(6):
        slider.press("ArrowRight")
    assert seen.page.locator("output").first.inner_text() == "90°"
    assert slider.get_attribute("aria-valuetext") == "90°"
    after = [seen.page.evaluate(COLOURS, i) for i in range(4)]
    assert [a != b for a, b in zip(before, after, strict=True)][:2] == [True, True]
    content = seen.page.evaluate(
        "() => unpacked(document.querySelector('.scene .content').textContent)"
    )
    for i in (1, 2, 3):
        named = [content["colours"][label] for label in content["panels"][i]["frames"][6]]
        assert after[i] == named
    assert any(p["frames"][0] != p["frames"][6] for p in content["panels"][2:])
    seen.page.wait_for_timeout(500)
    assert (abs(pixels(seen, 1) - shot).max(-1) > 30).mean() > 0.02
    marked = seen.page.evaluate("() => document.querySelector('.scores').layout.shapes[0].x0")
    assert marked == 90


def test_bars_follow_the_slider_of_a_classifier(seen: Seen) -> None:
    shares = "() => [...document.querySelectorAll('.bars .bar')].map(b => b.style.width)"
    before = seen.page.evaluate(shares)
    seen.page.locator(".turn").nth(1).press("End")
    assert seen.page.evaluate(shares) != before
    assert sum(float(share.rstrip("%")) for share in before) == pytest.approx(100, abs=0.5)


def test_one_camera_looks_at_all_surfaces(seen: Seen) -> None:
    before = seen.page.evaluate(CAMERAS)
    assert all(np.allclose(eye, before[0]) for eye in before)
    seen.page.locator(".surface").nth(2).scroll_into_view_if_needed()
    box = seen.page.locator(".surface").nth(2).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    seen.page.mouse.move(x, y)
    seen.page.mouse.down()
    seen.page.mouse.move(x + 25, y + 10, steps=4)
    seen.page.mouse.move(x + 60, y + 20, steps=4)
    seen.page.mouse.up()
    seen.page.wait_for_timeout(1500)
    after = seen.page.evaluate(CAMERAS)
    assert not np.allclose(after[2], before[2], atol=0.1)
    assert all(np.allclose(eye, after[2], atol=1e-3) for eye in after), json.dumps(after)
    size = "() => [...document.querySelector('.scene').querySelectorAll('.surface')].map("
    size += "s => s._fullLayout.scene._scene.glplot.getAspectratio().x)"
    near = seen.page.evaluate(size)
    seen.page.locator(".nearer").first.click()
    seen.page.wait_for_timeout(1500)
    assert np.allclose(seen.page.evaluate(size), 1.25 * np.array(near))
    seen.page.locator(".reset").first.click()
    seen.page.wait_for_timeout(1500)
    assert np.allclose(seen.page.evaluate(CAMERAS), before, atol=1e-3)
    assert np.allclose(seen.page.evaluate(size), near)


def test_a_table_is_sorted_by_its_headings(seen: Seen) -> None:
    table = seen.page.locator("table").first
    cells = "t => [...t.tBodies[0].rows].map(row => [...row.cells].map(c => c.dataset.value))"
    state = "t => [...t.tHead.rows[0].cells].map(h => h.getAttribute('aria-sort'))"
    column = table.locator("thead button").nth(2)
    column.click()
    rising = [float(row[2]) for row in table.evaluate(cells)]
    assert rising == sorted(rising)
    column.click()
    table.evaluate("t => [...t.tBodies[0].rows].forEach((r, i) => {"
                   " r.cells[2].dataset.value = ['10', '9', '100'][i]; })")  # fmt: skip
    column.click()
    rising = [float(row[2]) for row in table.evaluate(cells)]
    assert rising == [9, 10, 100]
    assert table.evaluate(state) == ["none", "none", "ascending", "none"]
    column.press("Enter")
    assert [float(row[2]) for row in table.evaluate(cells)] == rising[::-1]
    assert table.evaluate(state)[2] == "descending"
    table.locator("thead button").nth(1).click()
    parameters = [row[1] for row in table.evaluate(cells)]
    numbers = [float(value) for value in parameters[:-1]]
    assert numbers == sorted(numbers)
    assert parameters[-1] == ""  # published rows have none, and come last
    assert len(rising) == 3


def test_a_phone_scrolls_tables_and_not_the_page(browser: Any, file: Path) -> None:
    phone = Seen(browser, file, 390, is_mobile=True, has_touch=True, color_scheme="dark")
    wide = "() => [document.documentElement.scrollWidth, innerWidth]"
    assert phone.page.evaluate(wide) == [390, 390]
    boxes = (
        "() => [...document.querySelectorAll('.surface')].map(s => s.getBoundingClientRect().width)"
    )
    assert all(130 < width <= 390 for width in phone.page.evaluate(boxes))
    ground = phone.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(20, 23, 26)"
    assert phone.said == []
    phone.context.close()


def test_nothing_failed_and_nothing_was_asked_for(seen: Seen) -> None:
    assert seen.said == []
    assert [url for url in seen.asked if not url.startswith(("file:", "data:", "blob:"))] == []
