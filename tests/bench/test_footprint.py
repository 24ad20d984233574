"""Setup and memory, measured in fresh processes."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.bench import benchmark, footprint
from gaugecnn.errors import UserError
from tests.bench.networks import FOOTPRINT, SMALL

CPU = torch.device("cpu")


def test_footprint_of_fresh_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three processes share a cache folder that is empty at first and is gone at the end."""
    folders: list[tuple[Path, list[str]]] = []
    run = subprocess.run

    def recorded(*arguments: object, env: dict[str, str], **options: object) -> object:
        folder = Path(env["GAUGECNN_CACHE"])
        folders.append((folder, [path.name for path in folder.iterdir()]))
        (folder / f"process {len(folders)}").touch()
        return run(*arguments, env=env, **options)  # type: ignore[call-overload]

    monkeypatch.setenv("GAUGECNN_CACHE", "elsewhere")
    monkeypatch.setattr(subprocess, "run", recorded)
    held = torch.ones(1_500_000_000, dtype=torch.uint8)  # no part of what the processes hold
    config = load_config("cnn", "segmentation", ["domain.size=96"])
    found = footprint.footprint(config, 8, CPU)
    assert held.numel() > 1e6 * found["train_peak_memory_mb"]
    assert len({folder for folder, _ in folders}) == 1
    listings = [[name for name in names if name.startswith("process")] for _, names in folders]
    assert [len(names) for names in listings] == [0, 1, 2]
    assert folders[0][1] == []
    assert not folders[0][0].exists()
    assert set(found) == set(FOOTPRINT)
    assert 50 < found["baseline_memory_mb"] < found["peak_memory_mb"]
    assert found["peak_memory_mb"] + 20 < found["train_peak_memory_mb"]  # activations are kept
    assert found["setup_s"] > 0
    assert found["setup_warm_s"] > 0


def killed(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], -9, "", "")


def failed(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], 0, 'noise\n\n{"error": "no memory"}\n', "")


@pytest.mark.parametrize(
    ("run", "told"), [(killed, "was killed by signal 9; out of memory?"), (failed, "no memory")]
)
def test_a_process_that_ends_badly_is_told(
    run: object, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(UserError, match=f"{SMALL}: .*{told}".replace("?", r"\?")):
        benchmark([SMALL], repeats=1, device="cpu")


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
def test_peak_memory_is_the_most_ever_held() -> None:
    size = footprint.peak_bytes(CPU) + 10**8
    held = torch.ones(size, dtype=torch.uint8)
    del held
    assert footprint.peak_bytes(CPU) > size


def test_signals_repeat_and_training_steps_leave_gradients() -> None:
    network = build_model(load_config("cnn", "segmentation", ["domain.size=16"]))
    signal = footprint.random_signal(network, 2, 5, CPU)
    assert tuple(signal.shape) == (2, 1, 16, 16)
    assert torch.equal(signal, footprint.random_signal(network, 2, 5, CPU))
    assert not torch.equal(signal, footprint.random_signal(network, 2, 6, CPU))
    first = copy.deepcopy(network)
    footprint.training_step(first, signal)
    gradients = [p.grad.clone() for p in first.parameters() if p.grad is not None]
    assert any(gradient.abs().max() > 0 for gradient in gradients)
    first.load_state_dict(network.state_dict())
    footprint.training_step(first, signal)
    again = [p.grad for p in first.parameters() if p.grad is not None]
    for a, b in zip(gradients, again, strict=True):
        torch.testing.assert_close(a, b)  # cleared between, not summed
