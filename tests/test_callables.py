"""Names of the user's functions mean the files of the current directory."""

import sys

import pytest

from gaugecnn.callables import current_directory_importable, find_callable
from gaugecnn.errors import UserError


def called(name):
    with current_directory_importable():
        return find_callable(name, "data.name")()


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two projects whose modules have the same names."""
    for place in ("one", "two"):
        folder = tmp_path / place
        (folder / "parts").mkdir(parents=True)
        (folder / "twice_helper.py").write_text(f"WHERE = {place!r}\n")
        (folder / "twice.py").write_text(
            "import twice_helper\ndef where():\n    return twice_helper.WHERE\n"
        )
        (folder / "parts" / "twice.py").write_text(f"def where():\n    return {place!r}\n")
    return lambda place: monkeypatch.chdir(tmp_path / place)


@pytest.mark.parametrize("name", ["twice:where", "parts.twice:where"])
def test_the_same_name_in_another_directory_is_another_file(name, folders):
    for place in ("one", "two", "one"):
        folders(place)
        assert called(name) == place


def test_a_module_that_stayed_behind_is_not_found(folders, tmp_path, monkeypatch):
    folders("one")
    assert called("twice:where") == "one"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"cannot import twice from {tmp_path}"):
        called("twice:where")


def test_a_module_is_imported_once_in_its_directory(folders):
    folders("one")
    called("parts.twice:where")
    first = sys.modules["parts.twice"]
    called("twice:where")
    called("parts.twice:where")
    assert sys.modules["parts.twice"] is first


def test_what_is_installed_stays(tmp_path, monkeypatch):
    """Libraries and this package are never forgotten, not even in the checkout's directory."""
    known = sys.modules["gaugecnn"], sys.modules["pytest"]
    monkeypatch.chdir(tmp_path)
    called("fractions:Fraction")
    there = sys.modules["fractions"]
    monkeypatch.chdir(tmp_path.parent)
    called("fractions:Fraction")
    assert (sys.modules["gaugecnn"], sys.modules["pytest"]) == known
    assert sys.modules["fractions"] is there
