"""Imports run downwards only: the house of DESIGN, read from the files."""

from __future__ import annotations

import ast
from pathlib import Path

import gaugecnn

PACKAGE = Path(gaugecnn.__file__).parent

FLOORS = [
    ("errors", "extras", "files", "lazy", "choices", "callables", "plugins", "shipped"),
    ("plans", "domain_options", "typed"),
    ("overrides", "trainer_keys", "renamed_keys"),
    ("disk_cache",),
    ("geometry",),
    ("surfaces", "domain_registry"),
    ("data",),
    ("claims", "layers", "heads"),
    ("networks",),
    ("figures",),
    ("tasks", "task_registry"),
    ("ops",),
    ("methods",),
    ("registry", "recipe"),
    ("exact_size", "schema"),
    ("config",),
    ("build_data",),
    ("build",),
    ("records",),
    ("training",),
    ("testing",),
    ("bench", "audit"),
    ("studies",),
    ("prediction",),
    ("showing",),
    ("report",),
    ("commands",),
    ("cli",),
    ("__main__", "__init__"),
]
LEVEL = {name: i for i, names in enumerate(FLOORS) for name in names}


def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
    }


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith("gaugecnn.")}


def floor(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def test_every_module_has_its_floor():
    assert {floor(name) for name in modules()} <= set(LEVEL)


def test_imports_run_downwards():
    upward = [
        f"{name} imports {target}"
        for name, path in modules().items()
        for target in imports(path)
        if LEVEL[floor(target)] > LEVEL[floor(name)]
    ]
    assert not upward


def test_methods_do_not_import_each_other():
    seen = set()
    for name, path in modules().items():
        parts = name.split(".")
        if parts[1:2] == ["methods"] and len(parts) > 3:
            seen.add(parts[2])
            others = [t for t in imports(path) if t.startswith("gaugecnn.methods.")]
            assert all(t.split(".")[2] == parts[2] for t in others), name
    assert seen == {"cnn", "gauge", "gcn", "p4", "s2cnn"}


def test_there_is_no_circle():
    graph = {name.removesuffix(".__init__"): imports(path) for name, path in modules().items()}
    graph.pop("gaugecnn")
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done or name not in graph:
            return
        for target in graph[name]:
            visit(target, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())


def test_files_stay_short():
    lengths = {name: len(path.read_text().splitlines()) for name, path in modules().items()}
    assert {name: n for name, n in lengths.items() if n > 300} == {}


def test_a_broken_import_would_be_found(tmp_path):
    file = tmp_path / "layers.py"
    file.write_text("from gaugecnn.cli import app\n")
    (target,) = imports(file)
    assert LEVEL[floor(target)] > LEVEL["layers"]
