"""A point in the space of inputs, as it is typed: the number of a row, or a value per input."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.categories import indicator
from srnet_cli.errors import UsageError
from srnet_cli.expressions.names import feature_symbols
from srnet_cli.fidelity.row_sets import SET_NAMES, judged

Array = NDArray[np.float64]

_HINT = "give the number of a row, from 0, or a value for every input, such as x0=1,x1=2"


class Place(NamedTuple):
    """A point: its inputs in their own units, (d,), and where it is, in words."""

    x: Array
    where: str


class Known(NamedTuple):
    """What can be given: features, columns of categories with what they can be, and other names
    that features go by in formulas."""

    features: Sequence[str]
    categories: Mapping[str, Sequence[str]]
    printed: Mapping[str, str]

    @classmethod
    def from_inputs(cls, features: Sequence[str], categories: Mapping[str, Sequence[str]]) -> Known:
        """The names of a run's inputs."""
        symbols = (symbol.name for symbol in feature_symbols(features))
        known = {*features, *categories}
        pairs = zip(symbols, features, strict=True)
        return cls(
            features, categories, {name: feature for name, feature in pairs if name not in known}
        )

    @property
    def known(self) -> set[str]:
        """All names that can be given."""
        return {*self.features, *self.categories, *self.printed}

    def missing(self, pairs: Sequence[tuple[str, str]]) -> int:
        """How many features a reading has no value for."""
        given = {self.printed.get(name, name) for name, _ in pairs}
        for column in given & self.categories.keys():
            given |= {indicator(column, category) for category in self.categories[column]}
        return len(set(self.features) - given)


def parse_place(
    at: str,
    sets: Mapping[str, Array],
    features: Sequence[str],
    categories: Mapping[str, Sequence[str]],
) -> Place:
    """The point that a user means.

    Names and categories may hold commas and equals signs themselves: the text is read so that every
    name is known and, if it can be, every feature has a value. Blanks around names do not matter.

    Args:
        at: number of a row of the set judged by, from 0; or ``name=value`` for every feature, or
            for a column of categories, parted by commas. Names as in the data or as in formulas.
        sets: rows by set.
        features: their names.
        categories: of the columns that have indicators as inputs.

    Raises:
        UsageError: no such row or name, not a number, a feature given twice or not at all.
    """
    if "=" not in at:
        return _row(at, sets)
    names = Known.from_inputs(features, categories)
    values: dict[str, float] = {}
    for name, text in _pairs(at.strip(), names):
        given = _given(name, text, names)
        if given.keys() & values.keys():
            raise _wrong(f"'{name}' is given twice")
        values |= given
    missing = [name for name in features if name not in values]
    if missing:
        raise _wrong(f"no value for {_listed(missing)}; every feature needs one")
    x = np.array([values[name] for name in features])
    return Place(x, "at " + ", ".join(f"{name} = {values[name]:g}" for name in features))


def _row(at: str, sets: Mapping[str, Array]) -> Place:
    name = judged(sets)
    rows = sets[name]
    try:
        number = int(at)
    except ValueError:
        raise _wrong(f"'{at}' is not the number of a row", hint=_HINT) from None
    if not 0 <= number < len(rows):
        raise UsageError(
            f"there are {len(rows)} {SET_NAMES[name]} rows, from 0",
            hint=_HINT,
            options={"at": number},
        )
    return Place(rows[number], f"{SET_NAMES[name]} row {number}")


def _pairs(at: str, names: Known) -> list[tuple[str, str]]:
    """(name, text of its value) of every part."""
    readings = [_known_pairs(at, names, longest_first) for longest_first in (True, False)]
    for pairs in readings:
        if pairs is not None and names.missing(pairs) == 0:
            return pairs
    if readings[0] is not None:
        return readings[0]
    # For the message: as it reads where nothing is out of the ordinary.
    parts = (part.rpartition("=") for part in at.split(","))
    return [(name.strip(), text.strip()) for name, _, text in parts]


def _known_pairs(at: str, names: Known, longest_first: bool) -> list[tuple[str, str]] | None:
    """The first reading in which all names are known and all categories too; None: there is none.

    A place from which the rest cannot be read is not tried again, so the time does not grow with
    the number of ways to read the text.
    """
    begun, tried = [_candidates(at, 0, names, longest_first)], {0}
    pairs: list[tuple[str, str]] = []
    while begun:
        for name, text, end in begun[-1]:
            if end >= len(at):
                return [*pairs, (name, text)]
            if end + 1 not in tried:
                tried.add(end + 1)
                begun.append(_candidates(at, end + 1, names, longest_first))
                pairs.append((name, text))
                break
        else:
            begun.pop()
            del pairs[-1:]
    return None


def _candidates(
    at: str, start: int, names: Known, longest_first: bool
) -> Iterator[tuple[str, str, int]]:
    """(name, value, end) of what may stand at a place."""
    begin = start + len(at[start:]) - len(at[start:].lstrip())
    fitting = [name for name in names.known if at.startswith(name, begin)]
    for name in sorted(fitting, key=len, reverse=longest_first):
        rest = at[begin + len(name) :].lstrip()
        if not rest.startswith("="):
            continue
        place = len(at) - len(rest) + 1
        categories = names.categories.get(name)
        if categories is not None:
            categories = sorted(categories, key=len, reverse=longest_first)
        yield from ((name, *value) for value in _values(at, place, categories))


def _values(at: str, place: int, known: Sequence[str] | None) -> Iterator[tuple[str, int]]:
    """(value, end) of what may stand behind an equals sign: a number, or one of the categories."""
    begin = place + len(at[place:]) - len(at[place:].lstrip())
    if known is None:
        end = at.find(",", begin)
        end = len(at) if end < 0 else end
        yield at[begin:end].strip(), end
        return
    for category in known:
        end = begin + len(category)
        if at.startswith(category, begin):
            end += len(at[end:]) - len(at[end:].lstrip())
            if end == len(at) or at[end] == ",":
                yield category, end


def _given(name: str, text: str, names: Known) -> dict[str, float]:
    """The features that a name stands for, with their values."""
    if name in names.categories:
        given = _indicators(name, text, names.categories[name])
        return {feature: value for feature, value in given.items() if feature in names.features}
    name = names.printed.get(name, name)
    if name not in names.features:
        raise _wrong(f"no feature '{name}'", hint=f"the features are {_listed([*names.features])}")
    return {name: _number(name, text)}


def _indicators(column: str, category: str, known: Sequence[str]) -> dict[str, float]:
    """The inputs that say which category a column holds."""
    if category not in known:
        raise _wrong(
            f"'{column}' has no category '{category}'", hint=f"the categories are {_listed(known)}"
        )
    return {indicator(column, listed): float(listed == category) for listed in known}


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(f"'{name}={text}' is not a finite number")
    return value


def _wrong(message: str, hint: str = "") -> UsageError:
    return UsageError(message, hint=hint, options=("at",))


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
