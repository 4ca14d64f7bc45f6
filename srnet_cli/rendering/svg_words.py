"""Words and numbers inside SVG; all words are escaped here."""

from __future__ import annotations

from html import escape

from srnet_cli.rendering.plain import plain

LETTER = 7.2
"""About the width of a letter of the page's 13-pixel type."""

_LONGEST = 18


def escaped(words: str) -> str:
    """Words that HTML, SVG and MathML show as they are, between tags and in attributes."""
    return escape(plain(words), quote=True)


def shortened(words: str, longest: int = _LONGEST) -> str:
    """Words of at most so many letters."""
    name = " ".join(words.split())
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def px(number: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{number:.1f}".removesuffix(".0")
