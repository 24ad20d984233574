"""The commands ``gaugecnn models`` and ``gaugecnn config``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gaugecnn.commands.console import Overrides, configuration


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List the networks: method, domain, parameters per task, symmetries."""
    from gaugecnn.config import available
    from gaugecnn.task_registry import OF_PICTURES

    rows = model_rows(available("model"))
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("model", "method", box=None, padding=(0, 1, 0, 0))
    table.add_column("domain")
    for network in ("classifier", "segmenter"):
        table.add_column(f"{network}\nparameters", justify="right", no_wrap=True)
    table.add_column("symmetries", width=16)
    for row in rows:
        counts = [row["parameters"].get(task) for task in OF_PICTURES]
        shown = ["" if count is None else f"{count:,}" for count in counts]
        table.add_row(row["name"], row["method"], row["domain"], *shown, row["symmetries"])
    Console().print(table)


def model_rows(names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the table of models; parameters are counted, and networks are not built for it."""
    from gaugecnn.build import build_domain, count_parameters
    from gaugecnn.config import load_config, model_tasks
    from gaugecnn.registry import methods

    rows, domains = [], {}
    for name in names:
        tasks = model_tasks(name)
        config = load_config(name, tasks[0])
        where = str(config.domain)  # domains that are shared find their coarser levels once
        if where not in domains:
            domains[where] = build_domain(config)
        parameters = {}
        for task in tasks:
            config.task = task
            parameters[task] = count_parameters(config, domains[where])
        rows.append(
            {
                "name": name,
                "method": config.model.method,
                "domain": domains[where].title,
                "tasks": tasks,
                "parameters": parameters,
                "symmetries": methods()[config.model.method].symmetries,
            }
        )
    return rows


def config(overrides: Overrides = None) -> None:
    """Print the resolved configuration as YAML, without any work."""
    resolved = configuration(overrides or [])
    from omegaconf import OmegaConf

    typer.echo(OmegaConf.to_yaml(resolved), nl=False)
