"""Steps of training on as many threads as there are cores, alone and beside busy processes.

The threads of an OpenMP runtime turn on the spot while they wait for each other, unless
``OMP_WAIT_POLICY=passive`` lets them sleep. Where another process has one of the cores, those that
turn hold the time that the one they wait for would need. The policy is read when torch is
imported, so that each setting is timed in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch

from gaugecnn import build_model, load_config
from gaugecnn.bench.footprint import random_signal, training_step

SECONDS, FEWEST, BATCH = 6.0, 5, 16
"""How long steps are timed, at least how many, of how many signals."""

POLICY = "OMP_WAIT_POLICY"
SETTINGS = {
    "one thread": {"OMP_NUM_THREADS": "1", POLICY: "passive"},
    "turning": {"OMP_NUM_THREADS": str(os.cpu_count())},
    "asleep": {"OMP_NUM_THREADS": str(os.cpu_count()), POLICY: "passive"},
}
"""Variables of the environment."""


def rows(models: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Milliseconds of a step, and their ratios.

    Args:
        models: networks.
    """
    for model in models:
        for company, count in (("alone", 0), ("beside others", os.cpu_count() or 1)):
            with busy(count):
                found = {name: _asked(model, setting) for name, setting in SETTINGS.items()}
            for name, value in found.items():
                ratios = {
                    "train_step_ms": value,
                    "ratio_to_one_thread": value / found["one thread"],
                    "ratio_to_turning": value / found["turning"],
                }
                for metric, number in ratios.items():
                    yield {
                        "model": model,
                        "test_condition": f"{name}, {company}",
                        "metric": metric,
                        "value": f"{number:.4g}",
                        "device": f"cpu ({SETTINGS[name]['OMP_NUM_THREADS']} threads)",
                    }


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that do nothing but take time."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def _asked(model: str, setting: dict[str, str]) -> float:
    """Milliseconds of a step in a process with these variables."""
    others = {name: value for name, value in os.environ.items() if name != POLICY}
    line = subprocess.run(
        [sys.executable, "-m", "experiments.threads.steps", model],
        check=True,
        capture_output=True,
        text=True,
        env={**others, "PYTHONPATH": os.pathsep.join(p or "." for p in sys.path), **setting},
    ).stdout.splitlines()[-1]
    return float(json.loads(line))


def _timed(model: str) -> float:
    """The median of the milliseconds of a step of training."""
    device = torch.device("cpu")
    network = build_model(load_config(model))
    signal = random_signal(network, BATCH, 0, device)
    training_step(network, signal)
    taken: list[float] = []
    start = time.perf_counter()
    while len(taken) < FEWEST or time.perf_counter() - start < SECONDS:
        begun = time.perf_counter()
        training_step(network, signal)
        taken.append(time.perf_counter() - begun)
    return 1000 * median(taken)


if __name__ == "__main__":
    print(json.dumps(_timed(sys.argv[1])))
