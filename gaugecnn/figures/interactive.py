"""Interactive figures in one HTML file that needs no network: surfaces to turn with the mouse."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull, Delaunay

from gaugecnn.figures.projection import front
from gaugecnn.figures.sample import Floats, Sample, field_colours, ink, mask_colours
from gaugecnn.files import write_atomically
from gaugecnn.geometry.arrays import Array, Index
from gaugecnn.surfaces.chart import PlaneChart
from gaugecnn.surfaces.domain import Domain
from gaugecnn.surfaces.mesh_domain import MeshDomain

EYE_DISTANCE = 1.7


def save_html(path: Path, domain: Domain, sample: Sample, classes: int, title: str) -> None:
    """Draw a sample on a domain: the signal, its mask, and the predicted mask where there is one.

    Args:
        path: the file, replaced when it exists.
        domain: where the sample lives.
        sample: what to draw.
        classes: how many classes there are, background left out.
        title: above the figure.
    """
    from plotly.graph_objects import Mesh3d
    from plotly.subplots import make_subplots

    fields = {"signal": ink(sample.signal)}
    if sample.mask is not None:
        fields["mask"] = mask_colours(sample.mask, classes)
    if sample.predicted_mask is not None:
        fields["prediction"] = mask_colours(sample.predicted_mask, classes)
    fields |= {name: field_colours(sample, field) for name, field in sample.fields.items()}
    if sample.predicted_numbers is not None:
        numbers = ", ".join(f"{value:.4g}" for value in sample.predicted_numbers.tolist())
        title += f"; prediction: {numbers}"
    if sample.probabilities is not None:
        likeliest = int(sample.probabilities.argmax())
        share = 100 * float(sample.probabilities[likeliest])
        title += f"; prediction: {likeliest} ({share:.0f}%)"
    points, faces, samples = triangulation(domain)
    figure = make_subplots(
        cols=len(fields),
        specs=[[{"type": "scene"}] * len(fields)],
        subplot_titles=list(fields),
        horizontal_spacing=0.01,
    )
    x, y, z = points.T
    i, j, k = faces.T
    for column, colours in enumerate(fields.values(), start=1):
        shown = _hex_codes(colours.reshape(-1, 3)[samples])  # (*points, RGB) -> (vertex,)
        mesh = Mesh3d(x=x, y=y, z=z, i=i, j=j, k=k, vertexcolor=shown, hoverinfo="skip")
        figure.add_trace(mesh, row=1, col=column)
    _, up, eye = (dict(zip("xyz", axis, strict=True)) for axis in _camera(domain, sample))
    camera = {"eye": eye, "up": up}
    hidden = {"visible": False}
    figure.update_scenes(aspectmode="data", camera=camera, xaxis=hidden, yaxis=hidden, zaxis=hidden)
    heading = html.escape(title, quote=False)  # < in a file's name
    figure.update_layout(title=heading, margin={"l": 10, "r": 10, "t": 70, "b": 10})
    write_atomically(path, lambda file: file.write(figure.to_html(include_plotlyjs=True)))


def _camera(domain: Domain, sample: Sample) -> Floats:
    """The axes of an eye before the signal, at a distance that shows the whole surface."""
    return front(domain, sample.grey) * np.array([[1.0], [1.0], [EYE_DISTANCE]])


def triangulation(domain: Domain) -> tuple[Array, Index, Index]:
    """Positions ``(vertex, xyz)``, faces ``(face, corner)``, and each vertex's sample point.

    Samples of a sphere that have no faces of their own are joined by their convex hull, those of a
    plane by Delaunay's triangles.
    """
    if isinstance(domain, MeshDomain):
        return domain.surface.vertices, domain.surface.faces, np.arange(len(domain.surface))
    points = domain.points.cpu().numpy()
    if isinstance(domain, PlaneChart):
        triangles = Delaunay(points[:, :2]).simplices
        return points, triangles.astype(np.int64), np.arange(len(points))
    there = np.flatnonzero(np.isfinite(points).all(axis=1))
    hull = ConvexHull(points[there])
    faces = hull.simplices.astype(np.int64)
    a, b, c = points[there][faces].swapaxes(0, 1)  # (face, corner, xyz) -> (corner, face, xyz)
    inwards = (np.cross(b - a, c - a) * hull.equations[:, :3]).sum(
        1
    ) < 0  # would be lit from within
    faces[inwards] = faces[inwards][:, ::-1]
    return points[there], faces, there


def _hex_codes(colours: Floats) -> list[str]:
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.rint(255 * colours).astype(int).tolist()]
