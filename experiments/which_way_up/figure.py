"""The pictures: a nine, read as ours and as the published generator's are, and both upside down."""

from __future__ import annotations

import torch
from matplotlib.figure import Figure
from torch import Tensor

from experiments.which_way_up.pictures import between_neighbours, published, read
from gaugecnn.studies.figures import Answer

SIDE = 28
CENTRE, RADIUS = (9.5, 13.0), 4.0
STEM = (9.5, 17.0), (22.0, 14.0)
HALF_WIDTH = 1.5
"""Of the nine that is drawn, in pixels: (row, column) of its loop and of the ends of its stem."""
READ = {"between neighbours": between_neighbours, "as published": published}


def nine() -> Tensor:
    """A loop and a stem, 1 on them and 0 a pixel further, ``(row, column)``."""
    places = torch.cartesian_prod(*[torch.arange(SIDE).float()] * 2)  # (pixel, (row, column))
    loop = ((places - torch.tensor(CENTRE)).norm(dim=1) - RADIUS).abs()
    start, end = torch.tensor(STEM)
    along = ((places - start) @ (end - start) / (end - start).square().sum()).clamp(0, 1)
    stem = (places - start - along[:, None] * (end - start)).norm(dim=1)
    near = torch.minimum(loop, stem)
    return (HALF_WIDTH + 0.5 - near).clamp(0, 1).view(SIDE, SIDE)


def draw(answer: Answer) -> Figure:
    """Upright and upside down, one of the two shows which it is.

    Args:
        answer: of the study; nothing is read of it.
    """
    panels: dict[str, Tensor] = {}
    drawn = nine()[None]
    for name, table in READ.items():
        picture = read(drawn, table(SIDE))[0]
        panels |= {name: picture, f"{name}, upside down": picture.flip(0, 1)}
    figure = Figure(figsize=(10, 2.8), layout="constrained", dpi=130)
    for axes, (name, picture) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axes.imshow(picture, cmap="gray")
        axes.set_title(name, fontsize=9)
        axes.set_axis_off()
    return figure
