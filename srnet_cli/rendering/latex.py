"""Documents as LaTeX, to be put into a paper; the packages amsmath and amssymb are needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

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
from srnet_cli.rendering.latex_words import escaped, length
from srnet_cli.rendering.plain import plain
from srnet_cli.rendering.table import Cell, Column, Kind, Table

TEXT_WIDTH = 70
"""Characters in the text width of an article, 345 pt at 10 pt."""

_SHRUNK_WIDTH = 130
"""A table of up to so many characters is shrunk to the text width; a wider one is stacked."""

_ROWS = 20
"""Rows of equations that are kept on one page."""

_LONG_CODE = 40
"""Shorter code stands on one line."""

_NEEDS = r"needs \usepackage{amsmath,graphicx,textcomp}"


def render(document: Document) -> str:
    """Equations as ``align*``, tables as ``tabular``; words are comments above them."""
    lines = list(_comments((document.title, *document.lead, _NEEDS)))
    for section in document.sections:
        lines += _comments([section.heading])
        for block in section.blocks:
            lines += _block(block)
    return "\n".join(lines)


def _comments(lines: Sequence[str]) -> Iterator[str]:
    return (f"% {plain(line)}" for line in lines if line)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield from _comments([words])
        case Remarks(lines):
            yield from _comments(lines)
        case Equations(equations, rest):
            if equations:
                yield from _aligned(
                    [line for equation in equations for line in _equation(equation)]
                )
            yield from _comments([rest])
        case Verbatim(verbatim):
            yield from _verbatim(verbatim.split("\n"))
        case Table():
            yield from _tabular(block)
        case Chart() | Diagram():
            yield from _comments([f"{block.title}: {block.description}"])
        case Highlights(highlights):
            yield from _comments(
                [f"{shown.label}: {shown.figure} {shown.note}" for shown in highlights]
            )
        case Folded(title, blocks):
            yield from _comments([title])
            for inner in blocks:
                yield from _block(inner)


def _verbatim(lines: Sequence[str]) -> Iterator[str]:
    """Lines in typewriter type, with their indents; the environment of that name knows no Unicode.

    Blanks within a line stay breakable, so that a long line is continued on the next.
    """
    yield r"\begin{flushleft}\ttfamily"
    yield " \\\\\n".join(_indented(line) for line in lines)
    yield r"\end{flushleft}"


def _indented(line: str) -> str:
    words = line.lstrip(" ")
    # An empty box keeps an empty line, and a bracket or star from being read as an option of the
    # line's end above it.
    return r"\mbox{}" + "~" * (len(line) - len(words)) + escaped(words)


def _aligned(rows: Sequence[str]) -> Iterator[str]:
    is_long = len(rows) > _ROWS
    yield from [r"\begingroup\allowdisplaybreaks"] if is_long else []
    yield r"\begin{align*}"
    yield " \\\\\n".join(rows)
    yield r"\end{align*}"
    yield from [r"\endgroup"] if is_long else []


def _equation(equation: Equation) -> Iterator[str]:
    first, *others = equation.latex
    yield f"  {equation.latex_name or upright(equation.name)} &= {first.strip()}"
    yield from (rf"  &\quad {line.strip()}" for line in others)


def upright(name: str) -> str:
    """A name in a formula, set as words; a single letter as a variable."""
    if len(name) == 1 and name.isascii() and name.isalpha():
        return name
    return rf"\text{{{escaped(name)}}}"


def _tabular(table: Table) -> Iterator[str]:
    lesser = [column.title for column in table.columns if column.is_lesser]
    if lesser and _width(table) > _SHRUNK_WIDTH:
        greater = (place for place, column in enumerate(table.columns) if not column.is_lesser)
        table = table.select(greater)
        yield from _comments([f"left out for want of room: {', '.join(lesser)}"])
    is_shrunk = _width(table) <= _SHRUNK_WIDTH
    if not is_shrunk:
        table = table.stacked()
    yield r"\par\noindent"  # two tables in one paragraph would stand side by side
    # Widths are estimated above; what is a little too wide all the same is shrunk to the line.
    yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
    yield rf"\begin{{tabular}}{{{_alignments(table, is_shrunk)}}}"
    yield r"  \hline"
    yield _row([escaped(column.title) for column in table.columns])
    yield r"  \hline"
    yield from (_row([_cell(cell) for cell in row]) for row in table.rows)
    yield r"  \hline"
    yield r"\end{tabular}}"


def _alignments(table: Table, is_shrunk: bool) -> str:
    if is_shrunk:
        return "".join("r" if column.align == "right" else "l" for column in table.columns)
    return "".join(map(_alignment, _shares(table)))


def _shares(table: Table) -> list[tuple[Column, float]]:
    """The columns, each with the share of the text width that it has to be broken to, or 0."""
    widths = _widths(table)
    room = TEXT_WIDTH - 2 * len(widths)
    longest = max(range(len(widths)), key=widths.__getitem__)
    excess = sum(widths) - room
    shares = [0.0] * len(widths)
    if excess > 0:
        shares[longest] = max(widths[longest] - excess, room // 3) / TEXT_WIDTH
    return list(zip(table.columns, shares, strict=True))


def _alignment(column: tuple[Column, float]) -> str:
    described, share = column
    if share:
        return rf"p{{{share:.2f}\linewidth}}"
    return "r" if described.align == "right" else "l"


def _row(cells: Sequence[str]) -> str:
    # A bracket at the beginning of a line would be taken for an option of the line's end above it.
    first, *others = cells
    return rf"  {' & '.join(('{}' + first if first.startswith('[') else first, *others))} \\"


def _cell(cell: Cell) -> str:
    words = cell.with_note.strip()
    if cell.kind is Kind.NUMBER:
        return _figures(words)
    written = escaped(words)
    return rf"\texttt{{{_breakable(written)}}}" if cell.kind is Kind.CODE and words else written


def _breakable(written: str) -> str:
    """Code that lines may be broken in behind an opening parenthesis or the sign of a product."""
    if len(written) <= _LONG_CODE:
        return written
    return re.sub(r"\((?!\))|(?<!\*)\*(?!\*)", r"\g<0>\\allowbreak{}", written)


def _figures(words: str) -> str:
    """Numbers with a minus sign, and powers of ten written as such."""
    parts = re.split(r"([+-]?\d[\d.]*(?:e[+-]?\d+)?)", words)
    return "".join(
        _number(part) if place % 2 else escaped(part) for place, part in enumerate(parts)
    )


def _number(digits: str) -> str:
    mantissa, _, exponent = digits.partition("e")
    if exponent:
        return rf"${mantissa} \cdot 10^{{{int(exponent)}}}$"
    return f"${digits}$" if digits.startswith("-") else digits


def _widths(table: Table) -> list[int]:
    return [
        max([length(column.title), *(length(row[place].with_note) for row in table.rows)])
        for place, column in enumerate(table.columns)
    ]


def _width(table: Table) -> int:
    return sum(_widths(table)) + 2 * len(table.columns)
