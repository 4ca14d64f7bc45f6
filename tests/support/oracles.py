"""Slow, plain NumPy versions of what the package computes fast: the other side of comparisons."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import mpmath
import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.program import Program
from srnet_cli.primitives import PRIMITIVES, Primitive

Array = NDArray[np.float64]


def _normal(x: float) -> float:
    """The cumulative normal distribution; NumPy has none, and squares lose digits far out."""
    if not abs(x) < 40.0:
        return float(x) if x != x else float(x > 0.0)
    with mpmath.workprec(200):
        return float(mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2)) / 2)


_BY_HAND: dict[str, Callable[..., Array]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "sqrt": np.sqrt,
    "square": lambda a: a * a,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": lambda a: 1.0 / (1.0 + np.exp(-a)),
    "abs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
    "inverse": lambda a: 1.0 / a,
    "cube": lambda a: a * a * a,
    "gaussian": lambda a: np.exp(-(a * a)),
    "leaky_relu": lambda a: np.where(a > 0, a, 0.01 * a),
    "elu": lambda a: np.where(a > 0, a, np.expm1(a)),
    "gelu": lambda a: a * np.vectorize(_normal, otypes="d")(a),
    "softplus": lambda a: np.log1p(np.exp(a)),
}

_BY_OTHER_NAMES = {
    "Abs": np.abs,
    "Max": np.maximum,
    "Min": np.minimum,
    "erf": np.vectorize(math.erf, otypes="d"),
}
"""Functions of formulas that NumPy has under another name, or not at all."""


def as_read(primitive: Primitive) -> Callable[..., Array]:
    """The formula of a primitive's row as Python reads it, on NumPy's functions."""
    code = compile(primitive.text.format("a", "b"), primitive.name, "eval")
    called = {*code.co_names} - {"a", "b"}
    functions = {name: _BY_OTHER_NAMES.get(name) or getattr(np, name) for name in called}
    return lambda a, b=None: np.asarray(eval(code, functions, {"a": a, "b": b}))


FUNCTIONS = {row.name: _BY_HAND.get(row.name) or as_read(row) for row in PRIMITIVES}
"""Every primitive on arrays: written by hand where the formula, computed as it stands, loses digits
or calls a function by another name."""


def slots(
    program: Program, X: Array, functions: Mapping[str, Callable[..., Array]] = FUNCTIONS
) -> list[Array]:
    """Every slot of a program on rows (n, d): inputs, constants, results; each (n,) float64.

    Functions are unprotected: ``sqrt(-1)`` is NaN, ``log(0)`` is -inf, ``1/0`` is inf.
    """
    rows = np.asarray(X, dtype=np.float64)
    values = [rows[:, i] for i in range(program.inputs)]
    values += [np.full(len(rows), value) for value in program.constants]
    with np.errstate(all="ignore"):
        for i, opcode in enumerate(program.ops):
            primitive = PRIMITIVES[opcode]
            operands = [values[slot] for slot in program.args[i, : primitive.arity]]
            if program.coefficients is not None:
                weights = program.coefficients[i, : primitive.arity]
                operands = [w * operand for w, operand in zip(weights, operands, strict=True)]
            values.append(functions[primitive.name](*operands))
    return values


def interpret(program: Program, X: Array) -> Array:
    """Value of a program on rows (n, d), one NumPy call an instruction: (n,) float64."""
    return np.array(slots(program, X)[program.output], dtype=np.float64)


def interpret_genes(
    genes: NDArray[np.int32],
    functions: Sequence[Primitive],
    constants: Array,
    X: Array,
) -> Array:
    """Value of a chromosome on rows (n, d), walked from its output gene: (n,) float64.

    Args:
        genes: for every node its function and two connections, last the output gene.
        functions: the function set that function genes number.
        constants: values of the constants, which are slots after the inputs.
        X: input columns.
    """
    leaves = [*X.T, *(np.full(len(X), value) for value in constants)]

    @cache
    def value(slot: int) -> Array:
        if slot < len(leaves):
            return leaves[slot]
        function, *operands = genes[3 * (slot - len(leaves)) :][:3]
        primitive = functions[function]
        return FUNCTIONS[primitive.name](*(value(int(s)) for s in operands[: primitive.arity]))

    with np.errstate(all="ignore"):
        return np.array(value(int(genes[-1])), dtype=np.float64)
