"""The cache of tables: the same numbers again, whatever has happened to the files."""

from __future__ import annotations

import multiprocessing
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from gaugecnn import disk_cache, files
from gaugecnn.disk_cache import cache_file, cache_folder, cached_table
from gaugecnn.errors import GaugecnnWarning

KEY = "d of degrees < 3 at beta = 0.25, 0.5"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GAUGECNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(disk_cache, "_warned_of_writing", False)
    return tmp_path / "cache" / "wigner"


class Builder:
    """A table with numbers that text would not keep, and how often it was built."""

    def __init__(self, *shape: int) -> None:
        self.table = torch.randn(shape, dtype=torch.float64)
        self.count = 0

    def __call__(self) -> Tensor:
        self.count += 1
        return self.table.clone()


@pytest.mark.parametrize("shape", [(2, 3, 4), (5,), (), (0, 3)])
def test_a_table_is_built_once_and_read_back_bit_for_bit(shape):
    build = Builder(*shape)
    first, second = cached_table(KEY, build), cached_table(KEY, build)
    assert build.count == 1
    for table in (first, second):
        assert table.shape == shape
        assert table.dtype == torch.float64
        assert table.is_contiguous()
        assert torch.equal(table, build.table)


def test_single_precision_is_kept(tmp_path):
    single = torch.randn(3, 4)
    for _ in range(2):
        table = cached_table(KEY, lambda: single.clone(), "logarithms")
        assert table.dtype == torch.float32
        assert torch.equal(table, single)
    assert cache_file(KEY, "logarithms").parent == tmp_path / "cache" / "logarithms"


def test_a_transposed_table_comes_back_as_it_was():
    build = Builder(3, 4)
    for _ in range(2):
        assert torch.equal(cached_table(KEY, lambda: build().T), build.table.T)
    assert build.count == 1


def test_what_was_read_is_the_callers_own():
    build = Builder(3)
    cached_table(KEY, build)
    cached_table(KEY, build).zero_()
    assert torch.equal(cached_table(KEY, build), build.table)


def test_another_key_is_another_table(folder):
    one, other = Builder(3), Builder(3)
    cached_table("one", one)
    assert torch.equal(cached_table("other", other), other.table)
    assert torch.equal(cached_table("one", Builder(3)), one.table)
    assert len(list(folder.iterdir())) == 2


def test_another_format_is_another_file(monkeypatch):
    cached_table(KEY, Builder(3))
    old = cache_file(KEY)
    monkeypatch.setattr(disk_cache, "FORMAT", disk_cache.FORMAT + 1)
    build = Builder(3)
    cached_table(KEY, build)
    assert build.count == 1
    assert old.exists()
    assert cache_file(KEY) != old


def test_the_file_says_what_it_holds():
    cached_table(KEY, Builder(2, 3))
    first, label, _ = cache_file(KEY).read_bytes().split(b"\n", 2)
    assert first.startswith(b"gaugecnn table 2 ")
    assert label == b'{"key": "%s", "shape": [2, 3], "precision": "float64"}' % KEY.encode()


def test_where_the_tables_lie(tmp_path, monkeypatch, folder):
    assert cache_folder() == folder
    monkeypatch.setenv("GAUGECNN_CACHE", "~/tables")
    assert cache_folder() == Path.home() / "tables" / "wigner"
    monkeypatch.delenv("GAUGECNN_CACHE")
    monkeypatch.setattr(disk_cache.platformdirs, "user_cache_dir", lambda name: tmp_path / name)
    assert cache_folder() == tmp_path / "gaugecnn" / "wigner"


def truncated(content: bytes) -> bytes:
    return content[:-3]


def cut_short_in_the_label(content: bytes) -> bytes:
    return content[:40]


def emptied(content: bytes) -> bytes:
    return b""


def prolonged(content: bytes) -> bytes:
    return content + b"\0"


def with_a_flipped_bit(content: bytes) -> bytes:
    return content[:-20] + bytes([content[-20] ^ 4]) + content[-19:]


def of_another_shape(content: bytes) -> bytes:
    return content.replace(b"[2, 3]", b"[3, 2]")


def of_another_program(content: bytes) -> bytes:
    return b"\x93NUMPY" + content


def of_a_later_format(content: bytes) -> bytes:
    return content.replace(b"gaugecnn table 2", b"gaugecnn table 3")


def without_a_label(content: bytes) -> bytes:
    first, _, values = content.split(b"\n", 2)
    return b"\n".join([first, b"[1]", values])


DAMAGES = {
    truncated: "bytes",
    cut_short_in_the_label: "key, shape and precision",
    emptied: "begin",
    prolonged: "bytes",
    with_a_flipped_bit: "checksum",
    of_another_shape: "checksum",
    of_another_program: "begin",
    of_a_later_format: "begin",
    without_a_label: "key, shape and precision",
}


