"""The only table of tasks: those that are built in, and those that other packages register.

An entry point of the group ``gaugecnn.tasks`` names a subclass of `gaugecnn.tasks.base.Task`, and
is called as the task is. Nothing here imports a built-in task before it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from gaugecnn.choices import Loss
from gaugecnn.errors import UserError
from gaugecnn.plans import FieldPlan, InvariantPlan, Plan
from gaugecnn.plugins import imported

if TYPE_CHECKING:
    from gaugecnn.tasks.base import Task

ENTRY_POINT_GROUP = "gaugecnn.tasks"


@dataclass(frozen=True)
class BuiltIn:
    """What is known of a task without importing it; its class says the same.

    Args:
        home: ``module:Class``.
        plan: what its node of a model's file holds.
        losses: what it can be trained with, the first one by default.
    """

    home: str
    plan: type[Plan]
    losses: tuple[Loss, ...]


OF_CLASSES = (Loss.cross_entropy, Loss.balanced, Loss.sqrt_balanced)
OF_POINTS = (Loss.sqrt_balanced, Loss.cross_entropy, Loss.balanced)
OF_DISTANCES = (Loss.l2, Loss.l1, Loss.huber)

BUILT_IN = {
    "classification": BuiltIn(
        "gaugecnn.tasks.classification:Classification", InvariantPlan, OF_CLASSES
    ),
    "segmentation": BuiltIn("gaugecnn.tasks.segmentation:Segmentation", FieldPlan, OF_POINTS),
    "regression": BuiltIn("gaugecnn.tasks.regression:Regression", InvariantPlan, OF_DISTANCES),
    "field_regression": BuiltIn(
        "gaugecnn.tasks.regression:FieldRegression", FieldPlan, OF_DISTANCES
    ),
}
OF_PICTURES = ("classification", "segmentation")
"""The built-in tasks that digits and clothes have targets for."""
OF_NUMBERS = ("regression", "field_regression")
"""Those that they have none for."""


def task_names() -> list[str]:
    """Every task: the built-in ones and those that entry points bring."""
    brought = [point.name for point in entry_points(group=ENTRY_POINT_GROUP)]
    return list(dict.fromkeys([*BUILT_IN, *brought]))


def plan_class(name: str) -> type[Plan]:
    """What the node of a task in a model's file holds."""
    return BUILT_IN[name].plan if name in BUILT_IN else task_class(name).plan


def plan_like(name: str) -> str:
    """The task whose plan a task takes where a model's file has none of its own for it.

    ``segmentation`` where fields are asked for, ``classification`` otherwise.
    """
    return "segmentation" if plan_class(name) is FieldPlan else "classification"


def losses_of(name: str) -> Sequence[Loss]:
    """What a task can be trained with."""
    return BUILT_IN[name].losses if name in BUILT_IN else task_class(name).losses


def task_class(name: str) -> type[Task]:
    """The class of a task.

    Raises:
        UserError: there is no such task, or what an entry point names is none.
    """
    if name in BUILT_IN:
        found: type[Task] = imported(BUILT_IN[name].home)
        return found
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return _load(point)
    raise UserError(f"task: expected one of {', '.join(task_names())}, got {name!r}")


def _load(point: EntryPoint) -> type[Task]:
    """What an entry point names, once it is known to be a task of that name."""
    from gaugecnn.tasks.base import Task

    try:
        loaded = point.load()
    except Exception as error:  # whatever another package raises
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"task={point.name}: {point.value} cannot be loaded: {reason}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Task)) or loaded.name != point.name:
        raise UserError(
            f"task={point.name}: expected {point.value} to be a subclass of "
            f"gaugecnn.tasks.base.Task with the name {point.name!r}, got {loaded!r}"
        )
    return loaded
