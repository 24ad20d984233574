"""The sizes at which a plan of p4 is exact, and `domain.size=auto`, which takes the nearest."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.choices import ChartKind
from gaugecnn.domain_options import DomainSection
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.exact_size import exact_size
from gaugecnn.methods.p4 import P4Family, P4Options, P4Stage
from gaugecnn.plans import InvariantPlan
from gaugecnn.surfaces.chart import PlaneChart
from gaugecnn.testing.symmetry_checks import measured, randomise, violation

PLAIN, POOL = P4Stage(channels=2, padding=1), P4Stage(channels=2, padding=1, pool=2)


def test_reasons_name_the_window_the_rows_and_what_would_do():
    assert POOL.reasons(28) == []
    assert POOL.reasons(27) == ["max_pool 2x2 on 27 rows drops the last row: use 28, or pad"]
    assert P4Stage(channels=2, kernel=3, padding=1, stride=4).reasons(28) == [
        "convolution 3x3 in steps of 4 on 28 rows drops the last 3 rows of 30 with the padding: "
        "use 29, or pad"
    ]
    both = P4Stage(channels=2, kernel=2, stride=2, pool=2)
    assert [reason.split()[0] for reason in both.reasons(15)] == ["max_pool", "convolution"]
    assert P4Stage(channels=2, stride=2, up=True).reasons(27) == []


def test_the_warning_says_what_to_do():
    with pytest.warns(GaugecnnWarning, match=r"on 9 rows drops.*domain.size=auto.*equivariant"):
        P4Family(PlaneChart(9)).lift(POOL)


def test_a_network_knows_the_sizes_at_which_it_is_exact():
    """Each size is built: exact where it says so, and nowhere else."""
    config = load_config("p4_25k", overrides=["domain.chart=plane"])
    network = build_model(config)
    sizes = network.family.exact_sizes(network.stages, 31)
    assert sizes == list(range(8, 31, 2))
    for size in range(8, 15):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            config = load_config("p4_25k", overrides=["domain.chart=plane", f"domain.size={size}"])
            model = build_model(config)
        assert bool(caught) == (size not in sizes) == (model.exact_symmetries == [])
        model = measured(randomise(model)).double()
        error = violation(model, model, model.domain.symmetries()[0], torch.float64)
        assert error <= 1e-10 if size in sizes else error > 1e-3
    with pytest.raises(UserError, match="at least 4 pixels for kernel 4"):
        build_model(load_config("p4_25k", overrides=["domain.size=6"]))
    chosen = P4Family(PlaneChart(28), subsampling="equivariant")
    assert chosen.exact_sizes(network.stages, 12) == [8, 9, 10, 11, 12]


@pytest.mark.parametrize(
    ("model", "task", "words", "size"),
    [
        ("p4_25k", "classification", [], 28),
        ("p4_25k", "classification", ["model.classification.stages[2].pool=3"], 27),
        ("p4_25k", "classification", ["model.classification.stages[3].pool=4"], 32),
        ("p4_25k", "classification", ["domain.chart=plane", "model.group=p4m"], 28),
        ("p4", "classification", ["model.classification.stages[1].pool=3"], 42),
        ("p4", "segmentation", [], 40),
    ],
)
def test_auto_is_the_nearest_exact_size(model, task, words, size):
    config = load_config(model, task, ["domain.size=auto", *words])
    assert config.domain.size == size
    assert load_config(model, task, [f"domain.size={size}", *words]) == config
    network = build_model(config)
    assert network.domain.size == size
    assert network.exact_symmetries
    sizes = network.family.exact_sizes(network.stages, 2 * size)
    own = load_config(model, task).domain.size
    assert min(abs(other - own) for other in sizes) == abs(size - own)


def test_of_two_sizes_as_near_it_is_the_larger():
    model = {"method": "p4", "classification": {"stages": [{"channels": 2, "pool": 2}]}}
    domain = DomainSection("chart", chart=ChartKind.plane, size=27)
    assert exact_size(model, domain, "classification") == 28


def test_every_size_is_exact_with_equivariant_subsampling():
    words = ["domain.size=auto", "model.subsampling=equivariant"]
    assert load_config("p4_25k", overrides=words).domain.size == 28
    plan = InvariantPlan(stages=(PLAIN, POOL))
    domain = DomainSection("chart", chart=ChartKind.plane, size=27)
    assert P4Options(subsampling="equivariant").reasons(plan, domain) == []
    assert len(P4Options().reasons(plan, domain)) == 1


@pytest.mark.parametrize(
    ("model", "words", "message"),
    [
        ("cnn", [], "domain.size=auto: method cnn has no sizes at which it is exact"),
        ("p4", ["domain.chart=equirectangular"], "chart=equirectangular: p4 turns"),
        ("gauge", [], "domain.size is not used by domain.kind=icosphere"),
        ("s2cnn", [], "domain.size is not used by domain.kind=lat_lon"),
        ("cnn", ["domain.kind=lat_lon", "domain.bandwidth=8"], "domain.size is not used by"),
        ("p4", ["model.group=p6"], "model.group: expected one of p4, p4m, got 'p6'"),
        ("p4", ["model.subsampling=max"], "model.subsampling: expected one of stride, equivariant"),
    ],
)
def test_auto_where_there_is_no_such_size_is_refused(model, words, message):
    with pytest.raises(UserError, match=message):
        load_config(model, overrides=["domain.size=auto", *words])


def test_other_words_are_no_size():
    with pytest.raises(UserError, match="domain.size: expected a whole number, got 'automatic'"):
        load_config("p4", overrides=["domain.size=automatic"])


def test_a_plan_without_exact_sizes_says_what_it_drops():
    words = ["domain.size=auto", "model.segmentation.stages[1].pool=3"]
    message = r"model.segmentation is exact at no size.*at 40: max_pool 3x3 .*and not back"
    with pytest.raises(UserError, match=message):
        load_config("p4", "segmentation", words)


def test_a_file_without_a_size_is_told_apart(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(
        "model: {method: p4, classification: {stages: [{channels: 2}]}}\n"
        "domain: {kind: chart, chart: plane}\n"
    )
    with pytest.raises(UserError, match="nearest to that of the model's file, which gives none"):
        load_config(str(file), overrides=["domain.size=auto"])


def test_sizes_are_known_without_torch():
    code = (
        "import sys; from gaugecnn.config import load_config; "
        "print(load_config('p4', overrides=['domain.size=auto']).domain.size); "
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("40\n", 0), done.stderr
