"""A method of another package proves itself with one subclass, and its mistakes are found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.installed import write_down

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"

VARIANTS = {
    "around": {},
    "cut": {
        "x = torch.cat([x[..., columns - w :], x, x[..., :w]], dim=-1)": (
            "x = nn.functional.pad(x, (w, w))"
        )
    },
    "deaf": {"across = x.roll": "across = x.detach().roll"},
}
"""What is changed in the example: nothing, how a map goes on at its sides, a gradient."""

SYMMETRIES = {
    "test_exact_symmetries",
    "test_every_block_changes_as_its_type_says",
    "test_gradients_change_with_the_signal",
    "test_own_data_leave_the_symmetries",
}
FOUND_BY = {
    "around": set(),
    "cut": SYMMETRIES,
    "deaf": {"test_gradients_are_those_of_finite_differences"},
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """For each variant, a package of its own, the tests that ran and those that failed."""
    site = tmp_path_factory.mktemp("site")
    source = (EXAMPLES / "own_padding.py").read_text()
    for name, changes in VARIANTS.items():
        text = source.replace('Method("around"', f'Method("{name}"')
        for old, new in changes.items():
            assert text.count(old) == 1
            text = text.replace(old, new)
        module = f"of_{name}"
        (site / f"{module}.py").write_text(text)
        plan = (EXAMPLES / "own_padding.yaml").read_text()
        (site / f"{module}.yaml").write_text(plan.replace("method: around", f"method: {name}"))
        test = (EXAMPLES / "test_own_padding.py").read_text()
        (site / f"test_{module}.py").write_text(test.replace("own_padding.yaml", f"{module}.yaml"))
        write_down(site, f"package-{name}", {"gaugecnn.methods": {name: f"{module}:AROUND"}})
    path = os.pathsep.join([str(site), str(ROOT)])
    modules = [f"test_of_{name}" for name in VARIANTS]
    chosen = "not compiles and (of_around or not (segmentation or field_regression))"
    words = ["-q", "-p", "no:cacheprovider", "-k", chosen, "--junitxml=tests.xml"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--pyargs", *modules],
        cwd=site,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr  # some tests failed, and nothing else
    found = {name: {"ran": set(), "failed": set()} for name in VARIANTS}
    for case in ElementTree.parse(site / "tests.xml").iter("testcase"):
        name = case.attrib["classname"].split(".")[0].removeprefix("test_of_")
        test = case.attrib["name"].partition("[")[0]
        found[name]["ran"].add(test)
        if case.find("failure") is not None or case.find("error") is not None:
            found[name]["failed"].add(test)
    return found


@pytest.mark.parametrize("name", VARIANTS)
def test_each_mistake_is_found_by_the_tests_that_are_there_for_it(outcomes, name):
    assert outcomes[name]["failed"] == FOUND_BY[name]
    assert len(outcomes[name]["ran"]) > 15
    assert outcomes[name]["ran"] == outcomes["around"]["ran"]
