"""The command line: one function a command.

What is slow to import (torch, Lightning, matplotlib) is imported inside the commands, so that
help comes at once.
"""

from __future__ import annotations

import json
import shlex
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gaugecnn.console import (
    FAILED,
    INTERRUPTED,
    OneLineErrors,
    configuration,
    fail,
    model_rows,
    one_line_warning,
    pairs,
    pose_distribution,
    print_summary,
)
from gaugecnn.errors import UserError
from gaugecnn.report.command import REPORT_EPILOG, report
from gaugecnn.study_command import EPILOG, study

app = typer.Typer(
    cls=OneLineErrors,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Equivariant networks on surfaces: train, test, look at and compare them.",
    epilog="Example: gaugecnn train model=gauge task=segmentation domain.level=3",
)

Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Configuration, such as domain.level=3."),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a trained run.")]


def main() -> None:
    """The console entry point."""
    warnings.formatwarning = one_line_warning
    app(prog_name="gaugecnn")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gaugecnn {version('gaugecnn')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@app.command(
    epilog="Example: gaugecnn train model=gauge task=segmentation domain.level=3 data.name=mnist "
    "data.root=data output=runs/first"
)
def train(overrides: Overrides = None) -> None:
    """Train a network and test it on unrotated and on rotated images.

    model=NAME (default gauge) and task=classification|segmentation|
    regression|field_regression choose the network. The run is written to
    output=DIR, and continued with train.resume=true.
    """
    given = overrides or []
    config = configuration(given)
    from gaugecnn.records.directory import default_output
    from gaugecnn.training.module import DivergenceError
    from gaugecnn.training.run import train as run_training

    try:
        summary = run_training(config)
    except DivergenceError as error:
        fail(str(error), FAILED)
    except KeyboardInterrupt:
        kept = [word for word in given if not word.startswith("train.resume=")]
        again = shlex.join(["gaugecnn", "train", *kept, "train.resume=true"])
        fail(f"interrupted; continue with: {again}", INTERRUPTED)
    print_summary(summary, config.output or default_output(config))


@app.command(epilog="Example: gaugecnn evaluate runs/first domain.level=4")
def evaluate(run: Run, overrides: Overrides = None) -> None:
    """Test a trained run, on its own domain or on another; adds to its summary.json."""
    given = overrides or []
    pairs(given, refused=("model", "task", "output", "train.resume"))
    from gaugecnn.training.run import evaluate as run_tests

    print_summary(run_tests(run, given), run)


@app.command(epilog="Example: gaugecnn predict runs/first three.png many.npy --output predictions")
def predict(
    run: Run,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES...",
            help="Light digits on dark ground: .npy or .npz of shape (row, column), (image, row, "
            "column) or (image, channel, row, column), uint8, uint16 or floats in [0, 1]; or .png, "
            ".jpg, .tif, .bmp, .webp, .gif, black where transparent.",
        ),
    ],
    output: Annotated[
        Path, typer.Option(help="Folder for NAME.npz and NAME.png of each file.")
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


@app.command(epilog="Example: gaugecnn render model=gauge data.rotation=so3 --output digit.html")
def render(
    overrides: Overrides = None,
    run: Annotated[
        Path | None, typer.Option(metavar="RUN", help="A trained run, for its prediction.")
    ] = None,
    index: Annotated[int, typer.Option(help="Which test image.")] = 0,
    pose: Annotated[
        str | None,
        typer.Option(metavar="none|z|so3", help="How it is turned.", show_default="data.rotation"),
    ] = None,
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="A .png, or a .html to turn with the mouse.")
    ] = Path("render.png"),
) -> None:
    """Draw a test image on the surface, its mask, and with --run what the network says."""
    if output.suffix.lower() not in (".png", ".html"):
        raise UserError(f"--output: expected a file of type .png or .html, got {output}")
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


@app.command(epilog="Example: gaugecnn audit model=p4_25k domain.chart=plane domain.size=27")
def audit(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN] [KEY=VALUE]...", help="A trained run, or a network."),
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Print every layer.")] = False,
    images: Annotated[int, typer.Option(min=0, help="Test samples to look at.")] = 4,
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write every row there.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw error against depth.")
    ] = None,
) -> None:
    """Which symmetries a network has, how well, and which layer breaks them.

    Changes of frames, isometries of the points (of those of an icosphere
    three), random, small and infinitesimal rotations of functions. A network
    that is not trained has random biases and statistics. Exits with 1 and
    names the layer where what is predicted exact is not.
    """
    given = words or []
    trained = bool(given) and "=" not in given[0]
    pairs(given[trained:], refused=("model", "task", "output") if trained else ())
    from gaugecnn.audit import command

    chosen = Path(given[0]) if trained else configuration(given)
    found = command.audited(chosen, given[trained:], images, figure)
    Console().print(found.table(layers))
    command.write(found, as_json, figure)
    if found.failures():
        fail(found.blame(), FAILED)


@app.command(epilog="Example: gaugecnn models --json")
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


@app.command(epilog="Example: gaugecnn config model=s2cnn task=segmentation domain.bandwidth=20")
def config(overrides: Overrides = None) -> None:
    """Print the resolved configuration as YAML, without any work."""
    resolved = configuration(overrides or [])
    from omegaconf import OmegaConf

    typer.echo(OmegaConf.to_yaml(resolved), nl=False)


@app.command(
    epilog="Example: gaugecnn bench models=[cnn_218k,s2cnn_204k,s2cnn_204k:model.max_order=4] "
    "batch=1 repeats=10 output=runs/bench"
)
def bench(overrides: Overrides = None) -> None:
    """Measure networks side by side: latency, training step, setup, memory.

    models=[NAME,NAME:key=value+key=value,...] names them, with overrides of
    their own; further overrides model.*, domain.*, seed= are for all. batch= (1),
    repeats= (10 rounds), task=, device=auto|cpu|cuda, and compile=true to
    measure torch.compile too (some networks take many minutes to compile).
    Results are written to output=DIR or FILE.csv (default runs/bench).
    """
    given = pairs(overrides or [])
    output = given.pop("output", "runs/bench")
    from gaugecnn.bench import measure
    from gaugecnn.bench.plan import plan_from_words
    from gaugecnn.bench.progress import shown
    from gaugecnn.bench.report import reasons, results_file, table, write_results
    from gaugecnn.bench.run import steps

    plan = plan_from_words(given)
    file = results_file(output)
    with shown(steps(plan)) as tell:
        measured = measure(plan, tell)
    Console().print(table(measured))
    typer.echo("".join(f"{line}\n" for line in reasons(measured)), nl=False)
    write_results(measured, file)
    typer.echo(f"results: {file}")


app.command(epilog=EPILOG)(study)
app.command(epilog=REPORT_EPILOG)(report)
