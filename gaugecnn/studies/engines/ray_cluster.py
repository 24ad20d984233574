"""Ray, which says nothing of its own accord: a cluster that is there, or one for a study alone."""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ.update(  # Ray reads them when it is imported
    RAY_USAGE_STATS_ENABLED="0",
    RAY_DEDUP_LOGS_SKIP_REGEX=".",  # it shows the deaths of workers by no other switch
    RAY_ENABLE_UV_RUN_RUNTIME_ENV="0",  # under uv it would send the current folder to the cluster
)

import ray

from gaugecnn.errors import GaugecnnWarning, UserError

__all__ = ["connected", "has_gpus", "ray", "see_room"]

AUTO = "auto"
STORE = 100 * 2**20
"""Bytes of memory for what a Ray of our own hands around: lines of text."""
PATIENCE = 5.0
"""Seconds to wait for an address to answer: Ray itself waits for minutes."""


@contextmanager
def connected(address: str | None, search: list[str]) -> Iterator[None]:
    """Work with a Ray; one that was there before stays there.

    Args:
        address: ``auto`` for the cluster of this machine, or ``HOST:PORT``; None to start one.
        search: where its workers look for modules.

    Raises:
        UserError: there is no Ray at the address, or none that this one can work with.
    """
    if address not in (None, AUTO):
        _answers(str(address))
    own: dict[str, Any] = {"include_dashboard": False, "object_store_memory": STORE}
    try:
        ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(search)}},
            **(own if address is None else {}),
        )
    except (OSError, RuntimeError, ValueError) as error:
        told, *_ = f"{error}".strip().splitlines() or [type(error).__name__]
        asked = f"ray.address={address}" if address else "engine=ray"
        raise UserError(f"{asked}: no Ray to work with: {told}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _answers(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except OSError as error:
        raise UserError(f"ray.address={address}: no Ray answers there: {error}") from error


def has_gpus() -> bool:
    """Whether the Ray that is worked with has GPUs."""
    return ray.cluster_resources().get("GPU", 0) > 0


def see_room(cpus: int, gpus: float, own: bool) -> None:
    """See to it that some host can do a run at all: nothing would be done, and nothing said.

    Args:
        cpus: of a run.
        gpus: of a run.
        own: whether the Ray was started for the study: no further hosts will come.

    Raises:
        UserError: this machine is too small.

    Warns:
        GaugecnnWarning: no host of the cluster is large enough, so far.
    """
    hosts = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if any(host.get("CPU", 0) >= cpus and host.get("GPU", 0) >= gpus for host in hosts):
        return
    wanted = f"threads={cpus} and ray.gpus={gpus:g} for each run"
    largest = max((host.get("CPU", 0), host.get("GPU", 0)) for host in hosts)
    there = f"{largest[0]:g} CPUs and {largest[1]:g} GPUs"
    if own:
        raise UserError(f"{wanted}: this machine has {there}")
    warnings.warn(
        f"{wanted}: the largest host of the cluster has {there}; runs wait for a larger one",
        GaugecnnWarning,
        stacklevel=2,
    )
