"""What features, units, expressions and outputs are called in formulas, and the legend of these.

Formulas are read by people, by Python and by SymPy. A column keeps its own name wherever that is
an identifier which means nothing else; letters of every script are kept. Otherwise it is given the
nearest name that is free: no two columns share a name in text or in LaTeX, and no column bears the
printed name of another. A legend says which columns were renamed, and ``Names.resolve`` takes both
names.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import NamedTuple

import sympy
from sympy import Symbol

from srnet_cli.datasets.suggest import did_you_mean, listed, quoted
from srnet_cli.errors import UsageError
from srnet_cli.expressions.latex_names import latex_name

UNIT_NAMES = "h{layer}_{unit}"
"""Names of hidden units; counted from layer 1 and unit 0. Layer 0 are the inputs."""

EXPRESSION_LETTERS = "fgpqruvw"

_OURS = re.compile(r"f\d*|h\d+(_\d+)?|t\d+_\d+|numpy")
_WORD = re.compile(r"[^\W\d]\w*")
_LISTED = 8


class LegendLine(NamedTuple):
    """A name in formulas that is not the column's own.

    Attributes:
        name: the name that is printed.
        column: the column's name.
    """

    name: str
    column: str

    def __str__(self) -> str:
        return f"{self.name} = column {quoted(self.column)}"


@dataclass(frozen=True)
class Names:
    """The names of columns in formulas.

    Attributes:
        columns: the columns' own names, d of them, all different.
    """

    columns: tuple[str, ...]

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """One symbol per column, in order."""
        return feature_symbols(self.columns)

    @property
    def legend(self) -> tuple[LegendLine, ...]:
        """The columns that are called otherwise in formulas."""
        pairs = zip(self.symbols, self.columns, strict=True)
        return tuple(
            LegendLine(symbol.name, column) for symbol, column in pairs if symbol.name != column
        )

    def resolve(self, name: str) -> int:
        """The number of the column that a name means, printed or its own.

        Raises:
            UsageError: there is no such column; the error names the nearest.
        """
        place = self._places.get(name, self._places.get(_normal(name.strip())))
        if place is None:
            near = did_you_mean(name, list(self._places))
            raise UsageError(
                f"there is no input {quoted(name)}{near} (inputs: {listed(self.columns, _LISTED)})"
            )
        return place

    @cached_property
    def _places(self) -> dict[str, int]:
        places = {symbol.name: index for index, symbol in enumerate(self.symbols)}
        return places | {column: index for index, column in enumerate(self.columns)}


def feature_symbols(features: Sequence[str]) -> tuple[Symbol, ...]:
    """One symbol per feature, named as the feature where that can stand in a formula.

    Other characters become underscores. A name that means something else to Python or SymPy
    (``lambda``, ``E``, ``S``), or that units and expressions go by (``h0``, ``h1_0``, ``f``), gets
    an underscore behind, and a number where that is taken.

    Args:
        features: d names, any text.
    """
    chosen = _Chosen(features)
    for index, feature in enumerate(features):
        if _is_own_name(feature):
            chosen.take(index, feature)
    for index, feature in enumerate(features):
        chosen.give(index, _identifier(feature, index))
    return tuple(Symbol(chosen.names[index]) for index in range(len(features)))


class _Chosen:
    """Names given so far; all differ in text and in LaTeX."""

    def __init__(self, features: Sequence[str]) -> None:
        self.names: dict[int, str] = {}
        self._owners = {_normal(feature): index for index, feature in enumerate(features)}
        self._taken: set[str] = set()

    def take(self, index: int, name: str) -> None:
        """Give a column this name, unless it looks like one that is taken."""
        keys = {name, latex_name(name)}
        if self._taken.isdisjoint(keys):
            self._taken |= keys
            self.names[index] = name

    def give(self, index: int, wanted: str) -> None:
        """Give a column without a name the wanted one, or that with the next free number."""
        candidates = _numbered(wanted)
        while index not in self.names:
            name = next(candidates)
            if self._owners.get(name, index) == index and not is_taken(name):
                self.take(index, name)


def unit_symbols(layer: int, units: int, names: str = UNIT_NAMES) -> tuple[Symbol, ...]:
    """The symbols of a layer's units.

    Args:
        layer: number of the layer, 1 for the first hidden one.
        units: how many units it has.
        names: their names, a format of ``layer`` and ``unit``.
    """
    return tuple(Symbol(names.format(layer=layer, unit=unit)) for unit in range(units))


def step_symbols(layer: int) -> Iterable[Symbol]:
    """Symbols without end, for partial results within a layer."""
    return (Symbol(f"t{layer}_{number}") for number in count())


def expression_symbols(expressions: int, taken: Iterable[str]) -> tuple[Symbol, ...]:
    """``f``, or ``f0, f1, …`` of several; another letter where one of these is taken.

    Args:
        expressions: how many.
        taken: what inputs, units and outputs are called.
    """
    known = set(taken)
    letters = (*EXPRESSION_LETTERS, *(f"f_{number}_" for number in range(len(known) + 1)))
    for letter in letters:
        names = [letter] if expressions == 1 else [f"{letter}{k}" for k in range(expressions)]
        if known.isdisjoint(names):
            break
    return tuple(Symbol(name) for name in names)


def output_names(target: str, outputs: int) -> tuple[str, ...]:
    """What the outputs are called on the left of an equation: the target, numbered if several.

    A target keeps its name, even ``f``: ``expression_symbols`` makes way for it.

    Args:
        target: name of the column that is predicted, on one line.
        outputs: how many outputs there are.
    """
    return (target,) if outputs == 1 else tuple(f"{target}_{unit}" for unit in range(outputs))


def is_taken(name: str) -> bool:
    """Whether a name means something else in a formula."""
    return (
        keyword.iskeyword(name)
        or hasattr(sympy, name)
        or hasattr(builtins, name)
        or _OURS.fullmatch(name) is not None
    )


def _is_own_name(feature: str) -> bool:
    is_word = _WORD.fullmatch(feature) is not None and feature.isidentifier()
    return is_word and feature == _normal(feature) and not is_taken(feature)


def _normal(name: str) -> str:
    """The form in which Python reads an identifier."""
    return unicodedata.normalize("NFKC", name)


def _identifier(feature: str, index: int) -> str:
    name = re.sub(r"\W+", "_", _normal(feature)).strip("_") or f"x{index}"
    if not name.isidentifier():  # it begins with a digit, or with a letter of no alphabet
        name = f"x{name}" if f"x{name}".isidentifier() else f"x{index}"
    return f"{name}_" if is_taken(name) else name


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name.rstrip('_')}_{number}" for number in count(2))
