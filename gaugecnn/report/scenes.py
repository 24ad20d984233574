"""Surfaces to turn with the mouse: one test sample, and what each network of a study says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from omegaconf import OmegaConf

from gaugecnn.errors import UserError
from gaugecnn.figures.interactive import triangulation
from gaugecnn.figures.sample import BACKGROUND, Floats, class_colours
from gaugecnn.report.answers import Answers, Asked, NoSampleError, Whole, answers, ask_about
from gaugecnn.report.turning import Still, turning
from gaugecnn.studies.figures import COLOURS
from gaugecnn.studies.plan import SEED, PlannedRun
from gaugecnn.studies.state import is_trained
from gaugecnn.surfaces.domain import Domain

NETWORKS = 6
"""Shown at once: browsers keep about eight surfaces alive, of which two are input and truth."""
BARS = 10
"""Classes whose probabilities are shown, the likeliest over all poses."""
OF_TRAINING = (
    *("root", "download", "rotation", "angle_mean", "angle_spread", "copies", "distortion"),
    *("train_size", "validation_size"),
)
"""Keys of `data` that leave the test samples what they are."""
PLACES = 4
"""Digits after the point of a coordinate."""


class Scene(NamedTuple):
    """What a page shows of one sample.

    Attributes:
        title: of the data and the sample.
        about: what it turns about, in words; empty where it does not turn.
        seed: of the networks.
        networks: how many are shown.
        left_out: how many are not.
        legend: a name and a colour for each class; empty where no mask is shown.
        surfaces: how many panels have a surface.
        content: all that is drawn, for JSON.
    """

    title: str
    about: str
    seed: str
    networks: int
    left_out: int
    legend: list[tuple[str, str]]
    surfaces: int
    content: dict[str, Any]

    def every(self, step: int) -> Scene:
        """The same with only every so-many-th pose."""
        content = {**self.content, "angles": self.content["angles"][::step]}
        for name in ("panels", "bars"):
            content[name] = [{**p, "frames": p["frames"][::step]} for p in content[name]]
        content["scores"] = [{**s, "y": s["y"][::step]} for s in content["scores"]]
        return self._replace(content=content)


def scenes(runs: Sequence[PlannedRun], image: int) -> tuple[list[Scene], list[str]]:
    """A scene for each data set of a study whose networks name classes.

    Args:
        runs: of the study.
        image: which test sample.

    Returns:
        the scenes, and a sentence for each that could not be made.

    Raises:
        UserError: nowhere is there such a sample.
    """
    found, why = [], []
    nowhere: NoSampleError | None = None
    groups = networks(runs)
    for group in groups:
        try:
            asked = [ask_about(run, image) for run in group[:NETWORKS]]
        except UserError as error:
            if isinstance(error, NoSampleError):
                nowhere = error
            why.append(f"{group[0].name}: no surface: {error}")
            continue
        one = answers(asked[0], Still())
        if one.predicted is None and one.probabilities is None:
            why.append(f"{group[0].name}: no surface: task={asked[0].task.name} names no classes")
            continue
        found.append(_scene(asked, image, len(group) - len(asked)))
    if nowhere is not None and not found:
        raise nowhere
    if runs and not groups:
        why.append(f"no surface: no trained run in {runs[0].folder.parent}")
    return found, why


def networks(runs: Iterable[PlannedRun]) -> list[list[PlannedRun]]:
    """Of each network the trained run of the lowest seed, by what they are asked about."""
    lowest: dict[tuple[str, ...], PlannedRun] = {}
    for run in runs:
        if is_trained(run.folder) and (run.folder / "checkpoints" / "best.ckpt").is_file():
            name = tuple(v for factor, v in run.factors.items() if factor != SEED)
            if name not in lowest or run.config.seed < lowest[name].config.seed:
                lowest[name] = run
    groups: dict[str, list[PlannedRun]] = {}
    for run in lowest.values():
        data: Any = OmegaConf.to_container(run.config.data, resolve=True, enum_to_str=True)
        same = {key: value for key, value in data.items() if key not in OF_TRAINING}
        groups.setdefault(f"{run.config.task} {sorted(same.items())}", []).append(run)
    return list(groups.values())


def _scene(asked: Sequence[Asked], image: int, left_out: int) -> Scene:
    domains = [a.network.domain for a in asked]
    turned = turning(domains, all(a.posed for a in asked))
    said = [answers(a, turned) for a in asked]
    titles = _titles([a.run for a in asked])
    finest = max(range(len(asked)), key=lambda i: len(domains[i].points))
    shapes = _Shapes()
    input_ = said[finest]
    panels = [shapes.panel("input", domains[finest], "grey", input_.grey)]
    if input_.mask is not None:
        panels.append(shapes.panel("truth", domains[finest], "mask", input_.mask))
    for title, domain, answer in zip(titles, domains, said, strict=True):
        if answer.predicted is not None:
            panel = shapes.panel(title, domain, "mask", answer.predicted)
            panels.append({**panel, "predicted": True})
    masks = any(panel["kind"] == "mask" for panel in panels)
    names = [input_.unmarked, *(f"class {i}" for i in range(input_.classes))]
    colours = [BACKGROUND, *map(_code, class_colours(input_.classes))]
    content = {
        "angles": list(turned.angles),
        "shapes": shapes.found,
        "panels": panels,
        "bars": [_bars(t, a) for t, a in zip(titles, said, strict=True) if _has_bars(a)],
        "scores": _scores(titles, said),
        "names": names,
        "colours": colours,
        "camera": turned.camera(domains[finest], input_.grey[0] / 255),
    }
    kind = "" if input_.label is None else f", of class {input_.label}"
    title = f"{asked[0].config.data.name.rpartition(':')[2]}, test sample {image}{kind}"
    legend = list(zip(names, colours, strict=True)) if masks else []
    seed = str(asked[0].run.config.seed)
    count = len(asked)
    return Scene(title, turned.about, seed, count, left_out, legend, len(panels), content)


class _Shapes:
    """Triangulated domains, each once."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self._samples: dict[str, tuple[int, Whole]] = {}

    def panel(self, title: str, domain: Domain, kind: str, frames: Whole) -> dict[str, Any]:
        """A surface in a colour for each of its vertices and poses: `frames` (pose, point)."""
        known = f"{domain.title} {domain.fingerprint}"
        if known not in self._samples:
            points, faces, samples = triangulation(domain)
            self._samples[known] = len(self.found), samples
            x, y, z = np.round(points, PLACES).T.tolist()
            i, j, k = faces.T.tolist()
            self.found.append({"x": x, "y": y, "z": z, "i": i, "j": j, "k": k})
        shape, samples = self._samples[known]
        given = {"title": title, "on": domain.title, "kind": kind, "shape": shape}
        return {**given, "frames": frames[:, samples].tolist()}


