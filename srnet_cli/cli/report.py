"""``srnet report``: a run, several runs or a suite on one page."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from srnet_cli.cli import completion, console
from srnet_cli.cli.console import Format
from srnet_cli.cli.options import WRITING


class FigureFormat(StrEnum):
    """Formats of plots as files of their own."""

    pdf = "pdf"
    svg = "svg"
    png = "png"


def report(
    references: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN|SUITE]...",
            help="A run's folder or name, several to set them side by side, or a suite's; by "
            "default the latest run.",
            autocompletion=completion.runs,
            show_default=False,
        ),
    ] = None,
    runs: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="The same as RUN; may be repeated.",
            autocompletion=completion.runs,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write; by default NAME-report.html, of several runs report.html.",
            rich_help_panel=WRITING,
        ),
    ] = None,
    figures: Annotated[
        FigureFormat | None,
        typer.Option(
            help="Write the plots as files too, for a paper, into a folder beside the page.",
            rich_help_panel=WRITING,
        ),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            metavar="x0,x1",
            help="For classifiers: the inputs over which regions of classes are drawn, the others "
            "at their medians; by default the two of the largest effect.",
        ),
    ] = None,
    projection: Annotated[
        bool,
        typer.Option(
            "--projection", help="Draw regions over two principal components of the rows instead."
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Replace the file even where it is no report.",
            rich_help_panel=WRITING,
        ),
    ] = False,
    form: Annotated[
        Format,
        typer.Option("--format", help="How to print what was written.", rich_help_panel=WRITING),
    ] = Format.table,
) -> None:
    """Write a report: one HTML file with formulas, plots and figures, which loads nothing else.

    Open it in a browser, send it, or print it. Of a run that has not finished it shows what there
    is, and says what is missing.
    """
    from srnet_cli.compare.plane import View
    from srnet_cli.rendering.document import Display
    from srnet_cli.report import reporting

    written = reporting.run(
        [*(references or ()), *(runs or ())],
        output=output,
        figures=None if figures is None else figures.value,
        force=force,
        display=Display(spelled=console.flag),
        view=View.parse(inputs, projection),
    )
    console.answer(written.document(), form)
