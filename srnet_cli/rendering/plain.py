"""Words from outside made harmless for a terminal: what would be obeyed is shown instead."""

from __future__ import annotations

import unicodedata

_UNSEEN = ("Cc", "Cs", "Zl", "Zp")
# They turn round what is written, so that a name reads as another.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def plain(words: str) -> str:
    """Words in one line, in which control characters are seen rather than obeyed."""
    if words.isascii() and words.isprintable():
        return words
    return "".join(
        character.encode("unicode_escape").decode() if is_control(character) else character
        for character in words
    )


def is_control(character: str) -> bool:
    """Whether a terminal may obey a character, or break the line there."""
    return character in _TURNING or unicodedata.category(character) in _UNSEEN
