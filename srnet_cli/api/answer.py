"""An answer as notebooks show it: equations and tables, in the format that they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from srnet_cli.rendering.document import Document, Equations, Paragraph, Remarks, Verbatim
from srnet_cli.rendering.formats import render
from srnet_cli.rendering.plain import plain
from srnet_cli.rendering.table import Table


@dataclass(frozen=True, repr=False)
class Answer:
    """What a command would print, as a value; notebooks show it as equations and tables.

    Attributes:
        document: the answer in no format.
    """

    document: Document

    @property
    def record(self) -> Any:
        """All of it for programs, of what JSON knows."""
        return self.document.for_programs()

    def text(self) -> str:
        """As the terminal prints it."""
        return render(self.document, "table")

    def markdown(self) -> str:
        """As Markdown."""
        return render(self.document, "markdown")

    def latex(self) -> str:
        """As LaTeX."""
        return render(self.document, "latex")

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return as_html(self.document)


def as_html(document: Document) -> str:
    """A document as a fragment of HTML; every word of it is escaped."""
    parts = [f"<h3>{_words(document.title)}</h3>"] if document.title else []
    parts += [f"<p>{_words(line)}</p>" for line in document.lead]
    for section in document.sections:
        if section.heading:
            parts.append(f"<h4>{_words(section.heading)}</h4>")
        parts += [_block(block) for block in section.blocks]
    return f'<div class="srnet">{"".join(parts)}</div>'


def _block(block: Any) -> str:
    match block:
        case Paragraph():
            return f"<p>{_words(block.text)}</p>"
        case Remarks():
            return f"<ul>{''.join(f'<li>{_words(line)}</li>' for line in block.lines)}</ul>"
        case Verbatim():
            return f"<pre>{escape(block.text)}</pre>"
        case Equations():
            lines = "\n".join(f"{plain(e.name)} = {plain(e.text)}" for e in block.equations)
            rest = f"<p>{_words(block.rest)}</p>" if block.rest else ""
            return f"<pre>{escape(lines)}</pre>{rest}"
        case Table():
            return _table(block)
    raise TypeError(f"no HTML of a {type(block).__name__}")


def _table(table: Table) -> str:
    head = "".join(f"<th>{_words(column.title)}</th>" for column in table.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{_words(cell.text)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _words(words: str) -> str:
    return escape(plain(str(words)))
