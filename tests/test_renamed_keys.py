"""Options of stages with a new name: the old one is read for one version, and said once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from omegaconf import OmegaConf

from gaugecnn import build_model, load_config, load_run
from gaugecnn.config import override
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.plans import InvariantPlan, Stage
from gaugecnn.registry import BUILT_IN
from gaugecnn.renamed_keys import _say, with_new_names
from gaugecnn.training.run import train
from tests.cli.calls import call

STAGES = "model.classification.stages"
TINY = [
    *("domain.level=2", "data.train_size=16", "data.validation_size=8", "data.test_size=8"),
    *("train.epochs=1", "trainer.accelerator=cpu", "trainer.devices=1"),
]


@pytest.fixture(autouse=True)
def nothing_was_said():
    _say.cache_clear()


def test_an_old_key_means_the_new_one_and_is_said_once():
    words = [f"{STAGES}[{i}].max_phase=1" for i in (1, 3)] + [f"{STAGES}[3].degree=2"]
    with pytest.warns(GaugecnnWarning) as said:
        config = load_config("gauge", overrides=["domain.level=2", *words])
    network = build_model(config)  # where a warning would be an error
    assert [str(warning.message) for warning in said] == [
        f"{STAGES}[1].max_phase is called {STAGES}[1].max_frequency now, "
        f"{STAGES}[3].degree is called {STAGES}[3].accuracy now (1 more such keys); "
        "the next version knows the new name alone"
    ]
    assert [stage.max_frequency for stage in network.stages] == [2, 1, 2, 1]
    assert [stage.accuracy for stage in network.stages] == [3, 3, 3, 2]


def test_both_names_are_refused():
    words = [f"{STAGES}[1].max_phase=1", f"{STAGES}[1].max_frequency=1"]
    with pytest.raises(UserError, match=r"stages\[1\]\.max_phase is the old name of .* both are"):
        load_config("gauge", overrides=words)


def test_the_command_says_it_in_one_line(recwarn):
    result = call("config", "model=gauge", f"{STAGES}[0].max_phase=x")
    assert result.stderr == (
        f"gaugecnn: {STAGES}[0].max_frequency: expected a whole number, got 'x'\n"
    )


def test_a_run_with_old_keys_is_loaded(tmp_path):
    run, new = tmp_path / "run", f"{STAGES}[1].max_frequency=1"
    train(load_config("gauge", overrides=[*TINY, new, f"output={run}"]))
    text = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(text.replace("max_frequency", "max_phase"))
    with pytest.warns(GaugecnnWarning, match="max_frequency"):
        network = load_run(run)
    assert network.stages[1].max_frequency == 1
    again = override(OmegaConf.load(run / "config.yaml"), [])  # where a warning would be an error
    assert again.model.classification.stages[1].max_phase == 1  # as it was written


def test_any_stage_can_have_it():
    @dataclass(frozen=True)
    class Renamed(Stage):
        width: int = 1
        renamed: ClassVar = {"size": "width"}

    method = replace(BUILT_IN[0], stage_class=Renamed)
    node = {"stages": [{"channels": 1}, {"channels": 1, "size": 2}], "project": {"size": 3}}
    plan = method.read_plan("segmentation", node)
    assert (*plan.stages, plan.project) == (Renamed(1), Renamed(1, 2), Renamed(1, 3))
    assert method.old_names("segmentation", node) == {
        "model.segmentation.stages[1].size": "model.segmentation.stages[1].width",
        "model.segmentation.project.size": "model.segmentation.project.width",
    }
    for broken in ({"stages": 3}, {"stages": [1]}, 3):
        assert with_new_names(InvariantPlan, Renamed, broken, "") == (broken, {})
