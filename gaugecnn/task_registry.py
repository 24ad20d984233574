"""The only table of tasks: name -> class; those outside this repository register by entry point.

An entry point of the group ``gaugecnn.tasks`` names a subclass of `gaugecnn.tasks.base.Task`, and
is called as the task is.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from gaugecnn.errors import UserError

if TYPE_CHECKING:
    from gaugecnn.tasks.base import Task

ENTRY_POINT_GROUP = "gaugecnn.tasks"

BUILT_IN = {
    "classification": "gaugecnn.tasks.classification:Classification",
    "segmentation": "gaugecnn.tasks.segmentation:Segmentation",
    "regression": "gaugecnn.tasks.regression:Regression",
    "field_regression": "gaugecnn.tasks.regression:FieldRegression",
}
FIELDS = ("segmentation", "field_regression")
"""The built-in tasks that are answered at each point."""

OF_PICTURES = ("classification", "segmentation")
"""The built-in tasks that digits and clothes have targets for."""


def task_names() -> list[str]:
    """Every task: the built-in ones and those that entry points bring."""
    return [*BUILT_IN, *(p.name for p in entry_points(group=ENTRY_POINT_GROUP))]


def plan_like(name: str) -> str:
    """The task whose plan in a model file a task takes where it has none of its own there.

    ``classification`` where numbers are asked for, ``segmentation`` where fields are.
    """
    if name in BUILT_IN:
        return "segmentation" if name in FIELDS else "classification"
    from gaugecnn.tasks.plans import FieldPlan

    return "segmentation" if task_class(name).plan is FieldPlan else "classification"


def task_class(name: str) -> type[Task]:
    """The class of a task.

    Raises:
        UserError: there is no such task, or what an entry point names is none.
    """
    from gaugecnn.tasks.base import Task

    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found = getattr(import_module(module), attribute)
        assert issubclass(found, Task)
        return found
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        try:
            loaded = point.load()
        except Exception as error:  # whatever the other package raises
            reason = f"{type(error).__name__}: {error}"
            raise UserError(f"task={name}: entry point {point.value} fails: {reason}") from error
        if not (isinstance(loaded, type) and issubclass(loaded, Task)) or loaded.name != name:
            raise UserError(
                f"task={name}: expected entry point {point.value} to be a subclass of "
                f"gaugecnn.tasks.base.Task named {name!r}, got {loaded!r}"
            )
        return loaded
    raise UserError(f"task: expected one of {', '.join(task_names())}, got {name!r}")
