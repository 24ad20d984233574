"""The table of logarithms and distances: solved once, kept on disk, asked in three ways."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gaugecnn.errors import UserError
from gaugecnn.geometry import heat as heat_module
from gaugecnn.geometry.heat import maps
from gaugecnn.geometry.mesh_tangent import MeshTangent
from gaugecnn.surfaces import Icosphere


@pytest.fixture
def small():
    """A mesh that is solved in a moment: its title, vertices and faces."""
    surface = Icosphere(2).surface
    return "egg", surface.vertices * [1, 1, 1.1], surface.faces


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("GAUGECNN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_table_is_solved_once_and_read_back(small, folder, monkeypatch):
    target, source = np.divmod(np.arange(162**2), 162)
    first = MeshTangent(*small)
    expected = first.logarithms(target, source), first.transport(target, source)
    assert len(files_in(folder / "logarithms")) == 1

    def fail(*_):
        raise AssertionError("solved again")

    monkeypatch.setattr(heat_module, "maps", fail)
    title, vertices, faces = small
    near = first.within(target[::162], target[::162], 1.0)  # not beyond the table
    for again in (MeshTangent(*small), MeshTangent("another name", vertices.copy(), faces.copy())):
        np.testing.assert_array_equal(again.within(target[::162], target[::162], 1.0), near)
        p, q = target[::162][near[0]], target[::162][near[1]]
        np.testing.assert_array_equal(again.logarithms(p, q), np.array(expected[0])[:, p * 162 + q])
        np.testing.assert_array_equal(again.transport(p, q), expected[1][p * 162 + q])
    for other in ((vertices * (1 + 1e-15), faces), (vertices, np.roll(faces, 1, axis=1))):
        with pytest.raises(AssertionError, match="solved again"):
            MeshTangent(title, *other).injectivity_radii().min()
    assert len(files_in(folder)) == 1


def test_several_processes_solve_the_same(small, monkeypatch):
    sources = np.arange(0, 162, 2)
    alone = maps(*small, sources, 1.0)
    monkeypatch.setattr(heat_module, "FEW", 40)
    monkeypatch.setattr(heat_module, "_cores", lambda: 3)
    monkeypatch.setattr(heat_module.heat_worker, "solve", None)  # not in this process
    together = maps(*small, sources, 1.0)
    np.testing.assert_array_equal(alone[:2], together[:2])
    np.testing.assert_allclose(alone[2:], together[2:], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("raise ValueError('it is\\nout of sorts')", "out of sorts"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "the solver ended with -11"),
        ("import sys; print(16, flush=True); sys.exit('enough')", "enough"),
    ],
    ids=["raises", "crashes", "stops"],
)
def test_a_worker_that_fails_is_an_error_of_the_mesh(
    small, folder, tmp_path, monkeypatch, program, message
):
    (tmp_path / "worker.py").write_text(program)
    monkeypatch.setattr(heat_module, "FEW", 80)
    monkeypatch.setattr(heat_module.heat_worker, "__file__", str(tmp_path / "worker.py"))
    with pytest.raises(UserError, match=rf"^egg: geodesics could not be computed: .*{message}$"):
        MeshTangent(*small).injectivity_radii().min()
    assert files_in(folder) == []


@pytest.mark.parametrize(
    "text",
    [
        "factorization failed",
        "",
    ],
    ids=["with words", "without"],
)
def test_a_solver_that_fails_is_an_error_of_the_mesh(small, folder, monkeypatch, text):
    def fail(*_):
        raise RuntimeError(text)

    monkeypatch.setattr(heat_module.heat_worker, "solve", fail)
    with pytest.raises(UserError, match=f"^egg: geodesics could not be computed: {text}"):
        MeshTangent(*small).injectivity_radii().min()
    assert files_in(folder) == []


def test_distances_that_are_not_finite_are_an_error_of_the_mesh(small, folder, monkeypatch):
    found = np.array([[3, 3, 7], [1, 2, 1], [math.nan, 1, math.inf], [0, 0, 0]])
    monkeypatch.setattr(heat_module.heat_worker, "solve", lambda *_: found)
    with pytest.raises(UserError, match=r"^egg: geodesics of 2 vertices .* first: \[3, 7\]"):
        MeshTangent(*small).injectivity_radii().min()
    assert files_in(folder) == []


@pytest.mark.parametrize("short", [False, True], ids=["table", "beyond the table"])
def test_the_three_ways_to_ask_agree(small, folder, monkeypatch, short):
    random = np.random.default_rng(2).permutation(162)
    few, others = random[:20], random[100:140]
    chosen = ((few, random), (few, few), (few, others), (random, few))
    cases = [(*both, radius) for both in chosen for radius in (0.0, 0.2, 0.7, 1.5)]
    whole = MeshTangent(*small)
    expected = [whole.within(*case) for case in cases]
    logarithms = [
        whole.logarithms(targets[row], sources[column])
        for (targets, sources, _), (row, column) in zip(cases, expected, strict=True)
    ]
    if short:
        monkeypatch.setattr(heat_module, "ENTRIES", 500)
    tangent = MeshTangent(*small)
    assert (tangent.table.reach < 0.3) == short
    for (targets, sources, radius), pair, values in zip(cases, expected, logarithms, strict=True):
        row, column = tangent.within(targets, sources, radius)
        np.testing.assert_array_equal(np.lexsort([column, row]), np.arange(len(row)))
        np.testing.assert_array_equal((row, column), pair)
        p, q = targets[row], sources[column]
        own = p == q
        found = np.array(tangent.logarithms(p, q))
        np.testing.assert_allclose(found, values, atol=1e-12)
        np.testing.assert_array_equal(found[:, own], 0)
        assert own.sum() == len(np.intersect1d(targets, sources))
        np.testing.assert_array_equal(tangent.transport(p, q)[own], 0)
        if short:  # what is not kept is not made symmetric
            continue
        r, theta = tangent.logarithms_from(targets, radius)
        assert r.shape == theta.shape == (len(targets), 162)
        near = (r[:, sources] <= radius) & np.isfinite(theta[:, sources])
        np.testing.assert_array_equal(np.nonzero(near), (row, column))
        np.testing.assert_allclose(found, (r[row, q], theta[row, q]), atol=1e-12)


def test_pairs_beyond_the_table_are_listed_once(small):
    tangent = MeshTangent(*small)
    p, q = tangent.within(np.arange(9), np.arange(162), tangent.table.reach + 0.1)
    assert len(p) == len(np.unique(p * 162 + q))
