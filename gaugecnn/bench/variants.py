"""Ways to run a network forward: float32, bfloat16 autocast, and compiled.

Each is prepared once, its output compared with float32's. What cannot run here says why, and has
no numbers.
"""

from __future__ import annotations

import copy
import importlib.util
import shutil
import warnings
from collections.abc import Callable
from textwrap import shorten

import torch
import torch._dynamo
import torch._inductor.config
from torch import Tensor

from gaugecnn.networks import Network

FLOAT32, BFLOAT16, COMPILED = "float32", "bfloat16", "float32 compiled"
BACKEND = "inductor"
NO_COMPILER = "no compiler"
RECOMPILATIONS = 256
"""Dynamo gives up silently after 8 per forward method, which the networks share."""


class UnavailableError(Exception):
    """A way of running is not to be had on this machine, or for this network."""


def prepare(dtype: str, network: Network, signal: Tensor) -> tuple[Callable[[], Tensor], Tensor]:
    """A function that runs a network forward, and what it gave when it was tried.

    Args:
        dtype: `FLOAT32`, `BFLOAT16` or `COMPILED`.
        network: in evaluation mode.
        signal: what it is run on.

    Raises:
        UnavailableError: the variant does not run, and why. Errors of float32 pass as they are.
    """
    if dtype == FLOAT32:
        forward: Callable[[], Tensor] = lambda: network(signal)  # noqa: E731
    elif dtype == BFLOAT16:
        forward = _autocast(network, signal)
    else:
        forward = _compiled(network, signal)
    job = torch.inference_mode()(forward)
    if dtype == FLOAT32:
        return job, job()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # inductor's advice on how to be faster
            return job, job()
    except Exception as error:  # of any library below; the other variants are measured still
        raise UnavailableError(first_line(error)) from error


def output_error(output: Tensor, expected: Tensor) -> float:
    """``max |output - expected| / max |expected|``."""
    difference = (output.float() - expected).abs().max()
    return float(difference / expected.abs().max())


def first_line(error: BaseException) -> str:
    """What an error says, in a line; its class where it says nothing."""
    said = str(error).strip().splitlines()
    return shorten(said[0], 200) if said else type(error).__name__


def missing_compiler(device: torch.device) -> str | None:
    """Why inductor cannot compile for a device, or None where it can."""
    if device.type == "cuda":
        return None if importlib.util.find_spec("triton") else NO_COMPILER
    names = [name for name in torch._inductor.config.cpp.cxx if name]  # the configured CXX
    return None if any(shutil.which(name) for name in names) else NO_COMPILER


def _autocast(network: Network, signal: Tensor) -> Callable[[], Tensor]:
    def forward() -> Tensor:
        with torch.autocast(signal.device.type, torch.bfloat16):
            return network(signal)

    return forward


def _compiled(network: Network, signal: Tensor) -> Callable[[], Tensor]:
    """A compiled copy: running it must not touch what the layers of the network itself keep."""
    reason = missing_compiler(signal.device)
    if reason is not None:
        raise UnavailableError(reason)
    shared = {id(t): t for t in (*network.parameters(), *network.buffers())}
    compiled = torch.compile(copy.deepcopy(network, shared), backend=BACKEND)
    # around every call: with several networks, layers were compiled after the first one as well
    forward: Callable[[], Tensor] = torch._dynamo.config.patch(recompile_limit=RECOMPILATIONS)(
        lambda: compiled(signal)
    )
    return forward
