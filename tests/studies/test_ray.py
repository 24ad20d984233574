"""Studies that a real Ray does, on this machine or on the hosts of a cluster, whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from gaugecnn.studies.engines.ray_cluster import STORE, connected, ray
from tests.cli.calls import call, succeed
from tests.studies.calls import (
    CPU,
    begun,
    claims,
    ended,
    equal,
    numbers,
    waited,
    workers,
)
from tests.studies.conftest import answered
from tests.studies.test_study_runs import COUNTED, COUNTING

MEASURED = """
import os

def here():
    told = {"model": "-", "test_condition": "threads", "metric": "cores"}
    return [{**told, "value": float(os.environ["OMP_NUM_THREADS"])}]

def broken():
    raise RuntimeError("no such luck")
"""
MEASURES = """\
question: Where am I?
measures:
  - {name: here, function: 'mine:here'}
  - {name: broken, function: 'mine:broken'}
"""
LONG = "train.epochs=100"
SMALL = {"object_store_memory": STORE, "include_dashboard": False}


def services() -> set[int]:
    """Those of Ray that this process or one below it began."""
    below = psutil.Process().children(recursive=True)
    return {process.pid for process in below if process.name() in ("raylet", "gcs_server")}


def test_ray_does_what_is_missing_and_ends_with_the_study(folder: Path) -> None:
    (folder / "mine.py").write_text(MEASURED)
    (folder / "measures.yaml").write_text(MEASURES)
    before = services()
    result = call("study", "measures.yaml", "output=runs", "engine=ray", "threads=1")
    assert result.exit_code == 1
    assert "here: done" in result.stdout
    assert [line for line in result.stderr.splitlines() if "raylet" in line] == []
    assert result.stderr.count("failed: broken: RuntimeError: no such luck") == 1
    assert [row["value"] for row in numbers(folder / "runs" / "results")] == ["1"]
    assert "begun" not in call("study", "measures.yaml", "output=runs", "engine=ray").stdout
    assert not ray.is_initialized()
    assert services() == before


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray that is there before any study: a host without CPUs, and two that have one each."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **SMALL})
    for _ in range(2):
        made.add_node(num_cpus=1, object_store_memory=STORE)
    yield made
    made.shutdown()


def engine(cluster: Any) -> list[str]:
    return ["engine=ray", f"ray.address={cluster.address}"]


@pytest.mark.slow
def test_hosts_give_equal_results_and_stay(undisturbed, folder, written, cluster) -> None:
    said = ended(written(), "output=runs", *engine(cluster), where=folder)
    assert said.count("begun") == said.count("done") == 2
    assert equal(folder / "runs" / "results", undisturbed / "runs" / "results")
    with connected(cluster.address, []):
        assert len([node for node in ray.nodes() if node["Alive"]]) == 3


@pytest.fixture(scope="module")
def unhurried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with a training of seconds, in which something can die, done without a break."""
    return answered(tmp_path_factory.mktemp("unhurried"), LONG)


def in_training(output: Path) -> list[int]:
    """The processes that have trained for some time."""
    trained = {path.parent.name for path in output.glob("*/metrics.csv")}
    held = {path.parent.name for path in claims(output)}
    return workers(output) if held and held <= trained else []


def finished(process: subprocess.Popen[str]) -> str:
    out, errors = process.communicate()
    assert process.returncode == 0, out + errors
    assert errors == ""
    return out


@pytest.mark.slow
@pytest.mark.parametrize("what", ["worker", "process"])
def test_a_worker_that_dies_changes_nothing(unhurried, folder, written, what) -> None:
    """It is one of two, or the process that it began: the item is begun again, and goes on."""
    with begun(written(), LONG, "output=runs", "engine=ray", where=folder) as process:
        assert waited(lambda: in_training(folder / "runs"), process)
        child = psutil.Process(in_training(folder / "runs")[0])
        worker = child.parent()
        assert worker is not None
        assert worker.name().startswith("ray::")
        (worker if what == "worker" else child).kill()
        said = finished(process)
    assert said.count("lost") == 1
    assert said.count("begun again") == 1
    assert "done, 2 of 2" in said
    assert equal(folder / "runs" / "results", unhurried / "runs" / "results")


@pytest.mark.slow
def test_a_host_that_dies_changes_nothing(unhurried, folder, written, cluster) -> None:
    host = next(iter(cluster.worker_nodes))
    with begun(written(), LONG, "output=runs", *engine(cluster), where=folder) as process:
        assert waited(lambda: len(workers(folder / "runs")) == 2, process)
        cluster.remove_node(host, allow_graceful=False)
        try:
            said = finished(process)
        finally:
            cluster.add_node(num_cpus=1, object_store_memory=STORE)
    assert said.count("lost") == 1
    assert equal(folder / "runs" / "results", unhurried / "runs" / "results")


@pytest.mark.slow
def test_two_studies_on_one_cluster_never_do_one_run_twice(folder, written, cluster) -> None:
    (folder / "plugged.py").write_text(COUNTING)
    words = [written(COUNTED), "output=runs", *engine(cluster)]
    both = [begun(*words, where=folder) for _ in range(2)]
    for process in both:
        finished(process)
    tested = (folder / "tested.txt").read_text().split()
    assert len(tested) == len(set(tested)) == 2
    for run in (folder / "runs").glob("*-seed*"):
        assert (run / "log.txt").read_text().count("epoch 1/") == 1


@pytest.mark.slow
@pytest.mark.parametrize("own", [True, False], ids=["own", "cluster"])
def test_after_ctrl_c_no_run_goes_on(folder: Path, written, cluster, own: bool) -> None:
    words = ["engine=ray"] if own else engine(cluster)
    before = services()
    with begun(written(), "output=runs", "train.epochs=1000", *words, where=folder) as process:
        assert waited(lambda: in_training(folder / "runs"), process)
        at_work = workers(folder / "runs")
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate()
    assert process.returncode == 130, out + errors
    assert errors == "gaugecnn: interrupted; the same command continues\n"
    assert waited(lambda: not any(psutil.pid_exists(number) for number in at_work))
    assert not list(folder.rglob("failed.json"))
    assert services() == before


@pytest.mark.slow
def test_local_processes_and_ray_give_equal_rows(undisturbed, folder: Path, written) -> None:
    study = written()
    for name in ("processes", "ray"):
        words = [study, f"output={name}", f"engine={name}", "jobs=2"]
        ended(*words, where=folder)
        assert equal(folder / name / "results", undisturbed / "runs" / "results")
        assert "begun" not in succeed("study", *words, *CPU)