@pytest.mark.parametrize(
    ("damage", "reason"), DAMAGES.items(), ids=[damage.__name__ for damage in DAMAGES]
)
def test_a_damaged_file_is_replaced_with_a_warning(damage, reason):
    build = Builder(2, 3)
    cached_table(KEY, build)
    path = cache_file(KEY)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert path.read_bytes() != whole
    with pytest.warns(GaugecnnWarning, match=f"{path.name}.*{reason}"):
        table = cached_table(KEY, build)
    assert torch.equal(table, build.table)
    assert path.read_bytes() == whole
    cached_table(KEY, build)  # without a warning
    assert build.count == 2


def test_every_flipped_bit_is_noticed():
    build = Builder(2)
    cached_table(KEY, build)
    path = cache_file(KEY)
    whole = path.read_bytes()
    for i in range(len(whole)):
        for bit in (0, 5):
            path.write_bytes(whole[:i] + bytes([whole[i] ^ (1 << bit)]) + whole[i + 1 :])
            with pytest.warns(GaugecnnWarning, match=path.name):
                assert torch.equal(cached_table(KEY, build), build.table)


def test_the_file_of_another_key_is_noticed():
    one, other = Builder(3), Builder(3)
    cached_table("one", one)
    cached_table("other", other)
    cache_file("other").replace(cache_file("one"))
    with pytest.warns(GaugecnnWarning, match="'one', got that of 'other'"):
        table = cached_table("one", one)
    assert torch.equal(table, one.table)


def test_a_folder_in_place_of_a_file_is_passed_over():
    build = Builder(3)
    (cache_file(KEY) / "inside").mkdir(parents=True)
    with pytest.warns(GaugecnnWarning) as warned:
        table = cached_table(KEY, build)
    assert torch.equal(table, build.table)
    assert all(cache_file(KEY).name in str(warning.message) for warning in warned)


def test_a_folder_that_cannot_be_made_costs_one_warning(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    build = Builder(3)
    with pytest.warns(GaugecnnWarning, match="GAUGECNN_CACHE"):
        assert torch.equal(cached_table(KEY, build), build.table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(cached_table("another", build), build.table)
    assert build.count == 2


def test_a_full_disk_leaves_no_half_a_table(monkeypatch, folder):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    build = Builder(3)
    with monkeypatch.context() as patch:
        patch.setattr(disk_cache, "_write", full)
        with pytest.warns(GaugecnnWarning, match="No space left"):
            assert torch.equal(cached_table(KEY, build), build.table)
    assert list(folder.iterdir()) == []


def test_a_failed_replacement_keeps_the_file_before(tmp_path):
    path = tmp_path / "a.bin"
    files.write_bytes_atomically(path, lambda file: file.write(b"before"))

    def fail(file) -> None:
        file.write(b"half of wh")
        raise OSError("interrupted")

    with pytest.raises(OSError, match="interrupted"):
        files.write_bytes_atomically(path, fail)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "wrong", [torch.zeros(2).long(), torch.zeros(2, dtype=torch.float64, device="meta")]
)
def test_other_tensors_are_refused(wrong, folder):
    with pytest.raises(
        ValueError, match="expected a float32 or float64 table on the CPU for 'd of degrees"
    ):
        cached_table(KEY, lambda: wrong)
    assert not folder.exists()


def test_a_table_is_read_to_the_cpu_wherever_modules_are_being_put():
    build = Builder(3)
    cached_table(KEY, build)
    with torch.device("meta"):
        assert torch.equal(cached_table(KEY, build), build.table)


def work(cache: str, start: float, results) -> None:
    """One of several processes that all want the same tables at the same time."""
    os.environ["GAUGECNN_CACHE"] = cache
    warnings.simplefilter("error")

    def build() -> Tensor:
        time.sleep(0.05)  # so that each of them finds the file missing
        return torch.from_numpy(np.arange(200_000, dtype=np.float64))

    time.sleep(max(0.0, start - time.time()))
    sums = [float(cached_table(f"{KEY} {i % 3}", build).numpy().sum()) for i in range(30)]
    results.put(set(sums))


def test_processes_may_want_the_same_table_at_once(folder):
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    results = context.Queue()
    arguments = (str(folder.parent), time.time() + 0.5, results)
    processes = [context.Process(target=work, args=arguments) for _ in range(4)]
    for process in processes:
        process.start()
    expected = float(np.arange(200_000, dtype=np.float64).sum())
    assert [results.get(timeout=60) for _ in processes] == [{expected}] * 4
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    assert len(list(folder.iterdir())) == 3  # and no temporary file
