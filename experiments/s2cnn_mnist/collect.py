"""From a trained run to what is committed: summary.json, metrics.csv and results.csv.

python experiments/s2cnn_mnist/collect.py RUN "gaugecnn train ..."
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from shutil import copyfile

from gaugecnn.training.files import write_csv

HERE = Path(__file__).parent


def rows_of(run: Path, command: str, suffix: str = "") -> list[dict[str, object]]:
    """The tests of a run, one number a row."""
    summary = json.loads((run / "summary.json").read_text())
    return [
        {
            "model": summary["model"],
            "task": summary["task"],
            "seed": summary["seed"],
            "train_rotation": "none",
            "train_size": summary["train_size"],
            "test_condition": condition + suffix,
            "metric": metric,
            "value": f"{value:.4f}",
            "parameters": summary["parameters"],
            "train_seconds": summary["train_seconds"],
            "device": summary["device"],
            "dtype": summary["dtype"],
            "commit": summary["commit"],
            "command": command,
        }
        for condition, metrics in summary["test"].items()
        for metric, value in metrics.items()
    ]


def main(run: str, command: str, other: str = "", word: str = "") -> None:
    """Copy the summary, and write the numbers."""
    rows = rows_of(Path(run), command)
    if other:
        rows += rows_of(Path(other), f"gaugecnn evaluate RUN {word}", f", {word}")
    copyfile(Path(run) / "summary.json", HERE / "summary.json")
    write_csv(HERE / "results.csv", rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
