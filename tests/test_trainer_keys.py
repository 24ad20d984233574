"""Every argument of the Trainer that is installed is allowed, or refused with a reason."""

from __future__ import annotations

import inspect

import lightning
import pytest

from gaugecnn.errors import UserError
from gaugecnn.trainer_keys import ALLOWED, REFUSED, check_trainer


def test_every_argument_is_decided_upon():
    parameters = set(inspect.signature(lightning.Trainer).parameters)
    assert not set(ALLOWED) & set(REFUSED)
    assert set(ALLOWED) | set(REFUSED) == parameters | {"resume"}
    assert all(REFUSED.values())


@pytest.mark.parametrize("key", REFUSED)
def test_what_contradicts_the_rest_is_refused(key):
    with pytest.raises(UserError, match=f"trainer.{key} cannot be given: "):
        check_trainer({"devices": 1, key: 3})


def test_the_key_to_use_instead_is_one():
    with pytest.raises(UserError, match="use train.gradient_clip"):
        check_trainer({"gradient_clip_val": 1.0})
    with pytest.raises(UserError, match="unknown key 'trainer.devcies'; did you mean trainer.devi"):
        check_trainer({"devcies": 1})
    check_trainer(dict.fromkeys(ALLOWED))
