"""One part of the measurement in a process of its own, started by `gpu.py`.

python experiments/gpu/parts.py PART --device cuda --seconds 60 --file ROWS.csv
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
import torch
from setting import ROOT, Setting

from gaugecnn.bench import benchmark
from gaugecnn.bench import run as bench_run

MOST_WORKERS = 12
QUICK_TESTS = "TestP4 and classification and not compiles"


class Counts:
    """A pytest plugin that turns outcomes into rows as they come."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.found = dict.fromkeys(("passed", "failed", "skipped"), 0)
        self.failures: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return  # a test is set up, called and torn down
        self.found[report.outcome] += 1
        if report.failed:
            self.failures.append(report.nodeid.partition("::")[2])
        self.setting.rows.clear()
        counts = [("all methods", f"tests_{how}", n) for how, n in self.found.items()]
        for condition, metric, value in (*counts, *((f, "test_failed", 1) for f in self.failures)):
            self.setting.add(condition, metric, value, model="conformance", dtype="-")


def conformance(setting: Setting) -> None:
    """The conformance tests of every method, on the device."""
    os.chdir(ROOT)
    counts = Counts(setting)
    words = ["tests/test_conformance.py", "-q", "-p", "no:cacheprovider", "-p", "on_device"]
    words += ["--on-device", setting.device.type]
    if setting.quick:
        words += ["-k", QUICK_TESTS, "-p", "no:xdist"]
    elif importlib.util.find_spec("xdist"):
        words += ["-n", str(min(MOST_WORKERS, os.cpu_count() or 1))]
    code = pytest.main(words, plugins=[counts])
    if code:
        total = sum(counts.found.values())
        raise RuntimeError(f"{counts.found['failed']} of {total} tests failed; pytest said {code}")


def gauge_cost(setting: Setting) -> None:
    """The times of experiments/gauge_cost, whose other numbers are those of a CPU."""
    cost = _experiment("gauge_cost")
    if setting.quick:
        cost.LEVELS = cost.LEVELS[:1]
    found = cost.timings(setting.device, 1 if setting.quick else 15)
    for (metric, level), value in found.items():
        row = cost.row(metric, level, value)
        setting.add(row["test_condition"], metric, value, model=row["model"])


def s2cnn_cost(setting: Setting) -> None:
    """The table of experiments/s2cnn_cost, without setup and memory: three processes a model."""
    cost = _experiment("s2cnn_cost")
    device = setting.device.type
    bench_run.footprint = lambda *_: {}
    if setting.quick:
        sys.modules["experiments.s2cnn_cost.exactness"].ROTATIONS = 1
    exact = cost.exactness_rows(device)
    setting.extend({**row, "command": setting.command} for row in exact)
    wrong = [row["metric"] for row in exact if float(row["value"]) > cost.EXACT]
    options = {"repeats": 1 if setting.quick else 15, "device": device}
    if setting.quick:
        setting.extend(benchmark(["s2cnn"], task="classification", batch=2, **options))
    else:
        setting.extend(benchmark([cost.CLASSIFIER], task="classification", batch=32, **options))
        setting.extend(benchmark(cost.SEGMENTERS, task="segmentation", batch=1, **options))
    if wrong:
        raise RuntimeError(f"errors above {cost.EXACT}: {', '.join(wrong)}")


def _experiment(name: str) -> ModuleType:
    """What another experiment measures."""
    return importlib.import_module(f"experiments.{name}.cost")


def epoch(setting: Setting, model: str, precision: str = "32-true") -> None:
    """An epoch of a recipe."""
    from trained import epoch as train_epoch  # Lightning is slow to import

    train_epoch(model, setting, precision)


def compiled(setting: Setting, model: str) -> None:
    """A recipe's network, compiled."""
    from trained import compiled as compare

    compare(model, setting)


PARTS: dict[str, Callable[..., None]] = {
    "conformance": conformance,
    "gauge_cost": gauge_cost,
    "s2cnn_cost": s2cnn_cost,
    "epoch": epoch,
    "bf16": partial(epoch, precision="bf16-mixed"),
    "compile": compiled,
}
"""By name; the last three are ``NAME:MODEL``."""


def main() -> int:
    """Run the part; an error is the last line of what it prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part")
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--root")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--file", type=Path, required=True)
    args = parser.parse_args()
    device = torch.device(args.device)
    setting = Setting(device, args.quick, args.root, args.seconds, args.file)
    name, *model = args.part.split(":")
    PARTS[name](setting, *model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
