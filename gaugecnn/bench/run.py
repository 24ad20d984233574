"""The benchmark itself: build, prepare, and time everything in one process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gaugecnn.bench.footprint import footprint, random_signal, training_step
from gaugecnn.bench.plan import Entry, Plan, make_plan
from gaugecnn.bench.progress import Tell, silent
from gaugecnn.bench.report import csv_rows
from gaugecnn.bench.results import Measured, Report
from gaugecnn.bench.timing import Job, interleave, reference_product, waiting
from gaugecnn.bench.variants import (
    BFLOAT16,
    COMPILED,
    FLOAT32,
    UnavailableError,
    first_line,
    output_error,
    prepare,
)
from gaugecnn.build import build_model
from gaugecnn.errors import UserError
from gaugecnn.networks import Network
from gaugecnn.records.provenance import commit, device_name

PRODUCT = (-1, "reference product")
"""The key of the matrix product among those of the models, ``(index, dtype)``."""
TRAINING = "training step"


def benchmark(models: Sequence[str], **options: Any) -> list[dict[str, Any]]:
    """Measure networks side by side; the rows of the results table, one number each.

    Args:
        models: names, or ``NAME:key=value+key=value``; ratios are to the first.
        options: task, batch, repeats, device, compile and overrides, as `make_plan` has them.

    Raises:
        UserError: something that cannot be measured; says which model.
    """
    return csv_rows(measure(make_plan(models, **options)))


def steps(plan: Plan) -> int:
    """How often `measure` tells what it does next."""
    return len(plan.entries) * (2 + len(_dtypes(plan))) + plan.repeats + plan.train_repeats


def _dtypes(plan: Plan) -> tuple[str, ...]:
    return (FLOAT32, BFLOAT16, *((COMPILED,) if plan.compile else ()))


def measure(plan: Plan, tell: Tell = silent) -> Report:
    """Measure what a plan says.

    Args:
        plan: the models and how they are measured.
        tell: is called with what is done next.

    Raises:
        UserError: a model cannot be built, run or trained; says which.
    """
    code = commit()  # of the code that runs, whatever is checked out when it ends
    subjects = [_built(entry, plan, tell) for entry in plan.entries]
    for subject in subjects:
        tell(f"{subject.name}: setup and memory in fresh processes")
        with _blamed(subject.name):
            subject.found.footprint = footprint(subject.entry.config, plan.batch, plan.device)
    latencies = _time_forward(subjects, plan, tell)
    trainings = _time_training(subjects, plan, tell)
    for i, subject in enumerate(subjects):
        subject.found.latency = {
            dtype: latencies[i, dtype] for dtype in _dtypes(plan) if (i, dtype) in latencies
        }
        subject.found.training = trainings.get((i, TRAINING), [])
    return Report(
        plan=plan,
        measured=[subject.found for subject in subjects],
        product=latencies[PRODUCT],
        train_product=trainings[PRODUCT],
        device=device_name(plan.device),
        threads=torch.get_num_threads(),
        commit=code,
    )


@dataclass
class _Subject:
    """A network on its device, a signal for it, and what has been found out."""

    entry: Entry
    network: Network
    signal: Tensor
    found: Measured

    @property
    def name(self) -> str:
        return self.entry.name


def _built(entry: Entry, plan: Plan, tell: Tell) -> _Subject:
    tell(f"{entry.name}: building")
    with _blamed(entry.name):
        network = build_model(entry.config).to(plan.device)
        signal = random_signal(network, plan.batch, entry.config.seed, plan.device)
    count = sum(p.numel() for p in network.parameters())
    return _Subject(entry, network, signal, Measured(entry, count))


def _time_forward(
    subjects: list[_Subject], plan: Plan, tell: Tell
) -> dict[tuple[int, str], list[float]]:
    """Seconds of forward passes by ``(model, dtype)``, and of the product; fills in errors."""
    jobs: dict[tuple[int, str], Job] = {}
    for i, subject in enumerate(subjects):
        subject.network.eval()
        outputs: dict[str, Tensor] = {}
        for dtype in _dtypes(plan):
            slow = ", which can take minutes" if dtype == COMPILED else ""
            tell(f"{subject.name}: warming up {dtype}{slow}")
            try:
                with _blamed(subject.name):
                    job, output = prepare(dtype, subject.network, subject.signal)
            except UnavailableError as error:
                subject.found.missing[dtype] = str(error)
                continue
            jobs[i, dtype] = partial(_run_blamed, subject.name, job)
            outputs[dtype] = output
            if dtype != FLOAT32:
                subject.found.output_error[dtype] = output_error(output, outputs[FLOAT32])
    return _rounds(jobs, "latency", plan.repeats, plan.device, tell)


def _time_training(
    subjects: list[_Subject], plan: Plan, tell: Tell
) -> dict[tuple[int, str], list[float]]:
    """Seconds of training steps by model, and of the product, in rounds of their own."""
    jobs: dict[tuple[int, str], Job] = {}
    for i, subject in enumerate(subjects):
        subject.network.train()
        step = partial(training_step, subject.network, subject.signal)
        job = partial(_run_blamed, subject.name, step)
        try:
            job()
        except UserError:
            raise
        except ValueError as error:  # batch norm refuses a batch of one
            subject.found.missing[TRAINING] = first_line(error)
            continue
        jobs[i, TRAINING] = job
    return _rounds(jobs, TRAINING, plan.train_repeats, plan.device, tell)


def _rounds(
    jobs: dict[tuple[int, str], Job], what: str, rounds: int, device: torch.device, tell: Tell
) -> dict[tuple[int, str], list[float]]:
    """Seconds of the jobs, and of the product, which takes its turn among them."""
    return interleave(
        {**jobs, PRODUCT: reference_product(device)},
        rounds,
        waiting(device),
        lambda i: tell(f"{what}: round {i} of {rounds}"),
    )


def _run_blamed(name: str, job: Job) -> object:
    with _blamed(name):
        return job()


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    """Errors say which model they are about: a wrong plan, no memory left."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
    except (RuntimeError, MemoryError) as error:
        raise UserError(f"{name}: {first_line(error)}") from error
