"""Tables of a comparison for the terminal, drawn by Rich, in which nothing is cut or wrapped."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_SHORT_WIDTH = 80


def drawn(cells: Sequence[Sequence[str]], width: int | None = None) -> str:
    """A table with a column an explainer, or a line an explainer where there is no room for that.

    Args:
        cells: the head, then the rows: a measure, then for each explainer a figure and, after a
            space, its interval.
        width: columns that there are; by default the terminal's, and 80 where there is none.
    """
    room = width or shutil.get_terminal_size((_SHORT_WIDTH, 24)).columns
    console = _console()
    beside = _beside(cells)
    return _print(console, beside if _natural(console, beside) <= room else _below(cells))


def _beside(cells: Sequence[Sequence[str]]) -> Table:
    """Explainers in columns."""
    head, *rows = cells
    table = _blank()
    table.add_column(Text(head[0]), no_wrap=True)
    for title in head[1:]:
        table.add_column(Text(title), justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _below(cells: Sequence[Sequence[str]]) -> Table:
    """Explainers below one another, which needs the same width for however many there are."""
    (name, *titles), *rows = cells
    table = _blank()
    table.add_column(Text(name), no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column("figure", justify="right", no_wrap=True)
    table.add_column("95 % interval", no_wrap=True)
    for measure, *figures in rows:
        for place, (title, figure) in enumerate(zip(titles, figures, strict=True)):
            value, _, interval = figure.partition(" ")
            table.add_row(*map(Text, ("" if place else measure, title, value, interval)))
    return table


def _blank() -> Table:
    # Rules that standard output cannot encode would be printed as escapes.
    can_draw = sys.stdout.encoding.lower().startswith("utf")
    return Table(
        box=box.SIMPLE_HEAD if can_draw else box.ASCII2, header_style="bold", show_edge=False
    )


def _console() -> Console:
    """Prints to memory; in colours only if standard output is a terminal, whatever is exported."""
    return Console(
        file=io.StringIO(), force_terminal=sys.stdout.isatty(), markup=False, highlight=False
    )


def _natural(console: Console, table: Table) -> int:
    """The width that the table has if nothing is squeezed."""
    unbounded = console.options.update(width=10_000)
    return Measurement.get(console, unbounded, table).maximum


def _print(console: Console, table: Table) -> str:
    console.width = _natural(console, table)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
