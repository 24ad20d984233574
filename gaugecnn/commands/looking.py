"""The commands ``gaugecnn predict`` and ``gaugecnn render``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gaugecnn.commands.console import Overrides, Run, configuration, pairs, pose_distribution
from gaugecnn.errors import UserError
from gaugecnn.files import at_home, check_writable


def predict(
    run: Run,
    files: Annotated[
        list[Path],
        typer.Argument(
            parser=at_home,
            metavar="FILES...",
            help="Light digits on dark ground: .npy or .npz of shape (row, column), (image, row, "
            "column) or (image, channel, row, column), uint8, uint16 or floats in [0, 1]; or .png, "
            ".jpg, .tif, .bmp, .webp, .gif, black where transparent.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            parser=at_home, metavar="DIR", help="Folder for NAME.npz and NAME.png of each file."
        ),
    ] = Path("predictions"),
    pose: Annotated[
        str, typer.Option(metavar="none|z|so3", help="How images are turned on the surface.")
    ] = "none",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the poses.")] = 0,
) -> None:
    """Lay pictures or fields on the surface and ask a trained run about them.

    NAME.npz holds prediction and signal, of classes logits and
    probabilities too. To segment pictures, 0 is the background and digits
    are class + 1. A run on fields reads arrays of values.
    """
    from gaugecnn import prediction, showing
    from gaugecnn.build import build_task
    from gaugecnn.records.directory import open_run

    poses = pose_distribution(pose)
    check_writable(output, "--output", folder=True)
    config, description, network = open_run(run)
    task = build_task(config, description)
    names = showing.output_names(files, output)
    loaded = [prediction.read(file, network, description) for file in files]
    table = Table("file", "samples", "prediction", title=f"{run} on {network.domain.title}")
    for file, name, read in zip(files, names, loaded, strict=True):
        samples = prediction.asked(read, config, network, description, poses, seed)
        found = prediction.ask(network, samples)
        showing.save_prediction(output, name, network, task, samples, found)
        answers = showing.in_words(found, task, network.domain)
        table.add_row(file.name, str(len(samples)), answers)
    Console().print(table)
    typer.echo(f"arrays and figures: {output}")


def render(
    overrides: Overrides = None,
    run: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="A trained run, for its prediction."),
    ] = None,
    index: Annotated[int, typer.Option(help="Which test image.")] = 0,
    pose: Annotated[
        str | None,
        typer.Option(metavar="none|z|so3", help="How it is turned.", show_default="data.rotation"),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            parser=at_home, metavar="FILE", help="A .png, or a .html to turn with the mouse."
        ),
    ] = Path("render.png"),
) -> None:
    """Draw a test image on the surface, its mask, and with --run what the network says."""
    if output.suffix.lower() not in (".png", ".html"):
        raise UserError(f"--output: expected a file of type .png or .html, got {output}")
    check_writable(output, "--output")
    given = overrides or []
    chosen = None if pose is None else pose_distribution(pose)
    known, network = None, None
    if run is None:
        config = configuration(given)
    else:
        pairs(given, refused=("model", "task", "output"))
        from gaugecnn.records.directory import open_run

        config, known, network = open_run(run, given)
    from gaugecnn import figures, showing

    chosen = chosen or pose_distribution(config.data.rotation)
    domain, sample, classes = showing.test_sample(config, network, known, index, chosen)
    title = f"{config.data.name} {index} on {domain.title}"
    if output.suffix.lower() == ".png":
        figures.save_png(output, domain, [sample], classes, title)
    else:
        figures.save_html(output, domain, sample, classes, title)
    typer.echo(output)
