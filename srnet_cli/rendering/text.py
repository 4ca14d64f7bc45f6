"""Documents for the terminal, as wide as it is: lines are broken, and nothing is cut silently."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from srnet_cli.rendering.breaking import broken
from srnet_cli.rendering.chart import Chart
from srnet_cli.rendering.diagram import Diagram
from srnet_cli.rendering.document import (
    Block,
    Document,
    Equation,
    Equations,
    Folded,
    Highlights,
    Paragraph,
    Remarks,
    Verbatim,
)
from srnet_cli.rendering.plain import plain
from srnet_cli.rendering.table import Cell, Column, Table, text

_LEAST_WRAPPED = 24
_GAP = "  "


def render(document: Document, width: int | None = None) -> str:
    """The document as lines of text.

    Args:
        document: the document.
        width: columns that there are. None: those of the terminal; where there is none, equations
            and the rows of tables have a line each, however long, to be copied and searched.
    """
    room = terminal_width() if width is None else width
    blocks = ["\n".join(plain(line) for line in (document.title, *document.lead) if line)]
    for section in document.sections:
        lines = [plain(section.heading)] if section.heading else []
        for block in section.blocks:
            if isinstance(block, Table) and block is not section.blocks[0]:
                lines.append("")
            lines += _block(block, room)
        blocks.append("\n".join(lines))
    return "\n\n".join(block for block in blocks if block)


def terminal_width() -> int | None:
    """Columns of the terminal that standard output is, or of ``COLUMNS``; None where neither is."""
    if os.environ.get("COLUMNS", "").isdigit() or sys.stdout.isatty():
        return shutil.get_terminal_size((80, 24)).columns
    return None


def aligned(table: Table, width: int | None = None) -> Iterator[str]:
    """A table as lines of columns, whole in every case.

    Where there is no room, lesser columns are left out and named; then words are broken into lines;
    then the figures stand below one another.
    """
    if width is None or _width(table) <= width:
        yield from _lines(table)
        return
    greater = table.select(
        place for place, column in enumerate(table.columns) if not column.is_lesser
    )
    lesser = [column.title for column in table.columns if column.is_lesser]
    for candidate in (_wrapped(greater, width), _wrapped(greater.stacked(), width)):
        if candidate is not None:
            yield from _lines(candidate)
            break
    else:
        yield from _lines(greater.stacked())
    if lesser:
        yield f"left out for want of room: {', '.join(lesser)}"


def _block(block: Block, room: int | None) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield from _broken_words(plain(words), room)
        case Remarks(lines):
            for line in lines:
                yield from _broken_words(plain(line), room)
        case Equations(equations, rest):
            for equation in equations:
                yield from _equation(equation, room)
            if rest:
                yield f"  {plain(rest)}"
        case Verbatim(verbatim):
            yield verbatim
        case Table():
            yield from aligned(block, room)
        case Chart() | Diagram():
            yield from _broken_words(plain(f"{block.title}: {block.description}"), room)
        case Highlights(highlights):
            for shown in highlights:
                words = f"{shown.label}: {shown.figure} {shown.note}".rstrip()
                yield from _broken_words(plain(words), room)
        case Folded(title, blocks):
            yield plain(title)
            for inner in blocks:
                yield from _block(inner, room)


def _equation(equation: Equation, room: int | None) -> Iterator[str]:
    line = f"  {plain(equation.name)} = {plain(equation.text)}"
    if room is None or cell_len(line) <= room:
        yield line
        return
    first, *others = broken(line, room, indent=6)
    yield first
    yield from others


def _broken_words(words: str, room: int | None) -> Iterator[str]:
    """Words in lines that fit; all but the first are indented."""
    if room is None or cell_len(words) <= room:
        yield words
        return
    yield from _folded(words, room, indent="  ")


def _folded(words: str, room: int, indent: str = "") -> Iterator[str]:
    """Words in lines broken at blanks; a word that is too long has a line, or lines, of its own."""
    line = ""
    for word in re.findall(r"\S+\s*", words):
        if line and cell_len(line + word.rstrip()) > room:
            yield line.rstrip()
            line = indent
        line += word
    yield line.rstrip()


def _wrapped(table: Table, room: int) -> Table | None:
    """The table with its words broken into lines of their own, or None where that does not do."""
    if (excess := _width(table) - room) <= 0:
        return table
    widths = _widths(table)
    places = [place for place, column in enumerate(table.columns) if column.wraps]
    for place in sorted(places, key=lambda place: -widths[place]):
        if (least := max(_LEAST_WRAPPED, widths[place] - excess)) >= widths[place]:
            continue
        table = _folded_column(table, place, least)
        if (excess := _width(table) - room) <= 0:
            return table
    return None


def _folded_column(table: Table, place: int, room: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for row in table.rows:
        first, *others = _cell_lines(plain(row[place].with_note), room)
        rows.append((*row[:place], text(first), *row[place + 1 :]))
        blank = [text("")] * len(table.columns)
        rows += [(*blank[:place], text(line), *blank[place + 1 :]) for line in others]
    return Table(table.columns, tuple(rows), table.note_title)


def _cell_lines(words: str, room: int) -> Sequence[str]:
    return list(_folded(words, room, indent="  ")) or [""]


def _lines(table: Table) -> Iterator[str]:
    widths = _widths(table)
    yield _line([plain(column.title) for column in table.columns], table.columns, widths)
    for row in table.rows:
        yield _line([plain(cell.with_note) for cell in row], table.columns, widths)


def _line(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    parts = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        blanks = " " * (width - cell_len(cell))
        parts.append(blanks + cell if column.align == "right" else cell + blanks)
    return _GAP.join(parts).rstrip()


def _widths(table: Table) -> list[int]:
    heads = [cell_len(plain(column.title)) for column in table.columns]
    return [
        max([head, *(cell_len(plain(row[place].with_note)) for row in table.rows)])
        for place, head in enumerate(heads)
    ]


def _width(table: Table) -> int:
    return sum(_widths(table)) + len(_GAP) * (len(table.columns) - 1)
