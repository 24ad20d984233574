"""Every test can fail: it asserts something, or expects an error or a warning."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parent
EXPECTS = ("assert", "raises", "warns", "fails", "expect", "check", "refuse")
"""How the names of functions begin, or end, that look at something on behalf of a test."""


def called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def looks(test: ast.FunctionDef) -> bool:
    """Whether anything in a test can fail it, beside what it calls."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant | ast.Tuple):
            return True
        if isinstance(node, ast.Call):
            name = called(node)
            inherited = name == test.name  # of the class that it overrides
            if inherited or name.startswith(EXPECTS) or "assert" in name:
                return True
    return False


def blind(text: str) -> list[str]:
    """The names of the tests of a module that look at nothing."""
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [test.name for test in found if test.name.startswith("test_") and not looks(test)]


def test_every_test_looks_at_something():
    modules = [*TESTS.rglob("test_*.py"), *(TESTS.parent / "gaugecnn" / "testing").glob("*.py")]
    assert len(modules) > 100
    found = {path.name: blind(path.read_text()) for path in modules}
    assert {name: tests for name, tests in found.items() if tests} == {}


BLIND = """
def test_a():
    f(x)

def test_b():
    assert True

def test_c():
    assert (x, "said")
"""
SEEING = """
def test_d():
    assert x

def test_e():
    with pytest.raises(E):
        f()
"""


def test_a_test_that_looks_at_nothing_is_found():
    assert blind(BLIND) == ["test_a", "test_b", "test_c"]
    assert blind(SEEING) == []
