"""Documents as a page of HTML that needs nothing besides itself: no network, no other file.

Style and script are this package's own, and stand inside the page; its content security policy lets
a browser run these and load nothing. Everything that comes from outside is escaped, and stands in
text or in attributes only, never in style or script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files as resources
from itertools import count

from srnet_cli.rendering.chart import Chart
from srnet_cli.rendering.diagram import Diagram
from srnet_cli.rendering.diagram_svg import diagram_svg
from srnet_cli.rendering.document import (
    Block,
    Document,
    Equation,
    Equations,
    Folded,
    Highlights,
    Paragraph,
    Remarks,
    Section,
    Verbatim,
)
from srnet_cli.rendering.svg import chart_svgs
from srnet_cli.rendering.svg_series import swatch
from srnet_cli.rendering.svg_words import escaped
from srnet_cli.rendering.table import Cell, Kind, Table

GENERATOR = "srnet"
"""What the page's ``generator`` says, by which such a page is known again."""

BEGINNING = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    f'<meta name="generator" content="{GENERATOR}">'
)
"""What every page begins with."""


def render(document: Document) -> str:
    """The document as a page."""
    style, script = _resource("page.css"), _resource("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    title = escaped(document.title or "srnet")
    pages = [
        BEGINNING,
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{title}</title>",
        f"<style>{style}</style>",
        "</head>\n<body>",
        '<a class="skip" href="#main">Skip to the content</a>',
        f"<header><h1>{title}</h1>",
        *(f"<p>{escaped(line)}</p>" for line in document.lead if line),
        "</header>",
        '<div class="page">',
        *_contents(document),
        '<main id="main" tabindex="-1">',
        *_sections(document.sections),
        "</main>",
        "</div>",
        "<footer><p>Made by srnet. This page loads nothing.</p></footer>",
        '<p id="said" class="unseen" role="status"></p>',
        f"<script>{script}</script>",
        "</body>\n</html>",
    ]
    return "\n".join(pages)


@cache
def _resource(name: str) -> str:
    """The text of a file of this package."""
    return (resources("srnet_cli.rendering") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _contents(document: Document) -> Iterator[str]:
    """Links to the sections."""
    named = [
        section
        for section in document.sections
        if section.key and section.heading and not section.depth
    ]
    if len(named) < 2:
        return
    yield '<nav aria-label="Sections"><ul>'
    for section in named:
        yield f'<li><a href="#{escaped(section.key)}">{escaped(section.heading)}</a></li>'
    yield "</ul></nav>"


def _sections(sections: Sequence[Section]) -> Iterator[str]:
    """Sections with a heading, each with those within it and those without a heading behind it."""
    numbers, depths = count(1), list[int]()
    for section in sections:
        if section.heading:
            while depths and depths[-1] >= section.depth:
                depths.pop()
                yield "</section>"
            depths.append(section.depth)
            key = escaped(section.key or f"section-{next(numbers)}")
            level = 2 + section.depth
            yield f'<section id="{key}" aria-labelledby="{key}-h">'
            yield f'<h{level} id="{key}-h">{escaped(section.heading)}</h{level}>'
        for block in section.blocks:
            yield from _block(block)
    yield from ("</section>" for _ in depths)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield f"<p>{escaped(words)}</p>"
        case Remarks(lines):
            if lines:
                yield "<ul>"
                yield from (f"<li>{escaped(line)}</li>" for line in lines)
                yield "</ul>"
        case Equations(equations, rest):
            yield from _equations(equations)
            if rest:
                yield f'<p class="rest">{escaped(rest)}</p>'
        case Verbatim(verbatim):
            yield '<div class="verbatim">' + _copy("Copy", "Copy this text", verbatim)
            yield f'<pre class="scroll"><code>{_lines(verbatim)}</code></pre></div>'
        case Table():
            yield from _table(block)
        case Chart():
            yield from _chart(block)
        case Diagram():
            yield f'<figure id="figure-{escaped(block.key)}">'
            yield (
                '<div class="scroll" role="group" '
                f'aria-label="{escaped(block.title)}">{diagram_svg(block)}</div>'
            )
            yield f"<figcaption>{escaped(block.title)}</figcaption>"
            yield f'<p class="told">{escaped(block.description)}</p></figure>'
        case Highlights(highlights):
            yield '<dl class="highlights">'
            for shown in highlights:
                note = f'<dd class="note">{escaped(shown.note)}</dd>' if shown.note else ""
                yield (
                    f"<div><dt>{escaped(shown.label)}</dt>"
                    f'<dd class="figure">{escaped(shown.figure)}</dd>{note}</div>'
                )
            yield "</dl>"
        case Folded(title, blocks):
            yield f"<details><summary>{escaped(title)}</summary>"
            for inner in blocks:
                yield from _block(inner)
            yield "</details>"


def _lines(text: str) -> str:
    """Text in lines, as it stands."""
    return "\n".join(escaped(line) for line in text.expandtabs(4).splitlines())


def _copy(label: str, purpose: str, text: str) -> str:
    """A button that copies a text, shown where scripts run."""
    copied = "&#10;".join(escaped(line) for line in text.expandtabs(4).splitlines())
    return (
        f'<button type="button" class="copy" aria-label="{escaped(purpose)}" '
        f'data-copy="{copied}">{escaped(label)}</button>'
    )


def _equations(equations: Sequence[Equation]) -> Iterator[str]:
    if not equations:
        return
    yield '<div class="equations">'
    for equation in equations:
        name = equation.name
        yield f'<div class="equation"><div class="formula scroll">{_formula(equation)}</div>'
        latex_name = equation.latex_name or name
        latex = f"{latex_name} = " + " ".join(equation.latex)
        python = equation.python or equation.text
        assigned = f"{name} = {python}" if name.isidentifier() else python
        yield '<span class="buttons">'
        yield _copy("LaTeX", f"Copy {name} as LaTeX", latex)
        yield _copy("Python", f"Copy {name} as Python", assigned)
        yield "</span></div>"
    yield "</div>"


def _formula(equation: Equation) -> str:
    """A formula as MathML, or as it is typed where there is none."""
    if not equation.mathml:
        return f"<code>{escaped(equation.name)} = {escaped(equation.text)}</code>"
    return "".join(f"<math>{part}</math>" for part in equation.mathml)


def _table(table: Table) -> Iterator[str]:
    heads = [column.title for column in table.columns]
    named = next((head for head in heads if head), "figures")
    yield f'<div class="scroll" role="group" aria-label="Table: {escaped(named)}">'
    yield "<table><thead><tr>"
    for column in table.columns:
        aligned = ' class="number"' if column.align == "right" else ""
        title = escaped(column.title)
        yield f'<th scope="col"{aligned}>{title}</th>' if title else f"<td{aligned}></td>"
    yield "</tr></thead><tbody>"
    for number, row in enumerate(table.rows, start=1):
        key = f' id="{escaped(table.key)}-{number}"' if table.key else ""
        cells = [_cell(cell, place, table) for place, cell in enumerate(row)]
        yield f"<tr{key}>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _cell(cell: Cell, place: int, table: Table) -> str:
    classes = []
    if table.columns[place].align == "right":
        classes.append("number")
    if cell.shade:
        classes.append(f"shade{cell.shade}")
    names = f' class="{" ".join(classes)}"' if classes else ""
    words = escaped(cell.text)
    if cell.kind is Kind.CODE and words:
        words = f"<code>{words}</code>"
    if cell.note:
        words = f'{words} <span class="note">{escaped(cell.note)}</span>'
    is_name = place == 0 and bool(words)
    return f'<th scope="row"{names}>{words}</th>' if is_name else f"<td{names}>{words}</td>"


def _chart(chart: Chart) -> Iterator[str]:
    kind = "wide" if chart.is_wide else "narrow"
    yield f'<figure id="figure-{escaped(chart.key)}" class="{kind}">'
    yield f"<figcaption>{escaped(chart.title)}</figcaption>"
    legend = [(swatch(series), series.name) for series in chart.legend]
    legend += [
        ('<svg viewBox="0 0 28 14" class="swatch" aria-hidden="true"><rect class="span" '
         'x="1" y="1" width="26" height="12"/></svg>', name)
        for name in chart.spans
    ]  # fmt: skip
    if legend:
        yield '<ul class="legend">'
        yield from (f"<li>{picture}{escaped(name)}</li>" for picture, name in legend)
        yield "</ul>"
    yield '<div class="panels">'
    yield from chart_svgs(chart)
    yield "</div>"
    if any(series.marks for panel in chart.panels for series in panel.series):
        yield (
            '<p class="readout" aria-hidden="true">Point at a mark, or go along them with the '
            "arrow keys, to see its formula; a click leads to its row below.</p>"
        )
    yield f'<p class="told">{escaped(chart.description)}</p></figure>'
