"""The table of methods: what is known without layers is what the layers say."""

from __future__ import annotations

import dataclasses
import inspect
import warnings
from importlib.metadata import EntryPoint

import pytest

import gaugecnn.plugins
from gaugecnn.errors import GaugecnnWarning, UserError
from gaugecnn.methods.gauge import GaugeFamily, GaugeStage
from gaugecnn.methods.gcn import GCNFamily
from gaugecnn.plans import FieldPlan, Head, InvariantPlan, Stage
from gaugecnn.registry import BUILT_IN, Method, methods

OUTSIDE = Method("outside", GaugeFamily, ("icosphere",), "frames")
BROKEN = 3


@pytest.fixture
def bring(monkeypatch):
    """The table of methods with those that entry points of another package bring."""

    def brought(*values: str) -> dict[str, Method]:
        points = [EntryPoint(f"point{i}", v, "gaugecnn.methods") for i, v in enumerate(values)]
        monkeypatch.setattr(gaugecnn.plugins, "entry_points", lambda group: points)
        methods.cache_clear()
        return methods()

    yield brought
    methods.cache_clear()


@pytest.mark.parametrize(
    ("method", "kind"),
    [pytest.param(m, kind, id=f"{m.name} on {kind}") for m in BUILT_IN for kind in m.domains],
)
def test_options_and_stages_are_those_of_the_family(method, kind):
    family = method.load(kind)
    parameters = inspect.signature(family, eval_str=True).parameters.values()
    of_family = {p.name: (p.annotation, p.default) for p in parameters if p.kind is p.KEYWORD_ONLY}
    defaults = method.options_class()
    known = {name: (kind, getattr(defaults, name)) for name, kind in method.options.items()}
    assert known == of_family
    assert method.stage is family.stage_class


def test_layers_of_their_own_on_one_kind_of_domain():
    own = {"mesh": "gaugecnn.methods.gcn.family:GCNFamily"}
    method = dataclasses.replace(OUTSIDE, domains=("icosphere", "mesh"), own_layers=own)
    assert method.load() is method.load("icosphere") is GaugeFamily
    assert method.load("mesh") is GCNFamily
    p4 = next(m for m in BUILT_IN if m.name == "p4")
    assert p4.load("chart") is not p4.load("cubed_sphere")


def test_a_method_outside_says_no_more_than_its_family():
    assert OUTSIDE.load() is GaugeFamily
    assert OUTSIDE.stage is GaugeStage
    assert OUTSIDE.options == next(m for m in BUILT_IN if m.name == "gauge").options
    assert OUTSIDE.read_options({"max_order": 1, "nonlinearity": None}) == {"max_order": 1}
    with pytest.raises(UserError, match="model.max_order: expected a whole number, got 'x'"):
        OUTSIDE.read_options({"max_order": "x"})


def test_a_plan_is_read_with_the_stages_of_the_method():
    node = {"stages": [{"channels": 3, "radius": 0.5}], "head": {"hidden": [8]}}
    stages, head = (GaugeStage(3, radius=0.5),), Head((8,))
    assert OUTSIDE.read_plan("classification", node) == InvariantPlan(stages=stages, head=head)
    plan = OUTSIDE.read_plan("segmentation", {**node, "project": {"radius": 0.2}, "skip": True})
    project = GaugeStage(1, radius=0.2)
    assert plan == FieldPlan(stages=stages, head=head, project=project, skip=True)
    assert OUTSIDE.read_plan("segmentation", node).project == GaugeStage(1)


def test_entry_points_bring_methods(bring):
    assert bring("tests.test_registry:OUTSIDE")["outside"] is OUTSIDE


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("no_such_package:METHOD", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("tests.test_registry:NOTHING", "AttributeError"),
        ("tests.test_registry:BROKEN", "UserError: expected a Method, got a int"),
        ("gaugecnn.registry:BUILT_IN", "UserError: expected a Method, got a tuple"),
    ],
)
def test_what_another_package_breaks_is_named_and_left_out(bring, value, told):
    with pytest.warns(GaugecnnWarning) as said:
        table = bring(value, "tests.test_registry:OUTSIDE")
    assert len(said) == 1
    assert f"the method point0 ({value}) is left out: {told}" in str(said[0].message)
    assert set(table) == {*(method.name for method in BUILT_IN), "outside"}


def test_a_name_is_given_once(bring):
    with pytest.warns(GaugecnnWarning, match="a method outside exists already"):
        bring("tests.test_registry:OUTSIDE", "tests.test_registry:OUTSIDE")


def test_nothing_is_said_of_methods_that_work(bring):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = bring("tests.test_registry:OUTSIDE")
    assert table["outside"] is OUTSIDE


def test_a_stage_of_no_method_is_checked_too():
    with pytest.raises(UserError, match="expected channels >= 1 in a stage, got 0"):
        Stage(0)
