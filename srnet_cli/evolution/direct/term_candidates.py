"""What terms of a sum are chosen among.

Parts of the formulas that the search of single expressions has met for any output, products of two
of them, hinges, and units such as a network would have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.evolution.direct.settings import SumBudget
from srnet_cli.evolution.direct.term_selection import columns_of
from srnet_cli.evolution.direct.terms import (
    applied,
    hinges,
    joined,
    leaf_program,
    shifted,
    subexpression,
)

Array = NDArray[np.float64]

_BENDS = ("relu", "abs", "tanh", "sigmoid")
"""Functions that make a unit of a sum."""

_SCALING_ROWS = 256
"""On which the weights of new units are scaled."""


def term_candidates(
    known: Sequence[Program],
    pool: Sequence[Program],
    X: Array,
    functions: Sequence[str],
    longest: int,
    budget: SumBudget,
    rng: np.random.Generator,
) -> Iterator[Program]:
    """Inputs; formulas and parts of them; products of two; hinges; units.

    Args:
        known: the terms there are, which new ones are made of besides.
        pool: formulas that the search of single expressions has met.
        X: rows, (n, d), among which hinges and units bend.
        functions: names of the function set.
        longest: functions that a term may have.
        budget: how many of each kind.
        rng: draws them.
    """
    inputs = [leaf_program(X.shape[1], j) for j in range(X.shape[1])]
    parts = list(inputs)
    for program in pool:
        if len(program):
            parts.append(subexpression(program, len(program) - 1))
            parts.append(subexpression(program, int(rng.integers(len(program)))))
    yield from parts
    operands = [*known, *inputs, *parts[len(inputs) :: 4]]
    if "mul" in functions:
        for _ in range(budget.products):
            left, right = (operands[int(rng.integers(len(operands)))] for _ in range(2))
            if len(left) + len(right) < longest:
                yield joined("mul", left, right)
    for _ in range(budget.hinges):
        inner = operands[int(rng.integers(len(operands)))]
        at = float(evaluate(inner, X[rng.integers(len(X))][np.newaxis])[0])
        if np.isfinite(at) and len(inner) < longest - 1:
            yield from hinges(inner, at, functions)
    bends = [name for name in _BENDS if name in functions]
    if "add" in functions and bends:
        for inner in _pre_activations([*known, *inputs], X, budget.units, rng):
            if len(inner) < longest:
                yield applied(bends[int(rng.integers(len(bends)))], inner)


def _pre_activations(
    operands: Sequence[Program], X: Array, count: int, rng: np.random.Generator
) -> Iterator[Program]:
    """What units read: two or three operands with random weights, 0 where some row lies."""
    sample = X[rng.integers(len(X), size=_SCALING_ROWS)]
    values = columns_of(operands, sample)
    with np.errstate(all="ignore"):
        spread = values.std(axis=0)
    usable = np.flatnonzero(np.isfinite(spread) & (spread > 0.0))
    if len(usable) < 2:
        return
    for _ in range(count):
        read = rng.choice(usable, min(int(rng.integers(2, 4)), len(usable)), replace=False)
        weights = rng.normal(size=len(read)) / spread[read]
        at = float(values[rng.integers(len(sample)), read] @ weights)
        sums, weight = operands[read[0]], float(weights[0])
        for k, other in zip(read[1:].tolist(), weights[1:].tolist(), strict=True):
            sums, weight = joined("add", sums, operands[k], (weight, other)), 1.0
        yield shifted(sums, at)
