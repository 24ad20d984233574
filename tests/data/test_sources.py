from __future__ import annotations

import gzip
import hashlib
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch

from gaugecnn.data.images import sources
from gaugecnn.data.images.idx import Checksum, parse_idx
from gaugecnn.data.images.sources import Published, load_source
from gaugecnn.errors import UserError

RANDOM = np.random.default_rng(0)
TRAIN_IMAGES = "train-images-idx3-ubyte.gz"


def idx(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def arrays():
    return {
        TRAIN_IMAGES: RANDOM.integers(0, 256, (6, 4, 5)).astype(np.uint8),
        "train-labels-idx1-ubyte.gz": np.arange(6).astype(np.uint8),
        "t10k-images-idx3-ubyte.gz": RANDOM.integers(0, 256, (3, 4, 5)).astype(np.uint8),
        "t10k-labels-idx1-ubyte.gz": np.arange(3).astype(np.uint8),
    }


@pytest.fixture
def server(tmp_path, arrays):
    """A server of two mirrors: `bad/` answers 404, `good/` has the files; requests are noted."""
    folder = tmp_path / "served"
    (folder / "good").mkdir(parents=True)
    for name, array in arrays.items():
        (folder / "good" / name).write_bytes(gzip.compress(idx(array)))
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    handler = partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        http.files, http.asked = folder, asked
        http.address = f"http://127.0.0.1:{http.server_port}"
        yield http
        http.shutdown()
        thread.join()


@pytest.fixture
def root(tmp_path):
    return tmp_path / "root"


@pytest.fixture(params=Checksum)
def published(request, server, monkeypatch):
    """MNIST as the server has it, under either kind of checksum."""
    known = []
    for path in (
        TRAIN_IMAGES,
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ):
        packed = (server.files / "good" / path).read_bytes()
        content = gzip.decompress(packed)
        sha, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(packed).hexdigest()
        known.append(sha if request.param is Checksum.sha256_of_content else md5)
    mirrors = (f"{server.address}/bad/", f"{server.address}/good/")
    entry = Published("MNIST/raw", request.param, tuple(known), mirrors)
    monkeypatch.setitem(sources.PUBLISHED, "mnist", entry)
    return entry


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_second_mirror_is_tried_and_files_are_kept(published, server, root, arrays):
    images = load_source("mnist", root, download=True, train=True)
    assert images.images.shape == (6, 1, 4, 5)
    assert images.images.dtype == torch.uint8
    assert np.array_equal(images.images[:, 0].numpy(), arrays[TRAIN_IMAGES])
    assert images.labels.tolist() == list(range(6))
    assert images.labels.dtype == torch.int64
    assert (images.classes, images.name) == (10, "mnist")
    paths = [path.split("/")[1] for path in server.asked if TRAIN_IMAGES in path]
    assert set(paths) == {"bad", "good"}
    assert names(root) == [TRAIN_IMAGES, "train-labels-idx1-ubyte.gz"]
    before = len(server.asked)
    again = load_source("mnist", root, download=False, train=True)
    assert torch.equal(again.images, images.images)
    assert len(server.asked) == before
    assert load_source("mnist", root, download=True, train=False).images.shape == (3, 1, 4, 5)


def test_absent_files_are_named_when_they_may_not_be_downloaded(root, published):
    with pytest.raises(UserError, match=r"MNIST/raw/train-images.*data\.download=true"):
        load_source("mnist", root, download=False, train=True)
    assert not root.exists()


def test_an_altered_file_is_refused(root, published, arrays):
    path = root / "MNIST/raw" / TRAIN_IMAGES
    path.parent.mkdir(parents=True)
    altered = gzip.compress(idx(arrays[TRAIN_IMAGES] ^ 1))
    path.write_bytes(altered)
    content = gzip.decompress(altered)
    got = {
        Checksum.sha256_of_content: hashlib.sha256(content).hexdigest(),
        Checksum.md5_of_file: hashlib.md5(altered).hexdigest(),
    }[published.checksum]
    for download in (True, False):
        with pytest.raises(UserError, match="remove the file") as error:
            load_source("mnist", root, download=download, train=True)
        assert f"{path}: expected {published.checksum} {published.digests[0]}" in str(error.value)
        assert f"got {got}" in str(error.value)
    assert path.read_bytes() == altered


def test_a_truncated_file_is_refused(root, published, server):
    path = root / "MNIST/raw" / TRAIN_IMAGES
    path.parent.mkdir(parents=True)
    path.write_bytes((server.files / "good" / TRAIN_IMAGES).read_bytes()[:-20])
    with pytest.raises(UserError, match=rf"{TRAIN_IMAGES}: expected .*truncated or damaged gzip"):
        load_source("mnist", root, download=True, train=True)


def test_no_half_written_file_is_left_when_every_mirror_fails(root, published, server):
    served = server.files / "good" / TRAIN_IMAGES
    served.write_bytes(served.read_bytes()[:-20])
    with pytest.raises(UserError, match="could not download") as error:
        load_source("mnist", root, download=True, train=True)
    assert "404" in str(error.value)
    assert f"{server.address}/good/: {TRAIN_IMAGES}: expected" in str(error.value)
    assert names(root) == []


def test_parallel_downloads_do_not_disturb_each_other(root, published, arrays):
    def load(_):
        return load_source("mnist", root, download=True, train=True).images[:, 0].numpy()

    with ThreadPoolExecutor(8) as pool:
        for images in pool.map(load, range(8)):
            assert np.array_equal(images, arrays[TRAIN_IMAGES])
    assert names(root) == [TRAIN_IMAGES, "train-labels-idx1-ubyte.gz"]


def test_a_root_that_cannot_be_made_is_named(tmp_path, published):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"data\.root: cannot create the folder"):
        load_source("mnist", tmp_path / "file", download=True, train=True)


