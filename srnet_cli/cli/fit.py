"""``srnet fit``: train or load a network and evolve formulas for its layers."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import Format
from srnet_cli.cli.options import SEARCHING, WRITING, Config, Overrides, Quiet


def fit(
    config: Config,
    overrides: Overrides = None,
    run_dir: Annotated[
        Path | None,
        typer.Option(help="The run's folder, instead of one under runs/.", rich_help_panel=WRITING),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Another name for the run.", rich_help_panel=SEARCHING)
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How to print the result.", rich_help_panel=WRITING)
    ] = Format.table,
    quiet: Quiet = False,
) -> None:
    """Train or load a network and evolve formulas for its layers.

    A fit that was interrupted goes on where it stopped; one that has finished is not repeated. It
    ends with the formula, where the run lies, and what to type next.
    """
    from srnet_cli.cli.progress import reporter
    from srnet_cli.fit import fitting as workflow
    from srnet_cli.rendering.document import Display
    from srnet_cli.store import runs_root

    with reporter(quiet=quiet) as watcher:
        result = workflow.run(config, overrides or (), run_dir=run_dir, name=name, reporter=watcher)
    # It needs SymPy, which a mistake in the config does not wait for.
    from srnet_cli.fit.summary import document

    is_listed = result.path.parent == runs_root()
    run = result.path.name if is_listed else str(result.path)
    explain = f"srnet explain {shlex.quote(run)}"
    display = Display(spelled=lambda option: f"{explain} {console.flag(option)}")
    console.answer(document(result, display, explain), form)
