"""``srnet explain``: print the formulas of a run."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import console
from srnet_cli.cli.console import Format
from srnet_cli.cli.options import (
    CHOOSING,
    INSTEAD,
    WRITING,
    NamedRun,
    Quiet,
    RunReference,
    meant,
    require_alone,
)
from srnet_cli.errors import UsageError
from srnet_cli.executor.processors import processors

At = Annotated[
    str | None,
    typer.Option(
        metavar="ROW|x0=..,x1=..",
        help="Print what formula and network are, with their slopes, at a held-out row, numbered "
        "from 0, or at given inputs; columns of categories as column=category.",
        rich_help_panel=INSTEAD,
    ),
]


def explain(
    named: NamedRun = None,
    run: RunReference = None,
    digits: Annotated[
        int | None,
        typer.Option(
            help="Significant digits of numbers; by default as few as keep R².",
            rich_help_panel=WRITING,
        ),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How to print.", rich_help_panel=WRITING)
    ] = Format.table,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Print long formulas and wide layers in full.",
            rich_help_panel=WRITING,
        ),
    ] = False,
    fidelity: Annotated[
        float | None,
        typer.Option(
            metavar="F",
            help="Show the simplest formulas whose output has at least F times the R² (to the "
            "network, held-out rows; of probabilities for classes) of the most faithful ones; 1: "
            "those. By default the knee of the front, and for the layers 0.99.",
            rich_help_panel=CHOOSING,
        ),
    ] = None,
    complexity: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Show the most faithful formulas of at most N nodes; of layers, all together.",
            rich_help_panel=CHOOSING,
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(
            metavar="L",
            help="With --pick: read layer L, from 1 or by its name, in another way.",
            rich_help_panel=CHOOSING,
        ),
    ] = None,
    pick: Annotated[
        int | None,
        typer.Option(
            metavar="I",
            help="With --layer: member I, from 1, of the layer's front.",
            rich_help_panel=CHOOSING,
        ),
    ] = None,
    as_found: Annotated[
        bool,
        typer.Option(
            "--as-found",
            help="Show what the search has found, unchanged.",
            rich_help_panel=CHOOSING,
        ),
    ] = False,
    fronts: Annotated[
        bool,
        typer.Option(
            "--fronts",
            help="List what there is to choose from.",
            rich_help_panel=INSTEAD,
        ),
    ] = False,
    scaled: Annotated[
        bool,
        typer.Option(
            "--scaled",
            help="Print formulas of standardised inputs, where the network reads these.",
            rich_help_panel=WRITING,
        ),
    ] = False,
    hypotheses: Annotated[
        list[str] | None,
        typer.Option(
            "--try",
            metavar="FORMULA",
            help="Set a formula of your own beside those found: 'k*x**2/2', or for one of several "
            "outputs 'name = formula'. May be repeated.",
            rich_help_panel=CHOOSING,
        ),
    ] = None,
    hybrid: Annotated[
        bool,
        typer.Option(
            "--hybrid",
            help="Set formulas in place of the network's layers, and write hybrid.json: "
            "what is left of the outputs, and the time that it takes.",
            rich_help_panel=INSTEAD,
        ),
    ] = False,
    units: Annotated[
        str | None,
        typer.Option(
            "--units",
            metavar="L",
            help="Search instead for what the units of hidden layer L, from 1 or by its name, mean "
            "in the inputs' own terms: a short formula of each, straight from the inputs.",
            rich_help_panel=INSTEAD,
        ),
    ] = None,
    at: At = None,
    quiet: Quiet = False,
) -> None:
    """Print what a run's network computes: one formula, all that were found, and layer by layer.

    First comes the formula where more nodes begin to bring little (the knee of the front), with its
    1−R² on held-out rows and where it fails; --fidelity and --complexity choose others.
    """
    from srnet_cli.rendering.document import Display
    from srnet_cli.runs.choice import Choice
    from srnet_cli.runs.layer_names import layer_number

    run = meant(named, run)
    choice = Choice(fidelity, complexity, layer_number(run, layer), pick, as_found)
    display = Display(full, console.flag)
    options = {
        "digits": digits is not None,
        "scaled": scaled,
        "at": at is not None,
        "try": hypotheses is not None,
        "fronts": fronts,
        "hybrid": hybrid,
    }
    if units is not None:
        from srnet_cli.cli.progress import reporter
        from srnet_cli.explain import units as meanings

        chosen = dict.fromkeys(choice.wishes, True)
        alone = options | chosen | {"full": full}
        require_alone("units", "units are searched for alone", alone)
        with reporter(quiet=quiet) as watcher:
            number = layer_number(run, units, option="units")
            meaning = meanings.run(run, number, threads=processors(), reporter=watcher)
        console.answer(meanings.document(meaning), form)
        return
    if hybrid:
        from srnet_cli.explain import hybrid as hybrids

        require_alone("hybrid", "layers are replaced alone", options | {"full": full})
        console.answer(hybrids.document(hybrids.run(run, choice=choice)), form)
        return
    if fronts:
        from srnet_cli.explain import front_list

        require_alone(
            "fronts",
            "a list of what there is to choose from is given without options that choose or show",
            options | dict.fromkeys(choice.wishes, True),
        )
        console.answer(front_list.document(front_list.run(run), display), form)
        return
    if at is not None:
        from srnet_cli.explain import point

        if hypotheses:
            raise UsageError("a point is shown alone; give one of them", options=("at", "try"))

        if scaled:
            raise UsageError(
                "a point is given, and its slopes are taken, in the inputs' own units",
                options=("at", "scaled"),
            )
        console.answer(
            point.document(point.run(run, at, choice=choice), display, digits=digits), form
        )
        return
    from srnet_cli.explain import explaining
    from srnet_cli.explain.document import document

    explained = explaining.run(
        run, digits=digits, choice=choice, scaled=scaled, hypotheses=hypotheses or ()
    )
    console.answer(document(explained, display), form)
