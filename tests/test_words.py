"""A text key of the configuration is the text that was typed."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from gaugecnn.config import Config, load_config, override
from gaugecnn.errors import UserError
from gaugecnn.words import file_name, text_keys

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
    assert not {"seed", "data.copies", "train.resume", "model", "trainer"} & set(keys)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("key", ["output", "data.root", "domain.file"])
def test_a_text_is_kept_as_it_was_typed(key, text):
    config = load_config("gauge", overrides=["domain.kind=mesh", f"{key}={text}"])
    again = override(OmegaConf.create(OmegaConf.to_yaml(config)), ["seed=1"])
    assert OmegaConf.select(config, key) == text
    assert OmegaConf.select(again, key) == text


def test_null_says_that_a_text_is_missing_where_it_may():
    config = load_config("gauge", overrides=["output=null", "data.root=null"])
    assert (config.output, config.data.root) == (None, "null")


def test_other_keys_are_read_as_yaml():
    config = load_config("gauge", overrides=["seed=0012", "trainer.logger=no"])
    assert (config.seed, config.trainer.logger) == (10, False)


def test_a_file_name_that_is_no_text_goes_through_a_yaml_file():
    config = load_config("gauge", overrides=["domain.kind=mesh", "domain.file=b\udcff.obj"])
    stored = OmegaConf.create(OmegaConf.to_yaml(config)).domain.file
    stored.encode()
    assert file_name(stored) == "b\udcff.obj"
    with pytest.raises(UserError, match="output: expected text, got .*, which is not UTF-8"):
        load_config("gauge", overrides=["output=b\udcff"])


def test_repair_is_checked_at_once():
    with pytest.raises(UserError, match="domain.repair: expected one of safe, strict, got 'no'"):
        load_config("gauge", overrides=["domain.kind=mesh", "domain.repair=no"])
    with pytest.raises(UserError, match="domain.repair is not used by domain.kind=icosphere"):
        load_config("gauge", overrides=["domain.repair=safe"])
