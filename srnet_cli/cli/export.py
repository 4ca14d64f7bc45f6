"""``srnet export``: take the formulas of a run elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import completion, console
from srnet_cli.cli.options import (
    CHOOSING,
    AsFound,
    Complexity,
    Composition,
    Fidelity,
    Force,
    NamedRun,
    Output,
    Pick,
    RunReference,
    check_force,
    meant,
)


def export(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="python, numpy, sympy, latex, mathml, markdown, excel, c, onnx, torch or jax.",
            autocompletion=completion.formats,
        ),
    ],
    named: NamedRun = None,
    run: RunReference = None,
    output: Output = None,
    composition: Composition = False,
    layer: Annotated[
        str | None,
        typer.Option(
            metavar="L",
            help="Layer L alone, from 1 or by its name, as a function of what the layer before "
            "gives.",
            rich_help_panel=CHOOSING,
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(metavar="NAME", help="double, or single for c, numpy, onnx, torch and jax."),
    ] = "double",
    fidelity: Fidelity = None,
    complexity: Complexity = None,
    pick: Pick = None,
    as_found: AsFound = False,
    force: Force = False,
) -> None:
    """Write a run's formulas as code, as a document, or as a spreadsheet.

    By default the formula that 'srnet explain' shows first; without such formulas the composition.
    What is written says where it holds, what it is worth and where it fails. Python, NumPy and C
    need nothing else.
    """
    from srnet_cli.export import exporting
    from srnet_cli.runs.choice import Choice
    from srnet_cli.runs.layer_names import layer_number

    check_force(force, output)
    run = meant(named, run)
    number = layer_number(run, layer)
    text = exporting.run(
        run,
        to,
        output=output,
        choice=Choice(fidelity, complexity, number if pick is not None else None, pick, as_found),
        composition=composition,
        layer=number,
        precision=precision,
        force=force,
    )
    if text is not None:
        console.show(text.rstrip("\n"))
