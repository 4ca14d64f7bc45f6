"""Symmetries: even or odd in an input, unchanged when two inputs are exchanged.

They are refuted at a point by intervals, and proved in exact arithmetic, with constants as the
rational numbers that float64 reads: step by step along the tape, see ``exact``, or, of short ones,
because what is computed less its mirror image expands to 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import sympy
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.intervals import operations as op
from srnet_cli.proofs.enclosures import INTERVALS, SAFE, Enclosure, Tape, enclose
from srnet_cli.proofs.exact import Atoms, as_formula, read_inputs, written_size
from srnet_cli.proofs.subdivision import Box

Array = NDArray[np.float64]
Kind = Literal["even", "odd", "exchange"]

_MOST_INPUTS = 8
_MOST_NODES = 300  # expanding a longer formula may take minutes
_MOST_TERMS = 20_000  # of a tape that is read in fractions


@dataclass(frozen=True)
class Symmetry:
    """Whether an output has a symmetry.

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


def symmetries(tape: Tape, box: Box, rows: Array) -> tuple[Symmetry, ...]:
    """Every symmetry that the box has, proved, refuted or open of a tape's one output.

    Args:
        tape: the program, of d inputs.
        box: only symmetries that map it onto itself, in inputs that the output depends on, are
            asked.
        rows: points of the box to look for refutations at, (n, d).
    """
    if len(box.low) > _MOST_INPUTS:
        return ()
    read = read_inputs(tape)
    asked = [(kind, inputs) for kind, inputs in _candidates(box) if read.issuperset(inputs)]
    if not asked:
        return ()
    at = enclose(tape, rows, rows, means=INTERVALS)
    return tuple(_judged(kind, inputs, tape, rows, at) for kind, inputs in asked)


def _candidates(box: Box) -> Iterator[tuple[Kind, tuple[int, ...]]]:
    is_even = (box.low == -box.high) & (box.high > 0.0)
    for i in np.flatnonzero(is_even).tolist():
        yield "even", (i,)
        yield "odd", (i,)
    for i, j in combinations(range(len(box.low)), 2):
        if box.low[i] == box.low[j] and box.high[i] == box.high[j]:
            yield "exchange", (i, j)


def _judged(
    kind: Kind, inputs: tuple[int, ...], tape: Tape, rows: Array, at: Enclosure
) -> Symmetry:
    images = rows.copy()
    images[:, list(inputs)] = rows[:, inputs[::-1]] if kind == "exchange" else -rows[:, inputs]
    there = enclose(tape, images, images, means=INTERVALS)
    low, high = there.low[:, 0], there.high[:, 0]
    if kind == "odd":
        low, high = -high, -low
    differs = (at.status == SAFE) & (there.status == SAFE)
    differs &= (at.low[:, 0] > high) | (at.high[:, 0] < low)
    if differs.any():
        return Symmetry(kind, inputs, "refuted", rows[int(np.argmax(differs))].copy())
    try:
        is_proved = _holds(kind, inputs, tape)
    except (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError):
        is_proved = False  # SymPy cannot work with it: a constant part that is no real number
    return Symmetry(kind, inputs, "proved" if is_proved else "open")


def _holds(kind: Kind, inputs: tuple[int, ...], tape: Tape) -> bool:
    if len(tape.operations) + len(tape.slots) > _MOST_TERMS:
        return False
    if _is_seen(kind, inputs, tape):
        return True
    return written_size(tape) <= _MOST_NODES and _vanishes(kind, inputs, tape)


def _is_seen(kind: Kind, inputs: tuple[int, ...], tape: Tape) -> bool:
    """Whether the output and its mirror image have the same normal form."""
    atoms = Atoms()
    variables = atoms.inputs(_MOST_INPUTS)
    mirrored = list(variables)
    if kind == "exchange":
        i, j = inputs
        mirrored[i], mirrored[j] = variables[j], variables[i]
    else:
        mirrored[inputs[0]] = -variables[inputs[0]]
    output = int(tape.outputs[0])
    value = atoms.read(tape, variables)[output]
    image = atoms.read(tape, mirrored)[output]
    return value == (-image if kind == "odd" else image)


def _vanishes(kind: Kind, inputs: tuple[int, ...], tape: Tape) -> bool:
    """Whether the output less its mirror image is 0 by expanding it."""
    symbols = sympy.symbols(f"x:{_MOST_INPUTS}", real=True)
    is_open = (tape.operations == op.CONSTANT) & (tape.low != tape.high)
    numbers = {k: sympy.Symbol(f"c{k}", real=True) for k in np.flatnonzero(is_open).tolist()}
    formula = as_formula(tape, numbers, symbols)
    first = symbols[inputs[0]]
    if kind == "exchange":
        second = symbols[inputs[1]]
        image = formula.xreplace({first: second, second: first})
    else:
        image = formula.xreplace({first: -first})
    difference = formula + image if kind == "odd" else formula - image
    return bool(difference == 0 or sympy.expand(difference) == 0)
