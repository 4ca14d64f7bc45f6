"""Names of variables that a language accepts, from names of any kind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import count

from sympy import Symbol


def identifiers(
    symbols: Iterable[Symbol], reserved: Collection[str], spelled: Callable[[str], str]
) -> dict[Symbol, str]:
    """A name per symbol, all different.

    Args:
        symbols: what is to be named.
        reserved: names that mean something else, such as the keywords of the language.
        spelled: a name as the language accepts it: ``str`` where it takes all that Python does, as
            names in formulas are such; ``ascii_name`` where it takes less.
    """
    names: dict[Symbol, str] = {}
    taken = set(reserved)
    for symbol in symbols:
        candidates = _candidates(spelled(symbol.name))
        names[symbol] = next(name for name in candidates if name not in taken)
        taken.add(names[symbol])
    return names


def ascii_name(name: str) -> str:
    """The nearest name of ASCII letters, digits and underscores: ``ΔT`` is ``DeltaT``."""
    text = "".join(map(_ascii, unicodedata.normalize("NFKD", name)))
    text = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "x"
    return text if text[0].isalpha() else f"x{text}"


def _ascii(letter: str) -> str:
    if letter.isascii():
        return letter
    if unicodedata.combining(letter):
        return ""
    words = unicodedata.name(letter, "").replace("LAMDA", "LAMBDA").split()
    match words:
        case ["GREEK", "SMALL", "LETTER", *_, word]:
            return word.lower()
        case ["GREEK", "CAPITAL", "LETTER", *_, word]:
            return word.capitalize()
    return f"_{ord(letter):x}_" if letter.isalnum() else "_"


def _candidates(name: str) -> Iterator[str]:
    yield name
    yield f"{name}_"
    yield from (f"{name}_{number}" for number in count(2))
