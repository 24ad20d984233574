"""Exactly or approximately equivariant: what does the difference do to accuracy?

Trains `p4_25k` where it commutes with quarter turns and where a pool that leaves a row unread
breaks it, and `z2_25k`, on 8,000 digits as they are, turned by any angle, and turned by angles
about 45 degrees; tests each on the 60,000 left over, turned by 36 angles; and writes
``results.csv`` and ``figure.png``. What was trained before is not trained again, and what was begun
is continued.

    python experiments/exact_or_approximate/study.py --root DIR
    python experiments/exact_or_approximate/study.py --root DIR --trainings upright --seeds 0
    python experiments/exact_or_approximate/study.py --report        # of what there is
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from angles import measure
from presets import NETWORKS, SEEDS, TRAININGS, Job, jobs
from report import write_report

from gaugecnn import load_config, train
from gaugecnn.training.files import write_json

HERE = Path(__file__).parent


def run(job: Job, root: str, output: Path, threads: int) -> dict[str, Any]:
    """The accuracy of a job by angle, trained and measured unless that is done."""
    torch.set_num_threads(threads)
    folder = output / job.name
    if not (folder / "summary.json").is_file():
        print(job.command, flush=True)
        words = [*job.words(root), f"output={folder}", "train.resume=true"]
        train(load_config(job.model, "classification", words))
    measured = folder / "angles.json"
    if not measured.is_file():
        write_json(measured, measure(folder))
    found: dict[str, Any] = json.loads(measured.read_text())
    print(
        f"{job.name}: " + ", ".join(f"{v:.2f} at {a}" for a, v in found["all"].items()), flush=True
    )
    return found


def main() -> None:
    """Train what is missing, or tell what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="data", help="folder of the data files (data.root)")
    parser.add_argument("--output", type=Path, default=Path("runs/exact_or_approximate"))
    parser.add_argument("--trainings", nargs="+", choices=TRAININGS, default=list(TRAININGS))
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--processes", type=int, default=1, help="runs at a time")
    parser.add_argument("--threads", type=int, default=1, help="per run")
    parser.add_argument("--report", action="store_true", help="train nothing")
    options = parser.parse_args()
    if not options.report:
        todo = jobs(options.trainings, options.networks, options.seeds)
        with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
            words = (options.root, options.output, options.threads)
            for future in [pool.submit(run, job, *words) for job in todo]:
                future.result()
    write_report(options.output, HERE)


if __name__ == "__main__":
    main()
