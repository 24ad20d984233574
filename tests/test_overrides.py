"""A text key of the configuration is the text that was typed."""

from __future__ import annotations

import copy

import pytest
from omegaconf import OmegaConf

from gaugecnn.config import Config, load_config, override
from gaugecnn.errors import UserError
from gaugecnn.overrides import assign, file_name, parsed, text_keys

TEXTS = [
    "1234_53",
    "0012",
    "yes",
    "1e3",
    "runs/a #2",
    "a: b",
    "[1,2",
    "@b",
    "${x}",
    "c:\\d\\${x}\\",
    "'a'",
    " a ",
    "x=y",
    "",
]


def test_text_keys_are_those_that_are_typed_as_text():
    keys = text_keys(Config)
    assert {"output", "task", "data.name", "data.root", "domain.file", "domain.repair"} <= set(keys)
    assert {"train.loss", "train.optimizer", "data.rotation"} <= set(keys)
    assert not {"seed", "data.copies", "train.resume", "model", "trainer"} & set(keys)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("key", ["output", "data.root", "domain.file"])
def test_a_text_is_kept_as_it_was_typed(key, text):
    mesh = ["domain.kind=mesh", *(["domain.file=x.ply"] if key != "domain.file" else [])]
    config = load_config("gauge", overrides=[*mesh, f"{key}={text}"])
    again = override(OmegaConf.create(OmegaConf.to_yaml(config)), ["seed=1"])
    assert OmegaConf.select(config, key) == text
    assert OmegaConf.select(again, key) == text


def test_null_says_that_a_text_is_missing_where_it_may():
    config = load_config("gauge", overrides=["output=null", "data.root=null"])
    assert (config.output, config.data.root) == (None, "null")


def test_other_keys_are_read_as_yaml():
    config = load_config("gauge", overrides=["seed=0012", "trainer.benchmark=no"])
    assert (config.seed, config.trainer.benchmark) == (10, False)


@pytest.mark.parametrize("word", ["precision=32", "max_time=10:00:00:00", "accelerator=no"])
def test_texts_of_the_trainer_are_texts(word):
    key, _, text = word.partition("=")
    assert load_config("gauge", overrides=[f"trainer.{word}"]).trainer[key] == text


def test_a_word_may_refer_to_another_key():
    assert load_config("gauge", overrides=["data.seed=4", "seed=${data.seed}"]).seed == 4
    assert load_config("gauge", overrides=["seed=${data.seed}"]).seed == 0  # a default


TREE = {"a": {"b": [{"c": 1}, {"c": 2}]}, "d": None}


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("a.b[1].c", {"a": {"b": [{"c": 1}, {"c": 9}]}, "d": None}),
        ("a.b[0]", {"a": {"b": [9, {"c": 2}]}, "d": None}),
        ("a.b.0", {"a": {"b": [9, {"c": 2}]}, "d": None}),
        ("d.e.f", {**TREE, "d": {"e": {"f": 9}}}),
        ("g", {**TREE, "g": 9}),
    ],
)
def test_a_key_is_given_its_value(key, changed):
    tree = copy.deepcopy(TREE)
    assign(tree, key, 9)
    assert tree == changed


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("a.b[2].c", r"a.b\[2\] is out of range: there are 2, the last one is \[1\]"),
        ("a.b.c", r"a.b\[c\] is out of range"),
        ("a.b[0].c.x", r"a.b\[0\].c: expected something with keys to set .x, got 1"),
        ("a.b[x]", r"expected a key such as .*, got 'a.b\[x\]'"),
        ("a..b", "expected a key such as"),
        ("[0]", "expected a key such as"),
    ],
)
def test_what_is_no_key_of_the_tree_is_refused(key, told):
    with pytest.raises(UserError, match=told):
        assign(copy.deepcopy(TREE), key, 9)


@pytest.mark.parametrize("typed", ["[1", "!!python/name:os.system", "&a [*a]", "0x" + "f" * 5000])
def test_what_is_no_yaml_is_refused(typed):
    with pytest.raises(UserError, match="train.epochs: expected YAML, got"):
        parsed("train.epochs", typed, None)


def test_a_file_name_that_is_no_text_goes_through_a_yaml_file():
    config = load_config("gauge", overrides=["domain.kind=mesh", "domain.file=b\udcff.obj"])
    stored = OmegaConf.create(OmegaConf.to_yaml(config)).domain.file
    stored.encode()
    assert file_name(stored) == "b\udcff.obj"
    with pytest.raises(UserError, match="output: expected text, got .*, which is not UTF-8"):
        load_config("gauge", overrides=["output=b\udcff"])


def test_repair_is_checked_at_once():
    with pytest.raises(UserError, match="domain.repair: expected one of safe, strict, got 'no'"):
        load_config("gauge", overrides=["domain.kind=mesh", "domain.file=x", "domain.repair=no"])
    with pytest.raises(UserError, match="domain.repair is not used by domain.kind=icosphere"):
        load_config("gauge", overrides=["domain.repair=safe"])
