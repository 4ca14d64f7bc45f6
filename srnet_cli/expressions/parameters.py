"""The numbers of a formula as parameters: exchanged, tuned, and put back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import CodeType
from typing import NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Add, Expr, Mul, Pow, Symbol

from srnet_cli.descent import DampingRule, LeastSquares, Reached, damped_descent
from srnet_cli.expressions.trees import number, unevaluated
from srnet_cli.expressions.writer import PythonWriter

Array = NDArray[np.float64]

_STEP = 1e-6
_ITERATIONS = 40
_FIRST_DAMPING = 1e-3
_DAMPING = DampingRule(trials=6, rise=5.0, least=1e-12)
_GAIN = 1e-6
_PATIENCE = 3


class Tuned(NamedTuple):
    """Where tuning ended.

    Attributes:
        values: of the parameters, (p,).
        error: mean squared error there; infinite where the formula has no value on some row.
    """

    values: Array
    error: float


_KNOWN = {"numpy": np, "math": math, "__builtins__": {}}
"""What the code of formulas may name, see ``writer``."""


class Parameters:
    """A formula whose numbers can be exchanged.

    Every number is a parameter but exponents, and a factor of −1, which is a sign.

    Args:
        expr: the formula.
        symbols: its d symbols.

    Attributes:
        values: the numbers that stand in the formula, (p,), in the order of the tree.
    """

    def __init__(self, expr: Expr, symbols: Sequence[Symbol]) -> None:
        self._symbols = tuple(symbols)
        self._places: list[Symbol] = []
        numbers: list[float] = []
        self._template = self._opened(expr, numbers)
        self.values: Array = np.array(numbers, dtype=np.float64)
        self._code = self._compiled()

    def __len__(self) -> int:
        return len(self._places)

    def function(self, X: Array) -> Callable[[Array], Array]:
        """The formula's values (n,) on rows (n, d), as a function of the parameters (p,)."""
        columns = {f"x{i}": column for i, column in enumerate(np.asarray(X, np.float64).T)}

        def values(parameters: Array) -> Array:
            given = {f"p{i}": value for i, value in enumerate(parameters)}
            with np.errstate(all="ignore"):
                column = eval(self._code, dict(_KNOWN), columns | given)
            return np.array(np.broadcast_to(np.asarray(column, np.float64), len(X)))

        return values

    def formula(self, values: Sequence[Expr | float]) -> Expr:
        """The formula with these numbers; terms of 0 and factors of 1 are left out."""
        given = [value if isinstance(value, Expr) else number(float(value)) for value in values]
        return _closed(self._template, dict(zip(self._places, given, strict=True)))

    def tuned(self, X: Array, target: Array) -> Tuned:
        """The numbers that a damped least-squares search from these ends at.

        Args:
            X: rows, (n, d).
            target: what the formula should give on them, (n,).
        """
        values = self.function(X)
        return descended(values, target, self.values, np.arange(len(self)), _ITERATIONS)

    def _compiled(self) -> CodeType:
        names = {symbol: f"x{i}" for i, symbol in enumerate(self._symbols)}
        names |= {symbol: f"p{i}" for i, symbol in enumerate(self._places)}
        # The writer emits numbers, operators, these names and NumPy's functions, nothing else.
        return compile(PythonWriter(names).write(self._template), "<formula>", "eval")

    def _opened(self, expr: Expr, numbers: list[float]) -> Expr:
        if expr.is_number and not expr.free_symbols:
            return self._place(expr, numbers)
        if not expr.args:
            return expr
        if isinstance(expr, Pow):
            return unevaluated(expr, [self._opened(expr.base, numbers), expr.exp])
        args = [
            arg
            if arg == -1 and isinstance(expr, Mul) and len(expr.args) > 1
            else self._opened(arg, numbers)
            for arg in expr.args
        ]
        return unevaluated(expr, args)

    def _place(self, leaf: Expr, numbers: list[float]) -> Expr:
        numbers.append(float(leaf))
        self._places.append(Symbol(f"_p{len(self._places)}"))
        return self._places[-1]