def test_idx_errors_name_the_file_what_was_expected_and_what_came():
    whole = idx(np.zeros((2, 3), np.uint8))
    assert parse_idx(whole, 2, "f").shape == (2, 3)
    with pytest.raises(UserError, match=r"f: expected the magic number 0x00000803.*got 0x00000802"):
        parse_idx(whole, 3, "f")
    with pytest.raises(UserError, match=r"f: expected 18 bytes .*\(2, 3\), got 17"):
        parse_idx(whole[:-1], 2, "f")
    with pytest.raises(UserError, match=r"f: expected 18 bytes .*, got 19"):
        parse_idx(whole + b"0", 2, "f")
    with pytest.raises(UserError, match=r"f: expected a header of 12 bytes, got 9"):
        parse_idx(whole[:9], 2, "f")
    with pytest.raises(UserError, match=r"got 0x$"):
        parse_idx(b"", 1, "f")


def test_published_sources_have_four_checksums_and_two_mirrors():
    lengths = {Checksum.sha256_of_content: 64, Checksum.md5_of_file: 32}
    for source in sources.PUBLISHED.values():
        assert len(source.mirrors) == 2
        assert len(set(source.digests)) == 4
        assert {len(digest) for digest in source.digests} == {lengths[source.checksum]}


def test_digits_are_split_once_and_for_all(tmp_path):
    train = load_source("digits", tmp_path, download=False, train=True)
    test = load_source("digits", tmp_path, download=False, train=False)
    assert train.images.shape == (1297, 1, 12, 12)
    assert test.images.shape == (500, 1, 12, 12)
    assert (train.images.dtype, train.labels.dtype) == (torch.uint8, torch.int64)
    assert int(train.images.max()) == 255
    assert (train.classes, train.name) == (10, "digits")
    for images in (train, test):
        share = torch.bincount(images.labels) / len(images.labels)
        torch.testing.assert_close(share, torch.full((10,), 0.1), atol=5e-3, rtol=0)
    again = load_source("digits", tmp_path, download=True, train=True)
    assert torch.equal(train.images, again.images)
    seen = {image.numpy().tobytes() for image in train.images}
    assert not any(image.numpy().tobytes() in seen for image in test.images)
    assert test.labels[:10].tolist() == [4, 8, 8, 3, 9, 0, 6, 3, 9, 8]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("mnits", "mnist"), ("fashionmnist", "fashion_mnist"), ("digit", "digits")],
)
def test_an_unknown_name_is_refused_with_the_nearest(name, nearest, tmp_path):
    message = rf"digits, mnist, fashion_mnist or.*got '{name}'; did you mean {nearest}\?"
    with pytest.raises(UserError, match=message):
        load_source(name, tmp_path, download=False, train=True)
