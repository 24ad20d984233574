"""What keeping freed memory is worth: training steps of processes that do and that do not."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from typing import Any

import torch

from gaugecnn.records.provenance import commit, device_name
from gaugecnn.records.results import Result

MODELS = (("s2cnn_150k", 32), ("s2cnn_100k", 64))
ROUNDS = 3
SCRIPT = """
import statistics, sys, time
import torch
import gaugecnn.build
from gaugecnn import load_config
from gaugecnn.bench.footprint import random_signal, training_step

how, model, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
if how == "returned":
    gaugecnn.build.keep_freed_memory = lambda: False
network = gaugecnn.build.build_model(load_config(model)).train()
signal = random_signal(network, batch, 0, torch.device("cpu"))
seconds = []
for _ in range(8):
    start = time.perf_counter()
    training_step(network, signal)
    seconds.append(time.perf_counter() - start)
print(statistics.median(seconds[3:]))
"""


def step_seconds(how: str, model: str, batch: int) -> float:
    """The median training step of a fresh process."""
    command = [sys.executable, "-c", SCRIPT, how, model, str(batch)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def allocator_rows() -> list[dict[str, Any]]:
    """The time of a step where memory is kept, over that where it is returned."""
    rows = []
    for model, batch in MODELS:
        ratios = []
        for _ in range(ROUNDS):
            kept, returned = (step_seconds(how, model, batch) for how in ("kept", "returned"))
            ratios.append(kept / returned)
        found = Result(
            model=model,
            task="classification",
            test_condition=f"batch{batch}",
            metric="train_step_kept_ratio",
            value=f"{median(ratios):.3g}",
            device=device_name(torch.device("cpu")),
            dtype="float32",
            commit=commit(),
            command="gaugecnn study s2cnn_cost",
        )
        rows.append(found.row())
    return rows
