"""DiscoFamily: what networks are wired from. Norm, ReLU and 1 x 1 shortcuts are those of `cnn`."""

import math
from dataclasses import dataclass

from gaugecnn.errors import UserError
from gaugecnn.layers import FeatureType, SignalType, Stage
from gaugecnn.methods.cnn import CNNFamily, CNNStage
from gaugecnn.methods.cnn.layers import CNNConvolution
from gaugecnn.ops.plane_type import PlaneType
from gaugecnn.surfaces.symmetry import Rotation, half_turn_about_x, step_about_z
from own_method.layers import AreaMean, DiscoConvolution, Fields, Lift


@dataclass(frozen=True)
class DiscoStage(Stage):
    """A stage: a kernel out to `radius`, a sum of `hats`, on a grid halved `down` times."""

    radius: float = 0.3
    hats: int = 3
    down: int = 0


class DiscoFamily(CNNFamily):
    """Isotropic DISCO convolutions on the latitude-longitude grid."""

    stage_class = DiscoStage

    def lift(self, stage: DiscoStage) -> Lift:
        signal = PlaneType(self.in_channels, *self.domain.shape)
        return Lift(self.input_type, self.convolve(signal, stage))

    def convolve(self, type_in: FeatureType, stage: DiscoStage) -> DiscoConvolution:
        type_out = PlaneType(stage.channels, *self.grid(stage))
        return DiscoConvolution(type_in, type_out, stage.radius, stage.hats)

    def shortcut(self, type_in: FeatureType, type_out: FeatureType) -> CNNConvolution:
        if type_in.grid != type_out.grid:
            raise UserError(f"disco has no shortcut between grids, got {type_in} -> {type_out}")
        return CNNConvolution(type_in, CNNStage(type_out.channels, kernel=1))

    def project(self, type_in: FeatureType, channels: int, stage: DiscoStage) -> Fields:
        type_out = PlaneType(channels, *self.domain.shape)
        last = DiscoConvolution(type_in, type_out, stage.radius, stage.hats)
        return Fields(last, SignalType(channels, self.domain))

    def integrate(self, type_in: FeatureType) -> AreaMean:
        return AreaMean(type_in)

    def exact_symmetries(self, stages: list[DiscoStage]) -> list[Rotation]:
        """Steps of the coarsest grid about z, and the half turn about x that swaps the poles."""
        steps = math.gcd(*(self.grid(stage)[1] for stage in stages))
        turns = {f"turn about z by 1/{steps}": step_about_z(steps)} if steps > 1 else {}
        turns["half turn about x"] = half_turn_about_x()
        return [Rotation(name, matrix, self.domain) for name, matrix in turns.items()]

    def grid(self, stage: DiscoStage) -> tuple[int, int]:
        """Rings and columns of a stage's feature."""
        rows, columns = self.domain.shape
        if stage.down < 0 or columns % 2 ** (stage.down + 1):
            raise UserError(f"down={stage.down}: {rows} rings cannot be halved so often")
        return rows >> stage.down, columns >> stage.down