def mean_square(values: Array, target: Array) -> float:
    """Mean squared error; infinite where a value is not finite."""
    with np.errstate(all="ignore"):
        error = float(np.mean((values - target) ** 2))
    return error if np.isfinite(error) else np.inf


def jacobian(
    values: Callable[[Array], Array], at: Array, base: Array, free: NDArray[np.int64]
) -> Array:
    """Slopes of the values (n,) along the free parameters, (n, free), by differences."""
    columns = []
    for place in free:
        step = _STEP * max(abs(float(at[place])), 1e-3)
        moved = at.copy()
        moved[place] += step
        columns.append((values(moved) - base) / step)
    return np.column_stack(columns) if columns else np.empty((len(base), 0))


class _Point(NamedTuple):
    """Parameters, (p,), and the formula's values with them, (n,)."""

    parameters: Array
    values: Array


def descended(
    values: Callable[[Array], Array],
    target: Array,
    start: Array,
    free: NDArray[np.int64],
    iterations: int,
) -> Tuned:
    """Levenberg and Marquardt's descent of the mean squared error along some parameters.

    Args:
        values: values (n,) of the parameters (p,).
        target: (n,).
        start: parameters to begin with, (p,).
        free: numbers of those that may change.
        iterations: how often to compute slopes at most.
    """

    def loss(at: _Point) -> float:
        return mean_square(at.values, target)

    def equations(at: _Point) -> tuple[Array, Array]:
        slopes = jacobian(values, at.parameters, at.values, free)
        return normal_equations(slopes, target - at.values)

    def moved(at: _Point, step: Array) -> _Point:
        parameters = at.parameters.copy()
        parameters[free] += step
        return _Point(parameters, values(parameters))

    here = _Point(start.copy(), values(start))
    error = loss(here)
    if not (0.0 < error < np.inf and len(free)):
        return Tuned(here.parameters, error)
    reached = damped_descent(
        LeastSquares(loss, equations, moved),
        Reached(here, error, _FIRST_DAMPING),
        _DAMPING,
        iterations,
        pays=lambda old, new: new <= old * (1.0 - _GAIN),
        patience=_PATIENCE,
    )
    return Tuned(reached.point.parameters, reached.loss)


def normal_equations(slopes: Array, residual: Array) -> tuple[Array, Array]:
    """JᵀJ, (p, p), and Jᵀr, (p,), of slopes J, (n, p), and what is left r, (n,).

    Slopes that are not finite on some row count as 0: such a parameter does not move.
    """
    usable = np.where(np.all(np.isfinite(slopes), axis=0), slopes, 0.0)
    with np.errstate(all="ignore"):
        return usable.T @ usable, usable.T @ residual


def _closed(expr: Expr, values: dict[Expr, Expr]) -> Expr:
    if expr in values:
        return values[expr]
    if not expr.args:
        return expr
    args = [_closed(arg, values) for arg in expr.args]
    if isinstance(expr, Add):
        return _sum(args)
    if isinstance(expr, Mul):
        return _product(args)
    if all(arg.is_number for arg in args) and any(arg == 0 for arg in args):
        return expr.func(*args)
    return unevaluated(expr, args)


def _sum(args: Sequence[Expr]) -> Expr:
    flat = [part for arg in args for part in (arg.args if isinstance(arg, Add) else (arg,))]
    kept = [arg for arg in flat if arg != 0]
    if len(kept) < 2:
        return kept[0] if kept else sympy.S.Zero
    return Add(*kept, evaluate=False)


def _product(args: Sequence[Expr]) -> Expr:
    flat = [part for arg in args for part in (arg.args if isinstance(arg, Mul) else (arg,))]
    if any(arg == 0 for arg in flat):
        return sympy.S.Zero
    numbers = [arg for arg in flat if arg.is_Number and arg != 1]
    factor = sympy.Mul(*numbers)
    others = [arg for arg in flat if not arg.is_Number]
    kept = others if factor == 1 and others else [factor, *others]
    return kept[0] if len(kept) == 1 else Mul(*kept, evaluate=False)
