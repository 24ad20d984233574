"""The long recipes on one device: an epoch in any precision, and what compiling does."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from recipes import EMBEDDED, RECIPES
from setting import Setting

from gaugecnn import build_model, load_config
from gaugecnn.bench import variants
from gaugecnn.bench.footprint import random_signal
from gaugecnn.bench.timing import interleave, median_ratio, quartiles, waiting
from gaugecnn.bench.variants import BFLOAT16, COMPILED, FLOAT32, NO_COMPILER, UnavailableError
from gaugecnn.training.run import train

ONE_EPOCH = ("train.epochs=1", "train.warmup=0")
WARM_UPS, WARM_UP_STEPS = 2, 20
"""Runs before the one that counts; the first of a process pays for what comes once."""
TESTED_BATCHES, STATISTICS_BATCHES = 32, 16
QUICK_BATCH, QUICK_STEPS = 4, 2
QUICK_MODEL = "cnn"
"""Compiled in place of a recipe where all is to be tiny."""


def epoch(model: str, setting: Setting, precision: str = "32-true") -> None:
    """Train for one epoch, or for as much of it as there is time for; images per second.

    Short runs find out beforehand how fast the device is; validation and tests are cut short.
    """
    words = [*RECIPES[model], *_data(setting), *ONE_EPOCH]
    words += [f"trainer.accelerator={setting.device.type}", "trainer.devices=1"]
    words += [f"trainer.precision={precision}"]
    words += [f"train.batch_size={QUICK_BATCH}"] * setting.quick
    config = load_config(model, overrides=words)
    batch = config.train.batch_size
    steps = QUICK_STEPS if setting.quick else WARM_UP_STEPS
    for _ in range(1 if setting.quick else WARM_UPS):
        found = _trained(model, words, steps, 1)
    whole = found["train_size"] * (config.data.copies or 1)
    if not setting.quick:
        speed = found["samples_per_second"]
        aside = (3 * TESTED_BATCHES + STATISTICS_BATCHES) * batch / speed
        left = setting.left - aside
        steps = max(WARM_UP_STEPS, min(math.ceil(whole / batch), int(0.8 * left * speed / batch)))
        found = _trained(model, words, steps, TESTED_BATCHES)
    run = [f"model={model}", *map(_public, words), f"trainer.limit_train_batches={steps}"]
    seen = f"{min(steps * batch, whole)} of the {whole} images of an epoch"
    condition = f"{config.data.name}, batch{batch}, {seen}"
    shared = {
        "model": model,
        "task": "classification",
        "train_rotation": "none",
        "train_size": found["train_size"],
        "parameters": found["parameters"],
        "train_seconds": found["train_seconds"],
        "dtype": precision,
        "command": " ".join(["gaugecnn train", *run]),
    }
    setting.add(condition, "images_per_second", found["samples_per_second"], **shared)
    for name, metrics in found["test"].items():
        setting.add(f"{name}; {condition}", "accuracy", metrics["accuracy"], **shared)
    if setting.device.type == "cuda":
        peak = torch.cuda.max_memory_allocated() / 1e6
        setting.add(condition, "train_peak_memory_mb", peak, **shared)


def _trained(model: str, words: Sequence[str], steps: int, tested: int) -> dict[str, Any]:
    """The summary of a run of so many steps."""
    limits = [f"trainer.limit_{part}_batches={tested}" for part in ("val", "test")]
    limits += [f"trainer.limit_train_batches={steps}"]
    with TemporaryDirectory() as folder:
        output = f"output={Path(folder) / 'run'}"
        return train(load_config(model, overrides=[*words, *limits, output]))


def _data(setting: Setting) -> tuple[str, ...]:
    if setting.root is not None:
        return "data.name=mnist", f"data.root={setting.root}"
    return EMBEDDED[:1] if setting.quick else EMBEDDED


def _public(word: str) -> str:
    """A word without the place where the data lie."""
    return "data.root=DIR" if word.startswith("data.root=") else word


def compiled(model: str, setting: Setting) -> None:
    """Latency in float32, in bfloat16 and compiled, and how far each is from float32."""
    batch, rounds = 32, 10
    if setting.quick:
        model, batch, rounds = QUICK_MODEL, 2, 1
        variants.BACKEND = "aot_eager"  # inductor takes a minute
    network = build_model(load_config(model)).to(setting.device).eval()
    signal = random_signal(network, batch, 0, setting.device)
    jobs, outputs, failed = {}, {}, ""
    for dtype in (FLOAT32, BFLOAT16, COMPILED):
        start = time.perf_counter()
        try:
            jobs[dtype], outputs[dtype] = variants.prepare(dtype, network, signal)
        except UnavailableError as error:
            print(f"{model}, {dtype}: {error}", flush=True)
            failed = failed if str(error) == NO_COMPILER else f"{dtype}: {error}"
            continue
        shared = {
            "model": model,
            "task": "classification",
            "parameters": sum(p.numel() for p in network.parameters()),
            "dtype": dtype,
            "command": f"{setting.command} --parts compile",
        }
        if dtype == COMPILED:
            setting.add(f"batch{batch}", "compile_s", time.perf_counter() - start, **shared)
        if dtype != FLOAT32:
            error = variants.output_error(outputs[dtype], outputs[FLOAT32])
            setting.add(f"batch{batch}", "output_error", error, **shared)
        # with float32 in the same rounds, so that what disturbs the machine falls on both
        pair = {FLOAT32: jobs[FLOAT32], dtype: jobs[dtype]}
        seconds = interleave(pair, rounds, waiting(setting.device), lambda _: None)
        setting.add(f"batch{batch}", "latency_ms", 1e3 * quartiles(seconds[dtype])[1], **shared)
        ratio = median_ratio(seconds[dtype], seconds[FLOAT32])
        setting.add(f"batch{batch}", "latency_ratio", ratio, **shared)
    if failed:
        raise RuntimeError(failed)
