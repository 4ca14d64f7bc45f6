"""The command line: options, exit codes and how things look. No logic of its own.

Workflows are imported inside the commands, so that ``srnet --help`` waits for no library.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from srnet_cli.errors import SrnetError

if TYPE_CHECKING:
    from srnet_cli.workflows.listing import ListedRun

app = typer.Typer(
    name="srnet",
    help="Read a trained neural network as formulas.",
    epilog="Exit codes: 0 done, 2 usage or config, 3 data or model, 4 storage, 130/143 stopped.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Command = TypeVar("Command", bound=Callable[..., None])


class Format(StrEnum):
    """How explanations are printed."""

    table = "table"
    json = "json"
    markdown = "markdown"
    latex = "latex"


class ListFormat(StrEnum):
    """How lists are printed."""

    table = "table"
    json = "json"
    csv = "csv"


def _reported(command: Command) -> Command:
    """Print errors as one line and end with their exit code."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except SrnetError as error:
            if os.environ.get("SRNET_FULL_ERROR") == "1":
                raise
            _complain(f"srnet: {error}")
            if error.hint:
                _complain(f"  {error.hint}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            _complain("srnet: stopped")
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # Whoever read our output has had enough; nothing more can be said to them.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None

    return wrapper  # type: ignore[return-value]


def _complain(line: str) -> None:
    print(line.replace("\n", " "), file=sys.stderr)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"srnet {version('srnet')}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


Config = Annotated[Path, typer.Argument(help="The config file (YAML).", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting: evolution.seed=1."),
]
RunReference = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="A run's folder or name; by default the latest."),
]


@app.command()
@_reported
def validate(
    config: Config,
    overrides: Overrides = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print every setting with its default filled in.")
    ] = False,
) -> None:
    """Check a config without running it."""
    from srnet_cli.workflows import validate as workflow

    typer.echo(workflow.run(config, overrides or (), resolved=resolved))


@app.command()
@_reported
def fit(
    config: Config,
    overrides: Overrides = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="The run's folder, instead of one under runs/.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Another name for the run.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print results only.")] = False,
) -> None:
    """Train or load a network and evolve formulas for its layers.

    A fit that was interrupted goes on where it stopped; one that has finished is not repeated.
    """
    from srnet_cli.progress import reporter
    from srnet_cli.workflows import fit as workflow
    from srnet_cli.workflows.fit_summary import lines

    with reporter(quiet=quiet) as watcher:
        result = workflow.run(config, overrides or (), run_dir=run_dir, name=name, reporter=watcher)
    for line in lines(result):
        typer.echo(line)


@app.command()
@_reported
def explain(
    run: RunReference = None,
    digits: Annotated[int, typer.Option(help="Significant digits of numbers in formulas.")] = 4,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Print a run's formulas, layer by layer and for the whole network, and what they are worth."""
    from srnet_cli.workflows import explain as workflow
    from srnet_cli.workflows.explain_formats import FORMATS

    typer.echo(FORMATS[form.value](workflow.run(run, digits=digits)))


@app.command("ls")
@_reported
def list_runs(
    form: Annotated[ListFormat, typer.Option("--format", help="How to print.")] = ListFormat.table,
) -> None:
    """List the runs, the latest last."""
    from srnet_cli.workflows import listing

    _print_runs(listing.run(), form)


@app.command()
@_reported
def verify(run: RunReference = None) -> None:
    """Check that a finished run's files are what was committed; exit 4 if not."""
    from srnet_cli.workflows import verify as workflow

    typer.echo(workflow.run(run))


def _print_runs(runs: list[ListedRun], form: ListFormat) -> None:
    from dataclasses import asdict

    records = [asdict(run) for run in runs]
    if form is ListFormat.json:
        import json

        typer.echo(json.dumps(records, indent=2, ensure_ascii=False))
        return
    columns = ["folder", "state", "finished", "fitness", "r2"]
    rows = [
        ["" if record[key] is None else str(record[key]) for key in columns] for record in records
    ]
    if form is ListFormat.csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([columns, *rows])
        return
    _print_table(columns, rows)


def _print_table(columns: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)


def main() -> None:
    """Entry point of the ``srnet`` command."""
    app()
