"""A pytest plugin: the conformance tests as they are, on another device.

    python -m pytest tests/test_conformance.py -p on_device --on-device cuda

Networks are moved as soon as they are built, signals as soon as they are drawn, and autocast is
that of the device; convolutions are in float32, without TF32, because bounds are of float32.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

COMPARES_DEVICES = "test_gpu_agrees"
"""It moves its network by itself."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--on-device", default="cpu", help="where the networks are tested")


@pytest.fixture(autouse=True)
def _on_device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    from gaugecnn import build_model
    from gaugecnn.testing import symmetry_checks

    device = torch.device(request.config.getoption("--on-device"))
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    if request.node.name.startswith(COMPARES_DEVICES):
        return
    draw, autocast = symmetry_checks.patches, torch.autocast

    def built(*arguments: Any) -> Any:
        return build_model(*arguments).to(device)

    def patches(model: Any, dtype: torch.dtype, count: int = 2) -> torch.Tensor:
        domain = model.domain
        here = SimpleNamespace(
            points=domain.points.cpu(), areas=domain.areas.cpu(), shape=domain.shape
        )
        return draw(SimpleNamespace(domain=here, family=model.family), dtype, count).to(device)

    measuring = [m for name, m in sys.modules.items() if name.startswith("gaugecnn.testing.")]
    for module in (*measuring, request.module):
        for name, function in (("build_model", built), ("patches", patches)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, function)
    if "test_autocast" in request.node.name:
        monkeypatch.setattr(torch, "autocast", lambda _, **how: autocast(device.type, **how))
