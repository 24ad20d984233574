"""Where pictures come from: MNIST, FashionMNIST, or scikit-learn's digits."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gaugecnn.data.description import Description, moments
from gaugecnn.data.images.download import obtain
from gaugecnn.data.images.idx import Checksum, IdxFile
from gaugecnn.errors import UserError
from gaugecnn.files import at_home

DIGITS_TEST_SIZE = 500
"""Of the 1,797 embedded digits, so many are for testing."""


@dataclass(frozen=True, eq=False)
class Images:
    """Labelled pictures.

    Args:
        images: ``(image, channel, row, column)``, uint8 0..255 or float32 0..1.
        labels: class of each image ``(image,)``, int64, from 0; or numbers to regress ``(image,
            output)``, float32.
        classes: how many classes there are; 0 of numbers.
        name: where they come from.
    """

    images: Tensor
    labels: Tensor
    classes: int
    name: str

    def __len__(self) -> int:
        return len(self.images)

    @property
    def description(self) -> Description:
        """What a network has to know of them."""
        channels = self.images.shape[1]
        if not self.labels.is_floating_point():
            return picture_description(channels, self.classes)
        mean, deviation = moments(self.labels.T)
        outputs = {"regression": self.labels.shape[1]}
        return Description(channels, outputs, target_mean=mean, target_deviation=deviation)

    def subset(self, index: Tensor) -> Images:
        """The images of these indices ``(image,)``."""
        return Images(self.images[index], self.labels[index], self.classes, self.name)


@dataclass(frozen=True)
class Published:
    """A data set of four idx files.

    Args:
        folder: the files' folder, relative to the data root.
        checksum: the kind of checksum that is known of each file.
        digests: the checksums of train images, train labels, test images, test labels.
        mirrors: where the files can be had.
    """

    folder: str
    checksum: Checksum
    digests: tuple[str, str, str, str]
    mirrors: tuple[str, ...]

    def files(self, train: bool) -> tuple[IdxFile, IdxFile]:
        """The images and the labels of one half."""
        prefix, first = ("train", 0) if train else ("t10k", 2)
        return (
            IdxFile(f"{prefix}-images-idx3-ubyte.gz", 3, self.checksum, self.digests[first]),
            IdxFile(f"{prefix}-labels-idx1-ubyte.gz", 1, self.checksum, self.digests[first + 1]),
        )


PUBLISHED = {
    "mnist": Published(
        "MNIST/raw",
        Checksum.sha256_of_content,
        (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
    ),
    "fashion_mnist": Published(
        "FashionMNIST/raw",
        Checksum.md5_of_file,
        (
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
    ),
}
KNOWN = ("digits", *PUBLISHED)


def load_source(name: str, root: str | Path, download: bool, train: bool) -> Images:
    """The images of a source.

    Args:
        name: ``digits``, ``mnist`` or ``fashion_mnist``.
        root: the folder of the published data sets.
        download: whether to download what is absent there.
        train: the images to train on, or those to test on.

    Raises:
        UserError: there is no such source, or it does not give what it should.
    """
    if name == "digits":
        return _digits(train)
    if name in PUBLISHED:
        return _published(name, at_home(root), download, train)
    nearest = difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.0)[0]
    raise UserError(
        f"expected data.name to be one of {', '.join(KNOWN)} or your own path.to:callable, "
        f"got {name!r}; did you mean {nearest}?"
    )


def picture_description(channels: int, classes: int) -> Description:
    """Of labelled pictures: one class each, or, at each point, one of them or the background."""
    outputs = {"classification": classes, "segmentation": classes + 1}
    return Description(channels, outputs)


def _digits(train: bool) -> Images:
    """Scikit-learn's 8x8 digits, 1,297 to train on and 500 to test on, the same ones always.

    They touch the edges of their pictures; a margin of two pixels, in proportion that of MNIST,
    keeps the edge from being cut out on the sphere.
    """
    from sklearn.datasets import load_digits  # slow to import
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    train_index, test_index = train_test_split(
        np.arange(len(digits.target)),
        test_size=DIGITS_TEST_SIZE,
        stratify=digits.target,
        random_state=0,
    )
    index = train_index if train else test_index
    grey = np.round(digits.images[index] * (255 / 16)).astype(np.uint8)  # from 0..16
    labels = torch.from_numpy(digits.target[index].astype(np.int64))
    framed = torch.from_numpy(np.pad(grey, ((0, 0), (2, 2), (2, 2))))
    return Images(framed[:, None], labels, 10, "digits")


def _published(name: str, root: Path, download: bool, train: bool) -> Images:
    source = PUBLISHED[name]
    images, labels = (
        obtain(file, root / source.folder, source.mirrors, download=download)
        for file in source.files(train)
    )
    if len(images) != len(labels):
        raise UserError(
            f"{root / source.folder}: expected one label per image, "
            f"got {len(images)} images and {len(labels)} labels"
        )
    channels = torch.from_numpy(images.copy())[:, None]  # (image, channel, row, column)
    return Images(channels, torch.from_numpy(labels.astype(np.int64)), 10, name)
