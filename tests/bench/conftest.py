from __future__ import annotations

import pytest

from gaugecnn.bench import variants
from tests.bench.networks import FOOTPRINT


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Footprints are made up: the processes have tests of their own."""
    monkeypatch.setattr("gaugecnn.bench.run.footprint", lambda *_: dict(FOOTPRINT))


@pytest.fixture
def compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trace as for inductor, without generating code, which takes minutes."""
    monkeypatch.setattr(variants, "BACKEND", "eager")
    monkeypatch.setattr(variants, "missing_compiler", lambda device: None)
