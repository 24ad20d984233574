"""Pictures as the published networks were fed them: the spherical MNIST of Cohen et al. (2018).

Its generator lays a picture on the sphere as ours does, a square of half-width 1.5 in the plane
that touches the south pole, seen from the north pole. Everything else is another convention:

- rows of the picture run along +x and columns along +y, transposed against ours: seen from outside
  the picture is the mirror image of ours;
- rings stand at ``beta_j = pi j / 2b``, j = 0 .. 2b-1, the north pole among them: half a ring off
  the colatitudes ``pi (2j + 1) / 4b`` that the networks' transforms (and `LatLonGrid`) assume.
  Icospheres have no such rings: pictures are seen from their vertices, by the same rays;
- rays start 0.001 above the north pole, and no hemisphere is cut off. So the pole itself, on the
  axis, sees the centre of the picture: unrotated, all of ring 0 has that value;
- a place u, in pixels from the edge, is read between the pixels before and after its own,
  ``i = trunc(u)``: along either axis by ``(i + 1 - u) s[i - 1] + (u - i + 1) s[i + 1]``. The pixel
  i itself is skipped: a blur over two pixels, of total weight two, about the *index* u and so half
  a pixel off, for the centre of pixel i is at ``i + 1/2``;
- each picture is then stretched so that its largest value on the sphere is 255 (the least is 0:
  no picture covers the sphere), and cut to integers, the numbers that the networks are fed.

That blur says which way is up. Along a pixel it leans more and more on what comes after, and falls
back at the next one: a saw whose teeth point down and to the right of the picture, on every stroke,
however the sphere is turned. Networks read it, and tell sixes from nines by it
(``experiments/which_way_up``).

Where u is an integer up to rounding (in unrotated pictures on the great circle alpha = 3 pi / 2)
the rounding decides what i is. Sums are therefore taken in float64 and in the order of the formulas
above: given the same rotation, the generator's pictures of MNIST come out to the last bit.

Source: Cohen et al. 2018, the generator in the MNIST example of their code. Gerken et al. 2022 add
the mask, ``(grey > 150) * (digit + 1)``. They also show several digits, by code that is not
published: our scenes stand in for theirs.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from gaugecnn.data.batch import Batch, SignalRenderer
from gaugecnn.data.images.rendering import RawBatch
from gaugecnn.data.images.scenes import draw
from gaugecnn.errors import UserError
from gaugecnn.surfaces.domain import IMAGE_HALF_WIDTH, Domain
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.mesh import Icosphere
from gaugecnn.surfaces.rotations import points_from_angles

EYE_HEIGHT = 2 + 1e-3
"""Where the rays start, above the plane that touches the south pole."""

WHITE = 255.0
THRESHOLD = 150
"""Grey value above which a point belongs to the digit, as in Gerken et al. (2022)."""


def driscoll_healy_points(bandwidth: int) -> Tensor:
    """Unit vectors at ``beta_j = pi j / 2b``, ``alpha_k = pi k / b``, ``(beta, alpha, xyz)``.

    Source: Driscoll & Healy 1994; float64.
    """
    steps = torch.arange(2 * bandwidth, dtype=torch.float64)
    beta, alpha = steps * math.pi / (2 * bandwidth), steps * math.pi / bandwidth
    return points_from_angles(*torch.meshgrid(beta, alpha, indexing="ij"))


class PublishedRenderer(SignalRenderer):
    """Images laid on the sphere in the published convention, which the module describes.

    Poses are those of every renderer, one rotation R for each image: a point x sees the picture at
    ``R^T x``. (The published generator turns 500 pictures by one rotation.) Several digits on a
    canvas, or several channels, are sampled and stretched together; a point of several digits has
    the label of the pixel that adds most to it.

    Args:
        domain: that of the network that is fed: a grid, for its bandwidth, or an icosphere.

    Raises:
        UserError: the domain is another one.
    """

    white = WHITE

    def __init__(self, domain: Domain) -> None:
        super().__init__()
        self.shape = domain.shape
        if isinstance(domain, LatLonGrid):
            points = driscoll_healy_points(domain.bandwidth).flatten(0, 1)
        elif isinstance(domain, Icosphere):
            points = domain.points
        else:
            raise UserError(
                "data.convention=published: expected a grid lat_lon or an icosphere, "
                f"got {domain.title}"
            )
        self.points: Tensor
        self.register_buffer("points", points, persistent=False)

    def shown(self, signal: Tensor) -> Tensor:
        """A signal as grey values in [0, 1]."""
        return signal / self.white

    @torch.no_grad()
    def forward(self, raw: RawBatch) -> Batch:
        """Grey values 0..255, integers in float32, and the mask where they pass 150."""
        scene = draw(raw.images, raw.labels, raw.corners)
        canvas = (scene.canvas * WHITE).round().double()  # its pictures have 8 bits
        unposed = torch.einsum("pi,nij->npj", self.points, raw.poses.double())  # R^T x
        weights, index = _four_pixels(unposed, canvas.shape[-1])
        pixels = _pixels(canvas, index)  # (batch, channel, point, row, column)
        grey = _stretched(_interpolated(pixels, weights))  # (batch, channel, point)
        adds = pixels.amax(1) * weights[:, :, 0, :, None] * weights[:, :, 1, None, :]
        most = adds.flatten(2).argmax(-1, keepdim=True)  # of the four pixels, (batch, point, 1)
        region = _pixels(scene.region, index)[:, 0].flatten(2).gather(2, most)[..., 0]
        mask = torch.where(grey.amax(1) > THRESHOLD, region, 0)
        signal = grey.float().unflatten(2, self.shape)
        return Batch(signal, raw.labels[:, 0], mask.unflatten(1, self.shape))


def _four_pixels(points: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Between which pixels the rays through points ``(batch, point, xyz)`` meet the picture.

    Returns:
        weights and indices ``(batch, point, (row, column), (before, after))``.
    """
    height = points[..., 2:] + 1
    plane = height / (EYE_HEIGHT - height) * points[..., :2] + points[..., :2]
    place = (plane + IMAGE_HALF_WIDTH) / (2 * IMAGE_HALF_WIDTH) * side  # x counts rows, y columns
    return before_and_after(place, side)


