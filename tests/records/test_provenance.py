from __future__ import annotations

import re

from gaugecnn.records.provenance import VARIABLE, commit


def test_the_commit_is_that_of_the_checkout(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert re.fullmatch(r"[0-9a-f]{12}\+?|unknown", commit())


def test_what_the_environment_says_of_copied_code_comes_first(monkeypatch):
    monkeypatch.setenv(VARIABLE, "0123456789ab")
    assert commit() == "0123456789ab"
