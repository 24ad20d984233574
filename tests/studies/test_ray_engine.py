"""What the engine of Ray decides: who is begun again and when, how much each run is given."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.studies.engines import on_ray, ray_cluster
from gaugecnn.studies.engines.base import Happening
from gaugecnn.studies.engines.on_ray import RETRIES, RayEngine
from gaugecnn.studies.plan import Item, PlannedMeasure
from gaugecnn.studies.planning import make_plan
from gaugecnn.studies.specification import Measure, load_study
from gaugecnn.studies.state import failure, write_rows
from tests.cli.calls import refuse
from tests.studies.calls import CPU
from tests.test_install import without

LOST = Happening.lost, "its worker died", "with these last words"
TOLD = Happening.began, Happening.lost, Happening.done, Happening.failed


class Script(RayEngine):
    """An engine whose tasks say what is written down for them, try by try."""

    def __init__(self, jobs: int | None, said: dict[str, list[tuple[Happening, str, str]]]) -> None:
        super().__init__(None, None, jobs, None)
        self.said = said

    def _begun(self, item: Item) -> Iterator[tuple[Happening, str, str]]:
        end = self.said[item.name].pop(0)
        if end[0] is Happening.done:
            write_rows(item.folder / "rows.json", [])
        return iter([(Happening.began, "", ""), (Happening.line, "epoch 1", ""), end])


@pytest.fixture
def told(monkeypatch, tmp_path: Path):
    """What an engine tells, in order, of items of these names."""
    monkeypatch.setattr(on_ray.ray, "wait", lambda streams, num_returns: (streams[:1], []))
    monkeypatch.setattr(on_ray, "_heard", next)

    def tell(jobs: int | None, **said: list[tuple[Happening, str, str]]) -> list[str]:
        items = [PlannedMeasure(Measure(name, "m:f"), tmp_path / name) for name in said]
        heard: list[str] = []

        def keep(item: Item, what: Happening, text: str) -> None:
            if what in TOLD:
                heard.append(f"{item.name} {what}")

        ended = Script(jobs, said).attempt(items, keep)
        return [*heard, *(str(end) for end in ended)]

    return tell


DONE = Happening.done, "", ""


def test_what_was_lost_is_begun_again_after_those_that_wait(told) -> None:
    assert told(1, a=[LOST, DONE], b=[DONE], c=[DONE]) == [
        *("a began", "a lost", "b began", "b done", "c began", "c done", "a began", "a done"),
        *("done", "done", "done"),
    ]


def test_as_many_are_at_work_as_may_be_and_all_are_heard(told) -> None:
    assert told(2, a=[DONE], b=[DONE], c=[DONE])[:6] == [
        *("a began", "b began", "a done", "b done", "c began", "c done"),
    ]
    assert told(None, d=[DONE], e=[DONE], f=[DONE])[:3] == ["d began", "e began", "f began"]


def test_what_is_lost_too_often_has_failed(told, tmp_path: Path) -> None:
    tries = RETRIES + 1
    heard = told(None, a=[LOST] * tries, b=[DONE])
    assert heard.count("a began") == tries
    assert heard.count("a lost") == RETRIES
    assert heard.count("a failed") == 1
    assert heard[-2:] == ["failed", "done"]
    assert failure(tmp_path / "a") == "its worker died"
    assert "with these last words" in (tmp_path / "a" / "failed.json").read_text()


def test_a_task_that_cannot_be_done_has_failed_at_once(told, tmp_path: Path) -> None:
    broken = Happening.failed, "No such file or directory: '/elsewhere'", "Traceback"
    assert told(1, a=[broken])[-2:] == ["a failed", "failed"]
    assert failure(tmp_path / "a") == "No such file or directory: '/elsewhere'"


def runs(path: Path, *words: str) -> list[Item]:
    return make_plan(load_study(path), None, words, Path("runs")).items


def test_what_a_run_is_given(written, monkeypatch) -> None:
    path = written()
    (run, _), (slow, _) = runs(path), runs(path, "trainer.accelerator=cpu")
    measure = PlannedMeasure(Measure("cost", "m:f"), Path("cost"))
    asks = RayEngine(None, None, None, 1)._gpus
    monkeypatch.setattr(on_ray, "has_gpus", lambda: True)
    assert [asks(item) for item in (run, slow, measure)] == [1, 0, 1]
    assert RayEngine(None, 0.25, None, 1)._gpus(run) == 0.25
    (both, _) = runs(path, "trainer.devices=2")
    assert RayEngine(None, 2, None, 1)._gpus(both) == 2
    with pytest.raises(UserError, match=r"trainer.devices=2: .* say how many .* ray.gpus="):
        asks(both)
    monkeypatch.setattr(on_ray, "has_gpus", lambda: False)
    assert [asks(item) for item in (run, both, measure)] == [0, 0, 0]


def test_a_host_that_is_too_small_is_told(monkeypatch) -> None:
    hosts = [
        {"Alive": True, "Resources": {"CPU": 4.0, "GPU": 1.0}},
        {"Alive": True, "Resources": {"CPU": 8.0}},
        {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}},
    ]
    monkeypatch.setattr(ray_cluster.ray, "nodes", lambda: hosts)
    for cpus, gpus in ((8, 0), (4, 1), (4, 0.5)):
        ray_cluster.see_room(cpus, gpus, own=True)
    with pytest.raises(UserError, match="threads=9 and ray.gpus=0 for each run: .* 8 CPUs and 0"):
        ray_cluster.see_room(9, 0, own=True)
    with pytest.warns(GaugecnnWarning, match="threads=8 and ray.gpus=1 .* wait for a larger one"):
        ray_cluster.see_room(8, 1, own=False)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["engine=ray", "ray.gpu=1"], "unknown key 'ray.gpu'; did you mean ray.gpus?"),
        (["engine=ray", "ray.gpus=1.5"], "ray.gpus: expected a whole number, or a part of one"),
        (["engine=ray", "ray.gpus=-1"], "ray.gpus: expected a whole number, or a part of one"),
        (["engine=ray", "ray.gpus=all"], "ray.gpus: expected a whole number, or a part of one"),
        (["engine=ray", "ray.address=host"], "ray.address: expected auto or HOST:PORT, got 'host'"),
        (["engine=ray", "ray.address=ray://host:10001"], "expected auto or HOST:PORT"),
        (["engine=ray", "ray.address=127.0.0.1:1"], "ray.address=127.0.0.1:1: no Ray answers"),
        (["engine=ray", "jobs=0"], "jobs: expected a whole number of at least 1"),
        (["ray.gpus=1"], "ray.gpus: is for engine=ray, got engine=local"),
        (["engine=slurm", "ray.address=auto"], "ray.address: is for engine=ray, got engine=slurm"),
    ],
)
def test_a_mistake_is_one_line(written, folder: Path, words, expected) -> None:
    assert expected in refuse("study", written(), "output=runs", *words, *CPU)
    assert not (folder / "runs").exists()


def test_an_address_without_a_ray_is_told_at_once(written, folder: Path, monkeypatch) -> None:
    def refused(**_: object) -> None:
        raise ConnectionError("Could not find any running Ray instance.\nStart one.")

    monkeypatch.setattr(ray_cluster.ray, "init", refused)
    said = refuse("study", written(), "output=runs", "engine=ray", "ray.address=auto", *CPU)
    assert "ray.address=auto: no Ray to work with: Could not find any running Ray" in said


def test_without_ray_a_line_says_what_to_install(written, folder: Path) -> None:
    words = ["study", str(written()), "output=runs", "engine=ray"]
    code = f"import sys\nsys.argv[1:] = {words!r}\nfrom gaugecnn.cli import main\nmain()"
    done = without(code, folder, ("ray",))
    expected = "gaugecnn: study needs ray: pip install 'gaugecnn[ray]'\n"
    assert (done.returncode, done.stderr, done.stdout) == (2, expected, "")
    assert sys.modules["ray"] is ray_cluster.ray
