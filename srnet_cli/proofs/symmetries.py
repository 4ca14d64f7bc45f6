"""Symmetries of formulas: even or odd in an input, unchanged when two inputs are exchanged.

They are refuted at a point by intervals, and proved by algebra: with constants as the rational
numbers that float64 reads, the formula less its mirror image expands to 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.proofs.builder import TapeBuilder, add_formula
from srnet_cli.proofs.enclosures import INTERVALS, SAFE, enclose
from srnet_cli.proofs.subdivision import Box

Array = NDArray[np.float64]
Kind = Literal["even", "odd", "exchange"]

_MOST_INPUTS = 8
_MOST_OPERATIONS = 150  # expanding a longer formula may take minutes


@dataclass(frozen=True)
class Symmetry:
    """Whether a formula has a symmetry.

    Attributes:
        kind: ``even`` or ``odd`` in an input, or unchanged by the ``exchange`` of two.
        inputs: which, by index.
        verdict: proved, refuted or open.
        point: where it does not hold, (d,); None unless refuted.
    """

    kind: Kind
    inputs: tuple[int, ...]
    verdict: Literal["proved", "refuted", "open"]
    point: Array | None = None


def symmetries(
    formula: Expr, symbols: Sequence[Symbol], box: Box, rows: Array
) -> tuple[Symmetry, ...]:
    """Every symmetry that the box has, proved, refuted or open of a formula.

    Args:
        formula: of the symbols.
        symbols: of the d inputs.
        box: only symmetries that map it onto itself, in inputs that the formula reads, are asked.
        rows: points of the box to look for refutations at, (n, d).

    Raises:
        Unprovable: the formula holds a function that no bounds are known for.
    """
    if len(symbols) > _MOST_INPUTS:
        return ()
    return tuple(
        _judged(kind, inputs, formula, symbols, rows)
        for kind, inputs in _candidates(box)
        if all(symbols[i] in formula.free_symbols for i in inputs)
    )


def _candidates(box: Box) -> Iterator[tuple[Kind, tuple[int, ...]]]:
    is_even = (box.low == -box.high) & (box.high > 0.0)
    for i in np.flatnonzero(is_even).tolist():
        yield "even", (i,)
        yield "odd", (i,)
    for i, j in combinations(range(len(box.low)), 2):
        if box.low[i] == box.low[j] and box.high[i] == box.high[j]:
            yield "exchange", (i, j)


def _judged(
    kind: Kind, inputs: tuple[int, ...], formula: Expr, symbols: Sequence[Symbol], rows: Array
) -> Symmetry:
    builder = TapeBuilder(len(symbols))
    slots, mirrored = list(builder.inputs), list(builder.inputs)
    if kind == "exchange":
        i, j = inputs
        mirrored[i], mirrored[j] = slots[j], slots[i]
    else:
        mirrored[inputs[0]] = builder.scale(slots[inputs[0]], -1.0)
    value, image = (
        add_formula(builder, formula, dict(zip(symbols, places, strict=True)))
        for places in (slots, mirrored)
    )
    difference = builder.add(value, image) if kind == "odd" else builder.subtract(value, image)
    at = enclose(builder.tape([difference]), rows, rows, means=INTERVALS)
    differs = (at.status == SAFE) & ((at.low[:, 0] > 0.0) | (at.high[:, 0] < 0.0))
    if differs.any():
        return Symmetry(kind, inputs, "refuted", rows[int(np.argmax(differs))].copy())
    try:
        is_proved = _vanishes(kind, inputs, formula, symbols)
    except (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError):
        is_proved = False  # SymPy cannot work with it: a constant part that is no real number
    return Symmetry(kind, inputs, "proved" if is_proved else "open")


def _vanishes(
    kind: Kind, inputs: tuple[int, ...], formula: Expr, symbols: Sequence[Symbol]
) -> bool:
    """Whether the formula less its mirror image is 0 by expanding it."""
    numbers = {leaf: sympy.Rational(float(leaf)) for leaf in formula.atoms(sympy.Float)}
    exact = formula.xreplace(numbers)
    if exact.count_ops() > _MOST_OPERATIONS:
        return False
    first = symbols[inputs[0]]
    if kind == "exchange":
        second = symbols[inputs[1]]
        image = exact.xreplace({first: second, second: first})
    else:
        image = exact.xreplace({first: -first})
    difference = exact + image if kind == "odd" else exact - image
    return bool(difference == 0 or sympy.expand(difference) == 0)
