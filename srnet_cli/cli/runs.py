"""``srnet ls`` and ``srnet verify``: the runs there are, and whether their files are whole."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import ListFormat
from srnet_cli.cli.options import RunReference


def list_runs(
    form: Annotated[ListFormat, typer.Option("--format", help="How to print.")] = ListFormat.table,
) -> None:
    """List the runs, the latest last."""
    from srnet_cli.runs import listing

    console.show(listing.FORMATS[form.value](listing.run()))


def verify(run: RunReference = None) -> None:
    """Check that a finished run's files are what was committed; exit 4 if not."""
    from srnet_cli.runs import verifying as workflow

    console.show(workflow.run(run))
