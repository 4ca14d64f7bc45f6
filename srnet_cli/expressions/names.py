"""What features and units are called in formulas."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Sequence
from itertools import count

import sympy
from sympy import Symbol

UNIT_NAMES = "h{layer}_{unit}"
"""Names of hidden units; counted from layer 1 and unit 0. Layer 0 are the inputs."""

_OURS = re.compile(r"[ht]\d+(_\d+)?|numpy")


def feature_symbols(features: Sequence[str]) -> tuple[Symbol, ...]:
    """One symbol a feature, named as the feature where that can stand in a formula.

    Other characters become underscores. A name that means something else to Python or SymPy
    (``lambda``, ``E``, ``S``), or that units go by (``h0``, ``h1_0``), gets an underscore behind,
    and a number where two features would be called the same.

    Args:
        features: d names, any text.
    """
    taken: set[str] = set()
    symbols = []
    for index, feature in enumerate(features):
        name = _free(_identifier(feature, index), taken)
        taken.add(name)
        symbols.append(Symbol(name))
    return tuple(symbols)


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


def is_taken(name: str) -> bool:
    """Whether a name means something else in a formula."""
    return (
        keyword.iskeyword(name)
        or hasattr(sympy, name)
        or hasattr(builtins, name)
        or _OURS.fullmatch(name) is not None
    )


def _identifier(feature: str, index: int) -> str:
    name = re.sub(r"\W+", "_", feature, flags=re.ASCII).strip("_") or f"x{index}"
    name = f"x{name}" if name[0].isdigit() else name
    return f"{name}_" if is_taken(name) else name


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(new for number in count(2) if (new := f"{name}_{number}") not in taken)