def before_and_after(place: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """The pixels before and after that of a place, by which the generator reads it.

    Args:
        place: along one axis of the picture, in pixels from its edge, ``(...)``.
        side: of the picture, in pixels.

    Returns:
        weights ``(..., (before, after))``, two in total, and indices of the same shape; pixels
        outside the picture have the index -1 or `side`.
    """
    own = place.trunc()
    weights = torch.stack([own + 1 - place, place - (own - 1)], dim=-1)
    index = torch.stack([own - 1, own + 1], dim=-1).clamp(-1, side)
    return weights, index.long()


def _pixels(pictures: Tensor, index: Tensor) -> Tensor:
    """Values ``(batch, channel, point, row, column)`` at four pixels of each point, 0 outside.

    Args:
        pictures: ``(batch, channel, row, column)``, square.
        index: ``(batch, point, (row, column), (before, after))``.
    """
    framed = pad(pictures, (1, 1, 1, 1))
    row, column = (index + 1).unbind(2)
    flat = row[..., :, None] * framed.shape[-1] + column[..., None, :]  # (batch, point, row, col)
    chosen = flat.flatten(1)[:, None].expand(-1, pictures.shape[1], -1)
    return framed.flatten(2).gather(2, chosen).unflatten(2, flat.shape[1:])


def _interpolated(pixels: Tensor, weights: Tensor) -> Tensor:
    """Weighted sums over rows, then over columns, ``(batch, channel, point)``."""
    row, column = weights[:, None].unbind(3)  # (batch, 1, point, (before, after)) each
    columns = (pixels * row[..., None]).sum(-2)
    return (columns * column).sum(-1)


def _stretched(sampled: Tensor) -> Tensor:
    """From 0 to 255 for each picture, cut to integers; a black picture stays black."""
    largest = sampled.amax((1, 2), keepdim=True)
    return torch.where(largest > 0, (sampled / largest * WHITE).trunc(), 0.0)
