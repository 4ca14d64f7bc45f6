"""``srnet ls`` and ``srnet verify``: the runs there are, and whether their files are whole."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import Format, ListFormat
from srnet_cli.cli.options import RunReference


def list_runs(
    form: Annotated[ListFormat, typer.Option("--format", help="How to print.")] = ListFormat.table,
) -> None:
    """List the runs, the latest last."""
    from srnet_cli.runs import listing

    console.answer(listing.document(listing.run()), form)


def verify(
    run: RunReference = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Check that a run's files are what was committed, or its checkpoints whole; exit 4 if not."""
    from srnet_cli.runs import verifying

    console.answer(verifying.document(verifying.run(run)), form)
