"""Setup time and peak memory of one network, each in a process of its own.

Three fresh processes per network, after torch and gaugecnn have been imported:

1. ``build_model`` with an empty cache folder (`setup_s`);
2. ``build_model`` with the folder as the first left it (`setup_warm_s`), then one forward pass in
   evaluation mode (`peak_memory_mb`);
3. ``build_model`` from the same folder and one training step (`train_peak_memory_mb`).

On a CPU, memory is the largest resident size of the *whole process* since its start: torch and
every library are in it, and so is the building of the network, whose own peak may be the highest.
`baseline_memory_mb` is the same just before the network is built, to be subtracted. On CUDA it is
what torch allocated for tensors on the device. One MB is 10^6 bytes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from gaugecnn.bench.variants import first_line
from gaugecnn.build import build_model
from gaugecnn.config import override
from gaugecnn.errors import UserError
from gaugecnn.networks import Network

CACHE = "GAUGECNN_CACHE"
"""The environment variable that names the folder of cached tables."""
MB = 1e6
SCRIPT = "from gaugecnn.bench.footprint import worker; worker()"


def footprint(config: DictConfig, batch: int, device: torch.device) -> dict[str, float]:
    """Setup seconds and peak memory by metric; without training where that is impossible.

    Raises:
        UserError: a process failed or was killed; says how.
    """
    request = {
        "config": OmegaConf.to_yaml(config),
        "batch": batch,
        "device": device.type,
        "threads": torch.get_num_threads(),
    }
    with TemporaryDirectory(prefix="gaugecnn-bench-") as cache:
        cold = _ask({**request, "work": "build"}, cache)
        warm = _ask({**request, "work": "forward"}, cache)
        trained = _ask({**request, "work": "train"}, cache)
    found = {
        "setup_s": cold["setup"],
        "setup_warm_s": warm["setup"],
        "baseline_memory_mb": warm["baseline"],
        "peak_memory_mb": warm["peak"],
    }
    if "peak" in trained:
        found["train_peak_memory_mb"] = trained["peak"]
    return found


def random_signal(network: Network, batch: int, seed: int, device: torch.device) -> Tensor:
    """A signal ``(batch, channel, *domain.shape)`` of values in [0, 1), the same for a seed."""
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, network.family.in_channels, *network.domain.shape)
    return torch.rand(shape, generator=generator).to(device)


def training_step(network: Network, signal: Tensor) -> None:
    """Clear the gradients, forward, mean square of the logits, backward; no optimiser."""
    network.zero_grad(set_to_none=True)
    network(signal).square().mean().backward()


def peak_bytes(device: torch.device) -> int:
    """The most memory that this process has held so far.

    Linux hands ``ru_maxrss`` of the parent on to a child, so that its own file is read there.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource  # absent on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def worker() -> None:
    """One of the processes: a request on stdin, its answer as the last line on stdout."""
    request = json.load(sys.stdin)
    torch.set_num_threads(request["threads"])
    try:
        answer = _work(request)
    except UserError as error:
        answer = {"error": str(error)}
    except (RuntimeError, MemoryError) as error:
        answer = {"error": first_line(error)}
    print(f"\n{json.dumps(answer)}")


def _work(request: dict[str, Any]) -> dict[str, Any]:
    config = override(OmegaConf.create(request["config"]), [])
    device = torch.device(request["device"])
    if device.type == "cuda":
        torch.cuda.init()
    found = {"baseline": peak_bytes(device) / MB}
    start = time.perf_counter()
    network = build_model(config)
    found["setup"] = time.perf_counter() - start
    if request["work"] == "build":
        return found
    network = network.to(device)
    signal = random_signal(network, request["batch"], config.seed, device)
    if request["work"] == "forward":
        with torch.inference_mode():
            network.eval()(signal)
    else:
        try:
            training_step(network.train(), signal)
        except ValueError:  # batch norm refuses a batch of one; the timing says so
            return found
    found["peak"] = peak_bytes(device) / MB
    return found


def _ask(request: dict[str, Any], cache: str) -> dict[str, Any]:
    """The answer of a fresh process whose cache folder is this one."""
    environment = {**os.environ, CACHE: cache, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(request),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode < 0:
        raise UserError(f"its process was killed by signal {-done.returncode}; out of memory?")
    if done.returncode > 0:
        raise RuntimeError(f"the process that measures memory failed:\n{done.stderr}")
    answer = json.loads(done.stdout.splitlines()[-1])
    if "error" in answer:
        raise UserError(answer["error"])
    return answer
