"""Markdown, read back by a parser that shares no code with the renderer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from odd_documents import ODD_NAMES, odd_document

from srnet_cli.rendering.document import Document, Section, Verbatim
from srnet_cli.rendering.markdown import code_span, escaped, opening, render
from srnet_cli.rendering.plain import plain

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def words(token: Token) -> str:
    """What a reader sees of an inline token; anything but text and code is seen as its type."""
    parts = []
    for child in token.children or ():
        is_shown = child.type in ("text", "code_inline", "text_special")
        parts.append(child.content if is_shown else f"<{child.type}>")
    return "".join(parts)


def inline(markdown: str) -> list[str]:
    """The text of every block, cell and item."""
    return [words(token) for token in PARSER.parse(markdown) if token.type == "inline"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_every_name_is_read_as_it_is(name: str) -> None:
    """In headings, paragraphs, cells, code and lists, whatever its characters mean in Markdown."""
    seen = plain(name)
    figures = "1.5e-08 [1e-09, 2e+10]"
    assert inline(render(odd_document(name))) == [
        *(seen, seen, seen),
        *(f"{seen} = x + 2", "y = 1", seen),
        *(seen, "figure", seen, "words"),
        *(seen, figures, "3.0e-07", seen),
        *("other", "", "-2", seen),
        *(seen, "end"),
    ]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_any_text_survives(name: str) -> None:
    """As a paragraph, in a cell and as code."""
    seen = plain(name)
    assert inline(opening(name)) == ([seen.strip()] if seen.strip() else [])
    cells = inline(f"| a | b |\n| --- | --- |\n| x{escaped(name)}x | `c` |\n")
    assert cells == ["a", "b", f"x{seen}x", "c"]
    assert inline(f"- {code_span(f'y{name}y')}") == [f"y{seen}y"]


def test_columns_of_numbers_are_aligned() -> None:
    """To the right, which the rule below the head says."""
    assert "| --- | ---: | ---: | --- |" in render(odd_document("x")).splitlines()


@pytest.mark.parametrize("text", ["a: 1\n  b: '*2*'", "```\nno end", "````", "", "# no heading"])
def test_verbatim_text_is_read_as_it_stands(text: str) -> None:
    """Line breaks, indents and backticks included."""
    shown = render(Document("", sections=(Section("", (Verbatim(text),)),)))
    (fence,) = PARSER.parse(shown)
    assert (fence.type, fence.content) == ("fence", f"{text}\n")
