"""Documents as Markdown, for a notebook or an issue: CommonMark with tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from srnet_cli.rendering.chart import Chart
from srnet_cli.rendering.diagram import Diagram
from srnet_cli.rendering.document import (
    Block,
    Document,
    Equations,
    Folded,
    Highlights,
    Paragraph,
    Remarks,
    Verbatim,
)
from srnet_cli.rendering.plain import plain
from srnet_cli.rendering.table import Cell, Kind, Table


def render(document: Document) -> str:
    """The document with a heading, sections, lists and pipe tables."""
    parts = [f"# {escaped(document.title)}"] if document.title else []
    parts += [opening(line) for line in document.lead]
    for section in document.sections:
        if section.heading:
            parts.append(f"{'#' * (2 + section.depth)} {escaped(section.heading)}")
        parts += ["\n".join(_block(block)) for block in section.blocks]
    return "\n\n".join(part for part in parts if part)


def escaped(words: str) -> str:
    """Words that Markdown shows as they are."""
    words = re.sub(r"[\\`*\[\]<>&|~$]", r"\\\g<0>", plain(words))
    # Within a word an underscore means nothing.
    words = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", words)
    return re.sub(r"(?i)\b(https?|ftp)(:)|\b(www)(\.)", r"\1\3\\\2\4", words)


def opening(words: str) -> str:
    """The same at the beginning of a line, where more than within one has a meaning."""
    words = re.sub(r"^([#+=-])", r"\\\1", escaped(plain(words).strip()))
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", words)


def code_span(words: str) -> str:
    """Words as code, whatever backticks they hold."""
    words = plain(words)
    if not words:
        return ""
    fence = _fence(words, at_least=1)
    is_bare = not (words[0] in "` " or words[-1] in "` ")
    return f"{fence}{words}{fence}" if is_bare else f"{fence} {words} {fence}"


def _fence(words: str, at_least: int) -> str:
    """More backticks than stand together anywhere in the words."""
    longest = max(map(len, re.findall("`+", words)), default=0)
    return "`" * max(1 + longest, at_least)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield opening(words)
        case Remarks(lines):
            yield from (f"- {opening(line)}" for line in lines)
        case Equations(equations, rest):
            for equation in equations:
                yield f"- {code_span(f'{equation.name} = {equation.text}')}"
            if rest:
                yield f"- {opening(rest)}"
        case Verbatim(verbatim):
            fence = _fence(verbatim, at_least=3)
            yield from (fence, verbatim, fence)
        case Table():
            yield from _table(block)
        case Chart() | Diagram():
            yield opening(f"{block.title}: {block.description}")
        case Highlights(highlights):
            for shown in highlights:
                yield f"- {opening(f'{shown.label}: {shown.figure} {shown.note}')}"
        case Folded(title, blocks):
            yield opening(title)
            for inner in blocks:
                yield ""
                yield from _block(inner)


def _table(table: Table) -> Iterator[str]:
    yield _row([escaped(column.title) for column in table.columns])
    yield _row(["---:" if column.align == "right" else "---" for column in table.columns])
    for row in table.rows:
        yield _row([_cell(cell) for cell in row])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    if cell.kind is Kind.CODE:
        # Of a table's cell, bars are read before code is.
        return code_span(cell.with_note).replace("|", r"\|")
    return escaped(cell.with_note.strip())
