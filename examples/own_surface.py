"""A surface by a formula: a torus whose tube is `ratio` times as wide as its ring.

Run from the folder above::

    pip install ./examples                              # registers domain.kind=torus
    gaugecnn train model=gauge domain.kind=torus domain.ratio=0.4
"""

from dataclasses import dataclass

import trimesh

from gaugecnn.domain_options import FramedOptions
from gaugecnn.domain_registry import DomainKind
from gaugecnn.errors import OptionError
from gaugecnn.surfaces import TriangleMesh


@dataclass(frozen=True, kw_only=True)
class TorusOptions(FramedOptions):
    """The keys ``domain.ratio`` and ``domain.sections``, beside those of all meshes."""

    ratio: float
    sections: int = 60

    def __post_init__(self) -> None:
        if not 0 < self.ratio < 1:
            raise OptionError("ratio", f"expected 0 < domain.ratio < 1, got {self.ratio}")


def torus(ratio: float, sections: int, frames: str, frame_seed: int) -> TriangleMesh:
    """A mesh, with what every mesh has: logarithms, transport, levels, poses of pictures."""
    around = max(3, round(ratio * sections))
    mesh = trimesh.creation.torus(1.0, ratio, major_sections=sections, minor_sections=around)
    title = f"torus {ratio:g}, {sections} sections"
    return TriangleMesh(mesh.vertices, mesh.faces, title, frames, frame_seed)


TORUS = DomainKind("torus", torus, TorusOptions, methods=("gauge", "gcn"))
