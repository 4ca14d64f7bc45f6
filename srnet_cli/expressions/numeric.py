"""Formulas as numbers: the Python that is printed is the Python that is checked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.arrays import stride
from srnet_cli.expressions.writer import PythonWriter

Array = NDArray[np.float64]

SAMPLE = 256
TOLERANCE = 1e-9
NOISE = 1e-12

_MODULES = {"numpy": np, "math": math}


def values(expr: Expr, symbols: Sequence[Symbol], X: Array) -> Array:
    """Value of a formula on rows: (n, d) -> (n,) float64, not finite where it has none.

    Args:
        expr: the formula.
        symbols: the d symbols that the columns stand for.
        X: (n, d).
    """
    names = {symbol: f"x{i}" for i, symbol in enumerate(symbols)}
    columns = dict(zip(names.values(), np.asarray(X, dtype=np.float64).T, strict=True))
    # The writer emits numbers, operators, these names and functions of these modules, nothing else.
    code = compile(PythonWriter(names).write(expr), "<formula>", "eval")
    with np.errstate(all="ignore"):
        try:
            result = np.asarray(eval(code, {**_MODULES, "__builtins__": {}}, columns), np.float64)
        except (ArithmeticError, TypeError):
            # Numbers alone are Python's, which refuses 1/0 and goes on to complex roots.
            result = np.array(np.nan)
    return np.array(np.broadcast_to(result, len(X)))


def agree(computed: Array, expected: Array) -> bool:
    """Whether two evaluations are the same formula's: finite on the same rows, equal there.

    Equal means to 1e-9 of the value; near zero, to 1e-12 of the median value, because there the
    order of operations decides about the last digits. Two evaluations without a finite row show
    nothing and do not agree.
    """
    finite = np.isfinite(expected)
    if not finite.any() or not np.array_equal(finite, np.isfinite(computed)):
        return False
    wanted = expected[finite]
    size = np.abs(wanted)
    with np.errstate(over="ignore"):
        error = np.abs(computed[finite] - wanted)
        return bool(np.all(error <= TOLERANCE * size + NOISE * np.median(size)))


def sample(X: Array, rows: int = SAMPLE) -> Array:
    """At most so many rows, evenly spread over those given."""
    return X[:: stride(len(X), rows)]
