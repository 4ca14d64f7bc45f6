"""``srnet predict``: apply the formulas of a run to a table."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.options import (
    AsFound,
    Complexity,
    Composition,
    Fidelity,
    Force,
    NamedRun,
    Output,
    Quiet,
    RunReference,
    check_force,
    meant,
)


def predict(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="Rows with the inputs' columns, and any others: .csv, .tsv (also .gz), .parquet.",
            show_default=False,
        ),
    ],
    named: NamedRun = None,
    run: RunReference = None,
    output: Output = None,
    network: Annotated[
        bool, typer.Option("--network", help="What the network says, beside the formulas.")
    ] = False,
    composition: Composition = False,
    fidelity: Fidelity = None,
    complexity: Complexity = None,
    as_found: AsFound = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Apply a run's formulas to the rows of a table.

    The table's own columns come first, then NAME_formula for every output, for classes the class
    and its scores, and outside_domain, which names the inputs that are outside of the domain. A row
    on which a formula has no value has an empty cell. Tables may be of any length.
    """
    from srnet_cli.predict import predicting
    from srnet_cli.runs.choice import Choice

    check_force(force, output)
    with console.writing() if output is None else nullcontext():
        predicted = predicting.run(
            meant(named, run),
            table,
            output=output,
            screen=sys.stdout,
            choice=Choice(fidelity, complexity, as_found=as_found),
            composition=composition,
            network=network,
            force=force,
        )
    if not quiet:
        for remark in predicted.remarks():
            console.remark(remark)
