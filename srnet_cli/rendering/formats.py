"""The formats that documents are printed in, by name. A new one is a module and a row here."""

from __future__ import annotations

from collections.abc import Callable

from srnet_cli.rendering import data, html, latex, markdown, text
from srnet_cli.rendering.document import Document

Renderer = Callable[[Document], str]

RENDERERS: dict[str, Renderer] = {
    "table": text.render,
    "json": data.as_json,
    "csv": data.as_csv,
    "markdown": markdown.render,
    "latex": latex.render,
    "html": html.render,
}


def render(document: Document, form: str) -> str:
    """The document in a format, one of ``RENDERERS``."""
    return RENDERERS[form](document)
