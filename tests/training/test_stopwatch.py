"""What counts as seconds of training."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from gaugecnn.training import progress


def test_rendering_counts_and_validation_does_not(monkeypatch):
    now = {"time": 0.0}
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now["time"])
    watch, batch = progress.Stopwatch(), SimpleNamespace(signal=torch.zeros(4))

    def wait(seconds: float) -> None:
        now["time"] += seconds

    for _ in range(2):
        wait(100)  # between epochs
        watch.on_train_epoch_start()
        for _ in range(3):
            wait(1)  # the batch is rendered
            wait(2)  # the step
            watch.on_train_batch_end(None, None, None, batch, 0)
        wait(50)
        watch.on_validation_end()
        wait(3)
        watch.on_train_batch_end(None, None, None, batch, 0)  # an epoch validated half-way
    assert watch.seconds == 2 * (3 * 3 + 3)
    assert watch.samples == 2 * 4 * 4
    again = progress.Stopwatch()
    again.load_state_dict(watch.state_dict())
    assert (again.seconds, again.samples) == (watch.seconds, watch.samples)
