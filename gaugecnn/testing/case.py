"""What the tests of a method are about: which networks, of which plan, and what they respect."""

from __future__ import annotations

import pytest
import torch
from omegaconf import DictConfig

from gaugecnn import build_model, load_config
from gaugecnn.networks import Network
from gaugecnn.task_registry import BUILT_IN, OF_NUMBERS, plan_like
from gaugecnn.testing.symmetry_checks import randomise


class Case:
    """The networks of one method, which a subclass names.

    Attributes:
        model: a name of ``configs/model``, or the path of a YAML file.
        overrides: ``key=value``, which make it small.
        tasks: those that the file has a plan for, ``classification``, ``segmentation`` or both.
        symmetric: whether the method has exact symmetries. One that has none says so here, and it
            is then tested that it violates those of its domain.
    """

    model: str
    overrides: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ("classification", "segmentation")
    symmetric: bool = True

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """The tasks of each test: those of the file for ``config``, all that follow for others."""
        follow = [name for name in BUILT_IN if plan_like(name) in self.tasks]
        if "config" in metafunc.fixturenames:
            metafunc.parametrize("config", self.tasks, indirect=True)
        if "own_task" in metafunc.fixturenames:
            metafunc.parametrize("own_task", follow)
        if "number_task" in metafunc.fixturenames:
            metafunc.parametrize("number_task", [name for name in follow if name in OF_NUMBERS])

    @pytest.fixture(autouse=True)
    def _seeded(self) -> None:
        torch.manual_seed(0)

    @pytest.fixture
    def config(self, request: pytest.FixtureRequest) -> DictConfig:
        """The configuration of a task."""
        return load_config(self.model, request.param, self.overrides)

    @pytest.fixture
    def network(self, config: DictConfig) -> Network:
        """The network of a task, in evaluation, none of its numbers neutral."""
        return randomise(build_model(config))
