"""Near-name suggestions for words the user may have mistyped."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like ``word``, upper and lower case alike, or None."""
    by_lower_case = {name.lower(): name for name in known}
    matches = get_close_matches(word.lower(), by_lower_case, n=1)
    return by_lower_case[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of an error line: the nearest known word, or every known word if none is near."""
    names = list(known)
    near = nearest(word, names)
    return f"did you mean '{near}'?" if near else f"known: {', '.join(names)}"