def _titles(runs: Sequence[PlannedRun]) -> list[str]:
    """The alternatives that tell networks apart; all where there is one network."""
    factors = [factor for factor in runs[0].factors if factor != SEED]
    telling = [f for f in factors if len({run.factors[f] for run in runs}) > 1] or factors
    return [", ".join(run.factors[f] for f in telling) or run.config.model.name for run in runs]


def _has_bars(answer: Answers) -> bool:
    return answer.probabilities is not None


def _bars(title: str, answer: Answers) -> Mapping[str, Any]:
    """The probabilities of the classes that are likeliest in some pose ``(pose, class)``."""
    assert answer.probabilities is not None
    likeliest = np.argsort(-answer.probabilities.max(axis=0), kind="stable")[:BARS]
    shown = np.sort(likeliest)
    frames = np.round(answer.probabilities[:, shown], PLACES).tolist()
    return {"title": title, "classes": shown.tolist(), "label": answer.label, "frames": frames}


def _scores(titles: Sequence[str], said: Sequence[Answers]) -> list[dict[str, Any]]:
    """How well each network answers in each pose; nothing where the truth is not known."""
    return [
        {"name": title, "metric": a.measured, "y": np.round(a.score, 2).tolist(), "colour": colour}
        for title, a, colour in zip(titles, said, COLOURS, strict=False)
        if a.score is not None
    ]


def _code(colour: Floats) -> str:
    return "#" + "".join(f"{round(255 * share):02x}" for share in colour.tolist())
