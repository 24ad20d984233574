"""Pictures laid on a surface: digits, clothes, or the user's own."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor

from gaugecnn.data.batch import SignalRenderer
from gaugecnn.data.collection import Collection, Half
from gaugecnn.data.images.conventions import Convention
from gaugecnn.data.images.distortion import Distortions
from gaugecnn.data.images.published import PublishedRenderer
from gaugecnn.data.images.rendering import RawBatch, Renderer
from gaugecnn.data.images.scenes import place
from gaugecnn.data.images.sources import Images
from gaugecnn.data.poses import OncePerEpoch, PosedDataset, Poses
from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import Domain

RENDERERS: dict[Convention, type[Renderer] | type[PublishedRenderer]] = {
    Convention.standard: Renderer,
    Convention.published: PublishedRenderer,
}


class SceneDataset(PosedDataset[RawBatch]):
    """Scenes of one or several pictures in poses.

    Args:
        images: the pictures.
        domain: whose poses are drawn.
        poses: which ones.
        digits: pictures per scene.
        seed: of their places.
    """

    def __init__(
        self, images: Images, domain: Domain, poses: Poses, digits: int, seed: tuple[int, ...]
    ) -> None:
        super().__init__(len(images), domain, poses)
        self.images = images
        rows, columns = images.images.shape[-2:]
        random = np.random.default_rng(np.random.SeedSequence(seed))
        self.scenes = place(len(images), rows, columns, digits, random)

    def read(self, sample: Tensor, poses: Tensor) -> RawBatch:
        chosen = self.scenes.images[sample]  # (batch, digit)
        images, labels = self.images.images[chosen], self.images.labels[chosen]
        return RawBatch(images, labels, self.scenes.corners[sample], poses)


class DistortedScenes(SceneDataset):
    """Scenes that are distorted as well, otherwise in every epoch or in every copy.

    Args:
        images: the pictures.
        domain: whose poses are drawn.
        poses: which ones.
        digits: pictures per scene.
        seed: of their places, and of the distortions.
        strain: how far they are distorted.
    """

    def __init__(
        self,
        images: Images,
        domain: Domain,
        poses: Poses,
        digits: int,
        seed: tuple[int, ...],
        strain: float,
    ) -> None:
        super().__init__(images, domain, poses, digits, seed)
        distortions = Distortions(strain, poses.copies, (*seed, 1))
        self._distortions_of = OncePerEpoch(partial(distortions.draw, self.count))

    def __getitem__(self, key: tuple[int, Tensor]) -> RawBatch:
        epoch, index = key
        return super().__getitem__(key)._replace(distortion=self._distortions_of(epoch)[index])


class ImageCollection(Collection):
    """Pictures laid on a domain.

    Args:
        domain: where they are laid.
        train: pictures to train on.
        test: pictures to test on.
        convention: how they are laid.
        digits: pictures per scene.
        distortion: root mean square strain of the pictures that are trained on; None for none.

    Raises:
        UserError: the halves differ in what they hold.
    """

    noun = "images"
    train: Images
    test: Images

    def __init__(
        self,
        domain: Domain,
        train: Images,
        test: Images,
        convention: Convention = Convention.standard,
        digits: int = 1,
        distortion: float | None = None,
    ) -> None:
        _check_alike(train, test)
        self.domain, self.train, self.test = domain, train, test
        self.convention, self.digits, self.distortion = convention, digits, distortion
        self.description = train.description

    def dataset(self, half: Half, poses: Poses, seed: tuple[int, ...]) -> SceneDataset:
        assert isinstance(half, Images)
        return SceneDataset(half, self.domain, poses, self.digits, seed)

    def training_set(self, half: Half, poses: Poses, seed: tuple[int, ...]) -> SceneDataset:
        if self.distortion is None:
            return self.dataset(half, poses, seed)
        assert isinstance(half, Images)
        return DistortedScenes(half, self.domain, poses, self.digits, seed, self.distortion)

    def renderer(self) -> SignalRenderer:
        return RENDERERS[self.convention](self.domain)

    def frequencies(self, half: Half) -> Tensor | None:
        assert isinstance(half, Images)
        if half.labels.is_floating_point():
            return None
        return torch.bincount(half.labels, minlength=half.classes) / len(half)


def _check_alike(train: Images, test: Images) -> None:
    """Refuse halves of which a network could not read both.

    Raises:
        UserError: what differs.
    """
    shapes = tuple(train.images.shape[1:]), tuple(test.images.shape[1:])
    if shapes[0] != shapes[1]:
        raise UserError(
            f"data.name={train.name}: expected test images of (channel, row, column) {shapes[0]}, "
            f"as those to train on, got {shapes[1]}"
        )
    kinds = [f"{'numbers' if h.labels.is_floating_point() else 'labels'}" for h in (train, test)]
    widths = [tuple(h.labels.shape[1:]) for h in (train, test)]
    if kinds[0] != kinds[1] or widths[0] != widths[1]:
        raise UserError(
            f"data.name={train.name}: expected test targets as those to train on, {kinds[0]} "
            f"{('image', *widths[0])}, got {kinds[1]} {('image', *widths[1])}"
        )
    if kinds[0] == "labels" and test.classes > train.classes:
        unknown = sorted(set(test.labels.tolist()) - set(range(train.classes)))
        raise UserError(
            f"data.name={train.name}: the test labels {unknown[:5]} are not among the "
            f"{train.classes} classes of the labels to train on"
        )
