"""`gaugecnn config` on words of every sort: it prints, or refuses in one line, without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from gaugecnn.config import available, config_folder
from gaugecnn.domain_registry import domain_kinds
from gaugecnn.plans import FieldPlan
from gaugecnn.registry import BUILT_IN
from gaugecnn.schema import Config
from gaugecnn.task_registry import plan_class, task_names
from gaugecnn.trainer_keys import ALLOWED, REFUSED
from gaugecnn.typed import leaves
from tests.cli.calls import call

SLOW_IMPORTS = ("torch", "torch_geometric", "lightning", "e3nn", "sympy", "scipy", "trimesh")
METHODS = {method.name: method for method in BUILT_IN}
FILES = config_folder() / "model"
MODELS = {name: OmegaConf.load(FILES / f"{name}.yaml") for name in available("model")}

GARBAGE = st.one_of(
    st.sampled_from(["", "nan", ".nan", ".inf", "1e99", "-1", "9" * 30, "9" * 5000, "null", "???"]),
    st.sampled_from(["[1,2", "@b", "{", "'", '"', "a: b", "- a", "!!python/name:x", "&a [*a]"]),
    st.sampled_from(["${x}", "${seed}", "${", "${oc.env:NO}", "\\${x}", "%", "!!set {a}", "[[8]]"]),
    st.sampled_from(["{1: 2}", "{[1]: 2}", "{a: [1, {d: 2}]}", "\udcff", "0x" + "f" * 4000, "[]"]),
    st.sampled_from(["[{channels: 3}]", "{channels: 3}", "{hidden: [8], dropout: 0.1}", "[8, 4]"]),
    st.text(max_size=12),
)
STRANGE_KEYS = st.one_of(
    st.sampled_from([f"trainer.{name}" for name in (*ALLOWED, *REFUSED)]),
    st.sampled_from(
        ["model", "task", "data", "train", "domain", "trainer", "model.", ".", "a[", ""]
    ),
    st.sampled_from(
        ["model.name", "model.method", "model.head", "data.seed.x", "seed[0]", "level"]
    ),
    st.text(max_size=12),
)


def plausible(kind: Any) -> st.SearchStrategy[str]:
    """Values as they are typed for a key of some type, in range or a little beyond it."""
    kinds = get_args(kind) or (kind,)
    if type(None) in kinds:
        others = [plausible(other) for other in kinds if other is not type(None)]
        return st.one_of(st.just("null"), *others)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    if kind is bool:
        return st.sampled_from(["true", "false"])
    if kind is int:
        return st.integers(0, 9).map(str)
    if kind is list:
        return st.sampled_from(["[]", "[8]", "[8, 4]", "8", "[0]"])
    if kind is float:
        return st.floats(0, 1.5).map(str)
    return st.sampled_from(
        ["runs/a", "[1,2", "${x}", "adam", "sgd", "a.b:c", "mnist", "yes", "012"]
    )


def keys_of(model: str, task: str) -> Mapping[str, Any]:
    """The keys that a model's configuration takes, with their types."""
    node = MODELS[model]
    method = METHODS[node.model.method]
    used = (*domain_kinds()[node.domain.kind].used, "kind")
    keys = {
        key: kind
        for key, kind in leaves(Config).items()
        if key not in ("model", "trainer", "task")
        and (not key.startswith("domain.") or key.removeprefix("domain.") in used)
    }
    keys |= {"model.in_channels": int}
    keys |= {f"model.{name}": kind for name, kind in method.options.items()}
    plan, names = f"model.{task}", leaves(method.stage)
    nodes = [f"{plan}.stages[{i}]" for i in range(len(node.model[task].stages) + 1)]
    keys |= {f"{node}.{name}": kind for node in nodes for name, kind in names.items()}
    keys |= {f"{plan}.residual": bool}
    keys |= {f"{plan}.head.dropout": float, f"{plan}.head.hidden": list}
    if plan_class(task) is FieldPlan:
        keys |= {f"{plan}.skip": bool, **{f"{plan}.project.{n}": k for n, k in names.items()}}
    return keys


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, list[str]]:
    """A model, a task and words for them; one call in two has a mistake on purpose."""
    model = draw(st.sampled_from(list(MODELS)))
    task = draw(st.sampled_from([task for task in task_names() if task in MODELS[model].model]))
    keys = keys_of(model, task)
    chosen = draw(st.lists(st.sampled_from(list(keys)), max_size=3, unique=True))
    words = [f"{key}={draw(plausible(keys[key]))}" for key in chosen]
    if draw(st.integers(0, 1)):
        mistake = st.one_of(
            st.builds("{}={}".format, STRANGE_KEYS, GARBAGE),
            st.builds("{}={}".format, st.sampled_from(list(keys)), GARBAGE),
            st.sampled_from(["task=tasks", "task=", "word", words[0] if words else "="]),
        )
        words.append(draw(mistake))
    return model, task, words


@settings(derandomize=True, deadline=None, max_examples=500)
@given(calls())
def test_it_prints_or_refuses_in_one_line(asked: tuple[str, str, list[str]]) -> None:
    model, task, words = asked
    result = call("config", "--", f"model={model}", f"task={task}", *words)
    assert result.exit_code in (0, 2), result.exception
    if result.exit_code == 2:
        assert result.stderr.startswith("gaugecnn: ")
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""
    else:
        assert result.stderr == ""
        printed = OmegaConf.create(result.stdout)
        assert (printed.model.name, printed.task) == (model, task)


@pytest.mark.parametrize("model", METHODS)
def test_it_waits_for_nothing_that_is_slow(model: str, tmp_path: Path) -> None:
    script = (
        "import atexit, json, sys, gaugecnn.cli as c;"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr));"
        f"sys.argv = ['gaugecnn', 'config', 'model={model}']; c.main()"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"name: {model}" in done.stdout
    assert not set(SLOW_IMPORTS) & set(json.loads(done.stderr))
