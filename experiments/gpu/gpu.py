"""What runs on a GPU, and how fast: in at most eight minutes, every number in ``results.csv``.

The conformance tests on the device, the two tables of costs, an epoch of each long recipe in
float32 and in bfloat16, and `torch.compile`. Each part has a process and a time of its own; what
fails or takes too long is a row too, and the exit code is 1.

    python experiments/gpu/gpu.py                        # `run.sh` makes the environment first
    python experiments/gpu/gpu.py --root DIR             # with MNIST from DIR
    python experiments/gpu/gpu.py --device cpu --quick   # the same on tiny sizes
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import Any

import torch
from recipes import RECIPES
from rich.console import Console
from rich.table import Table
from setting import HERE, ROOT, Setting

from gaugecnn.records.files import read_csv, write_csv
from gaugecnn.records.provenance import device_name

BUDGETS: dict[str, float] = {
    "conformance": 90,
    "gauge_cost": 40,
    "s2cnn_cost": 50,
    **{f"epoch:{model}": 40 for model in RECIPES},
    **{f"bf16:{model}": 30 for model in RECIPES},
    **{f"compile:{model}": 80 for model in RECIPES},
}
"""Seconds of each part in the order in which they run, eight minutes in all with the start of this
script; what one does not need the next ones may have.
"""
NAMES = list(RECIPES)
QUICK = {"epoch": NAMES[0], "bf16": NAMES[-1], "compile": NAMES[0]}
"""Where all is to be tiny one model is enough for each of these."""
BENCH_COLUMNS = ("batch", "threads")
LOG = "log.txt"
"""What the parts printed, beside the results."""
SHOWN = ("tests_passed", "tests_failed", "images_per_second", "latency_ms", "train_step_ms")


def run_part(part: str, setting: Setting, until: float, log: Path) -> str:
    """Run a part in its own process group until it ends or its time is up; why it failed, or ''."""
    words = [sys.executable, str(HERE / "parts.py"), part, "--device", setting.device.type]
    words += ["--seconds", str(setting.seconds), "--file", str(setting.file)]
    words += ["--quick"] * setting.quick
    words += ["--root", setting.root] if setting.root is not None else []
    paths = [str(ROOT), str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
        # what a part that is stopped has half compiled must not be found by anyone
        "TORCHINDUCTOR_CACHE_DIR": str(log.with_suffix("")),
    }
    with log.open("w") as file:
        process = subprocess.Popen(
            words, stdout=file, stderr=file, env={**os.environ, **own}, start_new_session=True
        )
        try:
            code = process.wait(max(0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return "out of time"
        finally:  # nothing of it goes on, whatever happened
            stop(process)
    if not code:
        return ""
    lines = [line.strip() for line in log.read_text().splitlines() if line.strip()]
    return f"exit code {code}: {shorten(lines[-1], 200) if lines else 'it said nothing'}"


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def measure(args: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], list[str]]:
    """Run the parts one after the other; all rows, and which parts failed."""
    device = torch.device(args.device)
    rows: list[dict[str, Any]] = []
    failed: list[str] = []
    until = time.monotonic()
    args.results.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, (args.results.parent / LOG).open("w") as whole_log:
        for i, part in enumerate(chosen(args)):
            until += BUDGETS[part]
            own = Setting(device, args.quick, args.root, BUDGETS[part], Path(folder) / f"{i}.csv")
            log = Path(folder) / f"{i}.log"
            start = time.monotonic()
            reason = run_part(part, own, until, log)
            took = time.monotonic() - start
            outcome = f"{part}: {took:.0f} s{f', FAILED: {reason}' if reason else ''}"
            console.print(outcome, markup=False)
            print(log.read_text(), f"== {outcome}", sep="", file=whole_log, flush=True)
            own.rows = read_csv(own.file)
            named = {"model": f"part {part}", "dtype": "-"}
            own.add(f"{BUDGETS[part]:g} s asked", "part_s", took, **named)
            if reason:
                failed.append(part)
                own.add(reason, "failed", 1, **named)
                console.print("\n".join(log.read_text().splitlines()[-15:]), markup=False)
            rows += [completed(row, args.commit) for row in own.rows]
            write_csv(args.results, rows)
    return rows, failed


def chosen(args: argparse.Namespace) -> list[str]:
    """The parts that are asked for, in their order."""
    names = [(part, *part.split(":")) for part in BUDGETS]
    return [
        part
        for part, name, *model in names
        if (not args.parts or name in args.parts)
        and not (args.quick and name in QUICK and model != [QUICK[name]])
    ]


def completed(row: dict[str, Any], commit: str | None) -> dict[str, Any]:
    """A row with every column: `benchmark` has two more than others."""
    full = {**row, **{name: row.get(name) or "-" for name in BENCH_COLUMNS}}
    return {**full, "commit": commit} if commit else full


def shown(rows: list[dict[str, Any]], title: str) -> Table:
    """The numbers that one asks for first."""
    table = Table("model", "on", "metric", "dtype", title=title, title_justify="left")
    table.add_column("value", justify="right")
    for row in rows:
        if row["metric"] in SHOWN:
            names = (row[key] for key in ("model", "test_condition", "metric", "dtype"))
            table.add_row(*names, f"{float(row['value']):.4g}")
    return table


def main() -> int:
    """Measure, write, print; 1 when a part failed, 2 where there is no such device."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"))
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to test this script")
    parser.add_argument("--root", help="folder of MNIST's files; without it the embedded digits")
    parser.add_argument("--results", type=Path, help="the table that is written")
    parser.add_argument("--commit", help="of the code, where the checkout has no history")
    names = sorted({part.partition(":")[0] for part in BUDGETS})
    parser.add_argument("--parts", nargs="+", choices=names, help="only these")
    args = parser.parse_args()
    console = Console(soft_wrap=True)
    if args.device == "cuda" and not torch.cuda.is_available():
        console.print(
            "torch finds no CUDA device here. bash experiments/gpu/run.sh --device cpu --quick "
            "runs the same on tiny sizes"
        )
        return 2
    if args.results is None:  # numbers of a CPU are no results of this experiment
        folder = HERE if args.device == "cuda" else ROOT / "runs" / "gpu"
        args.results = folder / "results.csv"
    rows, failed = measure(args, console)
    console.print(shown(rows, device_name(torch.device(args.device))))
    console.print(f"{len(rows)} numbers in {args.results}")
    if failed:
        console.print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
