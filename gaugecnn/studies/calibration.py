"""How long the runs of a study will take: told by those that are done, or by a few steps of others.

Training alone is told: that is what differs between methods. A few steps of each network are timed
once and kept in the output of the study.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

from omegaconf import DictConfig

from gaugecnn.config import override
from gaugecnn.records.files import read_summary, write_json
from gaugecnn.studies.identity import fingerprint
from gaugecnn.studies.plan import Item, PlannedRun
from gaugecnn.studies.state import is_trained

FILE = "calibration.json"
STEPS = 6
"""Of training, that are timed; before them one that finds everything cold."""


def estimates(
    items: Sequence[Item],
    every: Sequence[Item],
    output: Path,
    threads: int | None,
    tell: Callable[[str], None],
) -> dict[Path, float]:
    """Seconds of training of each run, by its directory.

    Args:
        items: what is to be estimated.
        every: all of the study, among which those that are done tell of others.
        output: where what was timed is kept.
        threads: of the CPU that a run will have; None for as many as torch takes.
        tell: is called with what is done next.
    """
    runs = [item for item in items if isinstance(item, PlannedRun)]
    done = _seconds_of_done([item for item in every if isinstance(item, PlannedRun)])
    found: dict[Path, float] = {}
    for run in runs:
        but_seed = _but_seed(run.config)
        if but_seed not in done:
            samples, rate = _rate(run, output, threads, tell)
            done[but_seed] = samples * run.config.train.epochs / rate
        found[run.folder] = done[but_seed]
    return found


def _seconds_of_done(runs: Sequence[PlannedRun]) -> dict[str, float]:
    """What the same networks took with other seeds."""
    seconds: dict[str, list[float]] = {}
    for run in runs:
        if is_trained(run.folder):
            taken = float(read_summary(run.folder)["train_seconds"])
            seconds.setdefault(_but_seed(run.config), []).append(taken)
    return {key: sum(taken) / len(taken) for key, taken in seconds.items()}


def _but_seed(config: DictConfig) -> str:
    """What runs have in common that differ in their seeds."""
    same = deepcopy(config)
    same.seed = same.data.seed = 0
    return fingerprint(same)


def _rate(
    run: PlannedRun, output: Path, threads: int | None, tell: Callable[[str], None]
) -> tuple[int, float]:
    """How many samples a run is trained on, and how many a second are."""
    same = deepcopy(run.config)
    same.train.epochs = 1
    of_all = os.environ.get("OMP_NUM_THREADS", "all")
    key = f"{_but_seed(same)} on {platform.node()}, {threads or of_all}"
    file = output / FILE
    kept: dict[str, list[float]] = json.loads(file.read_text()) if file.is_file() else {}
    if key not in kept:
        tell(f"timing {run.name}")
        kept[key] = _timed(run.config, threads)
        write_json(file, kept)
    samples, rate = kept[key]
    return int(samples), rate


def _timed(config: DictConfig, threads: int | None) -> list[float]:
    """Samples to train on, and samples a second."""
    import torch

    from gaugecnn.training.run import train

    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for steps in (1, STEPS):
                overrides = [f"trainer.fast_dev_run={steps}", "trainer.devices=1"]
                told = train(override(config, overrides))
    finally:
        torch.set_num_threads(before)
    return [told["train_size"], told["samples_per_second"]]
