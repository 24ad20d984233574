import os
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    # pytest-xdist runs one process per core
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _tables_of_this_session(tmp_path_factory):
    """Wigner tables are kept for the session, not among the caches of who runs the tests."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # shared by the workers
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAUGECNN_CACHE", str(folder / "cache"))
        yield


@pytest.fixture
def example(monkeypatch):
    """An example as a module."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "examples"))
    yield import_module
    for name in [n for n in sys.modules if n.startswith("own_")]:
        del sys.modules[name]
