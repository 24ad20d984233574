"""What an audit finds: one row for each symmetry and layer, as a table, as JSON, as failures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from gaugecnn.claims import Prediction

WHOLE = "the network"
"""What the row of no layer is called in a table."""


@dataclass(frozen=True)
class AuditRow:
    """A symmetry and a layer.

    Args:
        symmetry: the name of its kind.
        layer: its name in the network; empty for the whole network.
        predicted: ``exact``, ``approximate`` or ``none``.
        reason: of the prediction, in words, and how the error was measured where it is not the
            layer's own.
        mean: the relative error, averaged over inputs and symmetries of the kind.
        maximum: the largest one.
        rounding: up to which an error is rounding.
        gathered: whether it is the error of all that comes before the layer, and of the layer.
    """

    symmetry: str
    layer: str
    predicted: Prediction
    reason: str
    mean: float
    maximum: float
    rounding: float
    gathered: bool = False

    @property
    def measured(self) -> str:
        """How: on outputs, by the layer itself, or by invariants of what has gathered up to it."""
        if not self.layer:
            return "outputs"
        return "so far" if self.gathered else "alone"

    @property
    def breaks(self) -> bool:
        """Whether the error is more than rounding."""
        return self.maximum > self.rounding

    @property
    def fails(self) -> bool:
        """Whether it is predicted exact and is not."""
        return self.predicted is Prediction.exact and self.breaks


@dataclass(frozen=True)
class Audit:
    """All rows: for each symmetry the whole network, then its layers as they are called.

    Args:
        title: of the network.
        rows: what was found.
    """

    title: str
    rows: Sequence[AuditRow]

    @property
    def symmetries(self) -> list[str]:
        """The kinds of symmetry, in order."""
        return list(dict.fromkeys(row.symmetry for row in self.rows))

    def of(self, symmetry: str) -> list[AuditRow]:
        """The rows of one kind."""
        return [row for row in self.rows if row.symmetry == symmetry]

    def failures(self) -> list[AuditRow]:
        """The rows that are predicted exact and have an error above rounding."""
        return [row for row in self.rows if row.fails]

    def guilty(self, symmetry: str) -> list[str]:
        """The layers to blame for what a symmetry finds, the first in depth first.

        Of layers that are measured by themselves all those with an error above rounding, where one
        is part of another the part alone; of errors that gather the first above rounding.
        """
        broken = [row for row in self.of(symmetry) if row.layer and row.breaks]
        own = [row.layer for row in broken if not row.gathered]
        inner = [n for n in own if not any(other.startswith(f"{n}.") for other in own)]
        return inner or [row.layer for row in broken if row.gathered][:1]

    def blame(self) -> str:
        """The failures in one line; empty where there are none.

        Where layers are found guilty by themselves, errors that gather behind them say no more.
        """
        failing = dict.fromkeys(row.symmetry for row in self.failures())
        alone = [s for s in failing if any(not row.gathered for row in self._guilty_rows(s))]
        parts = []
        for symmetry in alone or failing:
            worst = [f"{r.layer} ({r.maximum:.2g})" for r in self._guilty_rows(symmetry)]
            whole = self.of(symmetry)[0]
            named = ", ".join(worst) or f"{WHOLE} ({whole.maximum:.2g})"
            parts.append(f"{symmetry} broken by {named}")
        return "; ".join(parts)

    def _guilty_rows(self, symmetry: str) -> list[AuditRow]:
        """The guilty layers of which more was predicted, or all of them where there are none."""
        rows = {row.layer: row for row in self.of(symmetry)}
        named = [rows[name] for name in self.guilty(symmetry)]
        return [row for row in named if row.fails] or named

    def table(self, layers: bool = False) -> Table:
        """The whole network under each symmetry, or every layer too.

        Args:
            layers: whether to list the layers.
        """
        caption = "Errors against what inputs differ by; of Lie derivatives per radian."
        shown = Table(title=self.title, caption=caption, caption_justify="left", box=None)
        shown.add_column("symmetry" + ", layer" * layers, overflow="fold", max_width=40)
        shown.add_column("predicted", no_wrap=True)
        shown.add_column("mean", justify="right", no_wrap=True)
        shown.add_column("maximum", justify="right", no_wrap=True)
        if layers:
            shown.add_column("measured", no_wrap=True)
        shown.add_column("reason", overflow="fold")
        for symmetry in self.symmetries:
            for row in self.of(symmetry) if layers else self.of(symmetry)[:1]:
                name = f"  {row.layer}" if row.layer else symmetry
                measured = [row.measured] * layers
                errors = _number(row.mean), _number(row.maximum)
                style = "bold red" if row.fails else "bold" if layers and not row.layer else None
                shown.add_row(name, row.predicted, *errors, *measured, row.reason, style=style)
        return shown

    def json(self) -> dict[str, Any]:
        """Everything, as JSON has it; null for what could not be measured, or ``"inf"``."""
        rows = []
        for row in self.rows:
            errors = {"mean": _plain(row.mean), "maximum": _plain(row.maximum)}
            rows.append({**asdict(row), **errors, "fails": row.fails})
        return {"title": self.title, "failures": self.blame(), "rows": rows}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Audit:
        """The inverse of `json`."""
        rows = []
        for found in content["rows"]:
            kept = {name: value for name, value in found.items() if name != "fails"}
            for name in ("mean", "maximum"):
                kept[name] = math.nan if kept[name] is None else float(kept[name])
            rows.append(AuditRow(**{**kept, "predicted": Prediction(kept["predicted"])}))
        return cls(content["title"], rows)


def _plain(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return str(value) if math.isinf(value) else value


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1e}"
