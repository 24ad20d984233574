"""What a process or a machine is told to do: an item as text, and back."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from gaugecnn.config import load_config
from gaugecnn.studies.plan import Item, PlannedMeasure, PlannedRun
from gaugecnn.studies.specification import Measure, Test
from gaugecnn.typed import read


def order_of(item: Item, slot: int) -> str:
    """An item as one line of text.

    Args:
        item: what is to be done.
        slot: which of the processes at work does it.
    """
    order: dict[str, Any] = {"folder": str(item.folder), "slot": slot}
    if isinstance(item, PlannedRun):
        order["run"] = {"factors": dict(item.factors), "words": item.overrides}
        order["tests"] = [dataclasses.asdict(test) for test in item.tests]
    else:
        order["measure"], order["places"] = dataclasses.asdict(item.measure), item.places
    return json.dumps(order)


def item_of(order: str) -> tuple[Item, int]:
    """The item of a line of text, and the slot."""
    told: dict[str, Any] = json.loads(order)
    folder, slot = Path(told["folder"]), int(told["slot"])
    if "measure" in told:
        measure, places = read(Measure, told["measure"], "measure"), tuple(told["places"])
        return PlannedMeasure(measure, folder, places), slot
    overrides = tuple(told["run"]["words"])
    given = {word.partition("=")[0]: word.partition("=")[2] for word in overrides}
    rest = [word for word in overrides if not word.startswith(("model=", "task="))]
    config = load_config(given["model"], given["task"], rest)
    tests = tuple(read(Test, test, "test") for test in told["tests"])
    return PlannedRun(told["run"]["factors"], overrides, config, folder, tests), slot
