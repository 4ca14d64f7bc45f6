"""Text as LaTeX."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Text as LaTeX."""
    special = {character: f"\\{character}" for character in "&%$#_{}"}
    special |= {"σ": r"$\sigma$", "²": "$^2$", "\\": r"\textbackslash{}", "~": r"\textasciitilde{}"}
    return "".join(special.get(character, character) for character in text)
