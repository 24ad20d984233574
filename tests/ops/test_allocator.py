"""Freed memory is kept: a tensor that comes and goes faults its pages in once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gaugecnn.ops.allocator import keep_freed_memory

COUNT = """
import resource, sys, torch
from gaugecnn.ops.allocator import keep_freed_memory
if sys.argv[1] == "keep" and not keep_freed_memory():
    sys.exit(9)
def work():
    blocks = [torch.ones(10_000_000) for _ in range(5)]  # 40 MB each
for _ in range(4):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    run = subprocess.run([sys.executable, "-c", COUNT, how], capture_output=True, text=True)
    if run.returncode == 9:
        pytest.skip("another allocator")
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux's")
def test_pages_stay() -> None:
    returned = faults("return")
    if returned == 0:
        pytest.skip("a system that counts no page faults")  # some sandboxes
    assert faults("keep") < returned / 10


def test_asking_again_changes_nothing() -> None:
    assert keep_freed_memory() is keep_freed_memory()
