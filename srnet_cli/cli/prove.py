"""``srnet prove``: prove where a run's formulas are defined, and how far they are off."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import Format
from srnet_cli.cli.options import WRITING, NamedRun, Quiet, RunReference, meant


def prove(
    named: NamedRun = None,
    run: RunReference = None,
    max_seconds: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Time to take; what is not decided by then is open."),
    ] = 60.0,
    form: Annotated[
        Format, typer.Option("--format", help="How to print.", rich_help_panel=WRITING)
    ] = Format.table,
    quiet: Quiet = False,
) -> None:
    """Prove what holds of a run's formulas on the whole domain, beyond all sampling.

    Where the formulas that explain shows are defined, how far they can be from the network, what
    values they take, and where they rise or fall.

    Results and certificates go to proofs.json and proofs.npz in the run's folder. A formula that is
    proved to have no value somewhere is no longer offered as an answer.
    """
    from srnet_cli.cli.progress import reporter
    from srnet_cli.runs import proving
    from srnet_cli.runs.proof_document import document

    with reporter(quiet=quiet) as watcher:
        proved = proving.run(meant(named, run), max_seconds=max_seconds, reporter=watcher)
    console.answer(document(proved), form)
