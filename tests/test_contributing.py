"""What contributors are told holds: files that are there, tests that are found, hooks that run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
TABLE = TEXT.partition("## What to run")[2].partition("\n## ")[0]
ROWS = [line.split("|")[1:-1] for line in TABLE.splitlines() if line.startswith("| `")]


def load(path: str):
    return yaml.safe_load((ROOT / path).read_text())


def test_every_path_that_is_named_is_there():
    named = set(
        re.findall(r"`((?:gaugecnn|tests|experiments|examples|meshes|configs)/[\w/.]*)", TEXT)
    )
    named |= {target for target in re.findall(r"\]\(([\w/.]+)\)", TEXT)}
    named |= {path for row in ROWS for path in re.findall(r"tests/[\w/.]+", row[1])}
    assert len(named) > 20
    for path in named:
        assert (ROOT / path).exists() or "NAME" in path, path


def test_every_part_of_the_package_has_a_row():
    where = " ".join(row[0] for row in ROWS)
    parts = {path.parent.name for path in (ROOT / "gaugecnn").glob("*/__init__.py")}
    assert {part for part in parts if f"`gaugecnn/{part}/`" not in where} == set()


def test_every_experiment_is_measured_again_for_something():
    named = " ".join(row[3] for row in ROWS)
    experiments = {path.parent.name for path in (ROOT / "experiments").glob("*/results.csv")}
    elsewhere = {"gpu", "s2cnn_mnist", "gauge_mnist"}  # `make gpu`; hours of training
    assert {name for name in experiments - elsewhere if name not in named} == set()


def test_there_are_ten_conventions():
    lines = TEXT.partition("## Conventions in ten lines")[2].partition("\n## ")[0]
    assert re.findall(r"^(\d+)\. ", lines, re.MULTILINE) == [str(i) for i in range(1, 11)]


def test_hooks_use_the_tools_of_the_environment():
    (repository,) = load(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    tools = " ".join(project["optional-dependencies"]["dev"])
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        program = hook["entry"].split()[0]
        assert program.startswith(".venv/bin/")
        assert Path(program).name in tools
    assert {hook["id"] for hook in repository["hooks"]} == {"ruff", "ruff-format", "mypy"}


def test_ci_runs_what_make_check_runs():
    job = load(".github/workflows/ci.yml")["jobs"]["check"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert job["steps"][-1] == {"run": "make check"}
    assert "\ncheck:" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("name", ["bug_report", "question"])
def test_issue_forms_are_whole(name):
    form = load(f".github/ISSUE_TEMPLATE/{name}.yml")
    assert {"name", "description", "body"} <= set(form)
    fields = {part["id"]: part for part in form["body"]}
    wanted = {"bug_report": {"command", "config", "versions"}, "question": {"aim"}}[name]
    assert all(fields[key]["validations"]["required"] for key in wanted)
