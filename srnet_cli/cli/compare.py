"""``srnet compare``: set the formulas of a run against LIME and MAPLE."""

from __future__ import annotations

from typing import Annotated

import typer

from srnet_cli.cli import completion, console
from srnet_cli.cli.console import Format
from srnet_cli.cli.options import SEARCHING, WRITING, Quiet


def compare(
    named: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="Runs' folders or names; by default the latest.",
            autocompletion=completion.runs,
            show_default=False,
        ),
    ] = None,
    lime: Annotated[bool, typer.Option("--lime", help="Compare with LIME.")] = False,
    maple: Annotated[bool, typer.Option("--maple", help="Compare with MAPLE.")] = False,
    runs: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="The same as RUN; may be repeated.",
            autocompletion=completion.runs,
        ),
    ] = None,
    instances: Annotated[
        int,
        typer.Option(
            help="Rows to explain, of the held-out ones and of those beyond.",
            rich_help_panel=SEARCHING,
        ),
    ] = 200,
    jobs: Annotated[
        int, typer.Option(help="Processes; they change no result.", rich_help_panel=SEARCHING)
    ] = 1,
    inputs: Annotated[
        str | None,
        typer.Option(
            metavar="x0,x1",
            help="For classifiers: the inputs over which decision boundaries are drawn, the others "
            "at their medians; by default the two of the largest effect.",
            rich_help_panel=WRITING,
        ),
    ] = None,
    projection: Annotated[
        bool,
        typer.Option(
            "--projection",
            help="Draw decision boundaries over two principal components of the rows instead.",
            rich_help_panel=WRITING,
        ),
    ] = False,
    form: Annotated[
        Format, typer.Option("--format", help="How to print.", rich_help_panel=WRITING)
    ] = Format.table,
    quiet: Quiet = False,
) -> None:
    """Set a run's formulas against LIME and MAPLE, on the same network and the same rows.

    Results go to compare.csv, compare.json and plots in the run's folder.
    LIME and MAPLE come with the extra 'compare'.
    """
    from srnet_cli.cli.progress import reporter
    from srnet_cli.compare import comparing as workflow
    from srnet_cli.compare.document import document
    from srnet_cli.compare.plane import View

    view = View.parse(inputs, projection)

    with reporter(quiet=quiet) as watcher:
        compared = workflow.run(
            list(dict.fromkeys([*(named or ()), *(runs or ())])),
            lime=lime,
            maple=maple,
            instances=instances,
            jobs=jobs,
            view=view,
            reporter=watcher,
        )
    console.answer(document(compared), form)
