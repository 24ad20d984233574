"""CubeCNNFamily: ordinary convolutions in the six charts of a cubed sphere, the control of p4."""

from __future__ import annotations

from collections.abc import Sequence

from gaugecnn.claims import Claim
from gaugecnn.layers import Integral, Layer, Normalisation
from gaugecnn.methods.cnn.cube_claims import claim
from gaugecnn.methods.cnn.cube_layers import (
    CubeCNNConvolution,
    CubeCNNIntegral,
    CubeCNNProjection,
    CubeCNNShortcut,
    size_after,
)
from gaugecnn.methods.cnn.stage import CNNStage
from gaugecnn.ops.cube_family import CubeFamily
from gaugecnn.ops.cube_type import CubeType
from gaugecnn.plans import Options
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.symmetry import Symmetry


class CubeCNNFamily(CubeFamily[CNNStage]):
    """Ordinary convolutions in each chart, which read the values beyond the edges of a face.

    Args:
        domain: a cubed sphere.
        in_channels: channels of the signal.
        normalisation: ``batch`` or ``none``.

    Raises:
        UserError: the domain is no cubed sphere, or there is no such normalisation.
    """

    stage_class = CNNStage
    feature = CubeType
    convolution = CubeCNNConvolution
    linear = CubeCNNShortcut
    projection = CubeCNNProjection
    integral = CubeCNNIntegral
    size_after = staticmethod(size_after)

    def __init__(
        self,
        domain: Domain,
        in_channels: int = 1,
        *,
        normalisation: Normalisation = Normalisation.batch,
    ) -> None:
        super().__init__(domain, in_channels, Options(normalisation=normalisation).normalisation)

    def exact_symmetries(self, stages: Sequence[CNNStage]) -> list[Symmetry]:
        """None: filters do not turn."""
        return []

    def claim(
        self, layer: Layer | Integral, symmetry: Symmetry, listed: Sequence[Symmetry]
    ) -> Claim:
        return claim(layer, symmetry)
