"""``srnet ls``, ``srnet verify`` and ``srnet rm``: the runs there are, whole or to be removed."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from srnet_cli.cli import completion, console
from srnet_cli.cli.console import Format, ListFormat
from srnet_cli.cli.options import WRITING, NamedRun, Quiet, RunReference, meant
from srnet_cli.errors import UsageError


class Order(StrEnum):
    """What a list of runs is sorted by."""

    finished = "finished"
    name = "name"
    state = "state"
    fitness = "fitness"
    r2 = "r2"


def list_runs(
    order: Annotated[
        Order,
        typer.Option(
            "--sort",
            help="By time, the latest last; by name or state; or the best fitness or R² first.",
        ),
    ] = Order.finished,
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    form: Annotated[ListFormat, typer.Option("--format", help="How to print.")] = ListFormat.table,
) -> None:
    """List the runs, the latest last."""
    from srnet_cli.runs import listing

    listed = listing.in_order(listing.run(), order.value, reverse=reverse)
    console.answer(listing.document(listed), form)


def verify(
    named: NamedRun = None,
    run: RunReference = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Check that a run's files are what was committed, or its checkpoints whole; exit 4 if not."""
    from srnet_cli.runs import verifying

    console.answer(verifying.document(verifying.run(meant(named, run))), form)


def remove(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Runs' folders or names.",
            autocompletion=completion.runs,
            show_default=False,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    form: Annotated[
        Format, typer.Option("--format", help="How to print.", rich_help_panel=WRITING)
    ] = Format.table,
    quiet: Quiet = False,
) -> None:
    """Remove runs with all their files, for good.

    Only folders that runs have made are removed, none that a process works in, and none by way of a
    link.
    """
    from srnet_cli.runs import removing

    doomed = removing.find(runs)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is there to be asked", hint="say so", remedies=("yes",))
        for line in doomed.lines():
            console.remark(line)
        if not typer.confirm("Remove for good?", err=True):
            raise typer.Abort
    removed = removing.run(doomed)
    if not quiet or form is not Format.table:
        console.answer(removing.document(removed), form)
