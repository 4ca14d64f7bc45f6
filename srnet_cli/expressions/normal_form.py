"""The normal form: like terms once, affine parts joined, scales pulled out, terms in order.

Formulas that programs and readouts give are readouts of sums of readouts. Here every operation is
done on linear combinations (see ``algebra``), from the leaves up, and each result is compared with
the values of the formula as it was on the rows at hand. Where they differ the operation stays as it
was written, and the formula around it goes on. The time is proportional to the number of distinct
parts of the formula.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from sympy import Add, Expr, Mul, Pow, Symbol

from srnet_cli.expressions.algebra import Algebra
from srnet_cli.expressions.arrangement import Arrangement
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.evaluation import Array, Evaluator
from srnet_cli.expressions.linear import Linear, UnsafeError, clean
from srnet_cli.expressions.nesting import Nesting
from srnet_cli.expressions.numeric import sample
from srnet_cli.expressions.trees import measure, unevaluated

MAX_DEPTH = 150
"""Deeper formulas are left alone: every level takes some of Python's stack."""

PRECISION = 1e-9
_OVERALL = 1e-7
_TENTHS = 8.0
"""One in ten normal values is within an eighth of a standard deviation of the median."""


class NormalForm:
    """Brings formulas over the same symbols into normal form, checked on the same rows.

    Args:
        symbols: the d symbols of the formulas; terms are ordered by them.
        X: rows that decide whether a rewrite is allowed, (n, d).
        limited: functions that the normal form must not use more often, nor nest deeper, than the
            formula does; see ``nesting.written_functions``.
    """

    def __init__(self, symbols: Sequence[Symbol], X: Array, limited: Collection[str] = ()) -> None:
        self._symbols, self._X = tuple(symbols), np.asarray(X, dtype=np.float64)
        self._nesting = Nesting(limited)
        self._values = Evaluator(symbols, sample(self._X))
        self._algebra = Algebra(symbols, self._is_positive)
        self._arrange = Arrangement(self._algebra)
        self._known: dict[Expr, Linear] = {}

    def __call__(self, expr: Expr) -> Expr:
        """The formula in normal form; as it is where that is longer, or has other values.

        Equal values are finite on the same rows and differ by less than 1e-7 of their standard
        deviation over the rows, which no printed digit shows.
        """
        if measure(expr).depth > MAX_DEPTH:
            return expr
        normal = self.expr(self.combination(expr))
        if normal == expr or self._nesting.grows(normal, expr):
            return expr
        is_better = complexity(normal) <= complexity(expr) or scales(normal) < scales(expr)
        return normal if is_better and self._is_same(normal, expr) else expr

    def combination(self, expr: Expr) -> Linear:
        """The formula as a linear combination of cores, in canonical form."""
        if expr not in self._known:
            self._known[expr] = self._combined(expr)
        return self._known[expr]

    def expr(self, linear: Linear) -> Expr:
        """A combination as a formula, the shortest way that it can be written."""
        return self._arrange(linear)

    def combine(self, parts: Sequence[tuple[float, Linear]]) -> Linear:
        """``Σ weight·part``, like terms collected."""
        return self._algebra.total(parts)

    def split(self, linear: Linear) -> tuple[float, Linear, float]:
        """``(a, g, c)`` with combination = a·g + c, where g has no constant and a scale of 1."""
        if not linear.terms:
            return 0.0, linear, linear.constant
        terms = linear.without_constant
        scale, _ = self._algebra.factored(terms)
        return scale, terms.scaled(1.0 / scale), linear.constant

    def ordered(self, linear: Linear) -> list[tuple[Expr, float]]:
        """Cores and coefficients by the inputs they read."""
        return self._algebra.ordered(linear)

    def _combined(self, expr: Expr) -> Linear:
        if not expr.args:
            return self._leaf(expr)
        parts = [self.combination(arg) for arg in expr.args]
        try:
            with np.errstate(all="ignore"):
                combined = self._operated(expr, parts)
                if self._agrees(self._algebra.expr(combined), expr):
                    return combined
        except (UnsafeError, ArithmeticError, ValueError):
            pass
        return self._as_written(expr, parts)

    def _leaf(self, expr: Expr) -> Linear:
        if expr.is_Symbol:
            return Linear({expr: 1.0})
        value = float(self._values(expr)[0]) if len(self._values(expr)) else float("nan")
        return Linear({}, value) if np.isfinite(value) else Linear({expr: 1.0})

    def _operated(self, expr: Expr, parts: Sequence[Linear]) -> Linear:
        if all(not part.terms for part in parts):
            return self._number(expr)
        if isinstance(expr, Add):
            return self._algebra.total((1.0, part) for part in parts)
        if isinstance(expr, Mul):
            return self._algebra.times(parts)
        if isinstance(expr, Pow):
            if not expr.exp.is_Rational:
                raise UnsafeError
            return self._algebra.power(parts[0], expr.exp)
        return self._algebra.call(expr.func, parts)

    def _number(self, expr: Expr) -> Linear:
        column = self._values(expr)
        if not (len(column) and np.isfinite(column[0])):
            raise UnsafeError
        return Linear({}, clean(float(column[0])))

    def _as_written(self, expr: Expr, parts: Sequence[Linear]) -> Linear:
        """The operation on its operands in normal form; as it is where that does not do either."""
        args = [self._algebra.expr(part) for part in parts]
        if isinstance(expr, Pow):
            args[1] = expr.exp
        elif isinstance(expr, Add | Mul):
            args = [part for arg in args for part in (arg.args if arg.func is expr.func else [arg])]
        kept = unevaluated(expr, args)
        return self._algebra.atom(kept if self._agrees(kept, expr) else expr)

    def _agrees(self, candidate: Expr, expr: Expr) -> bool:
        expected, values = self._values(expr), self._values(candidate)
        finite = np.isfinite(expected)
        if not finite.any() or not np.array_equal(finite, np.isfinite(values)):
            return False
        with np.errstate(over="ignore"):
            error = np.abs(values[finite] - expected[finite])
            allowed = PRECISION * np.abs(expected[finite]) + 1e-3 * PRECISION * self._size(expr)
        return bool(np.all(error <= allowed))

    def _size(self, expr: Expr) -> float:
        """How large the numbers are that a sum adds up, on whose digits its own depend."""
        parts = expr.args if isinstance(expr, Add) else (expr,)
        sizes = [np.abs(self._values(part)) for part in parts]
        return max(float(np.median(size[np.isfinite(size)])) for size in sizes)

    def _is_positive(self, expr: Expr) -> bool:
        column = self._values(expr)
        return bool(len(column) and np.all(column >= 0.0))

    def _is_same(self, candidate: Expr, expr: Expr) -> bool:
        values = Evaluator(self._symbols, self._X)
        return same_values(values(candidate), values(expr))


def same_values(computed: Array, expected: Array) -> bool:
    """Whether values are finite on the same rows, and equal there but for rounding errors.

    These are judged by how much the values vary on most rows: beyond the domain a formula may be
    1e20 times as large, and everything else is nothing beside that.
    """
    finite = np.isfinite(expected)
    if not finite.any() or not np.array_equal(finite, np.isfinite(computed)):
        return False
    wanted = expected[finite]
    with np.errstate(all="ignore"):
        error = np.abs(computed[finite] - wanted)
        return bool(np.all(error <= PRECISION * np.abs(wanted) + _OVERALL * usual_spread(wanted)))


def usual_spread(column: Array) -> float:
    """The standard deviation of values (n,), or what most of them suggest where that is less.

    For a normal distribution both are about the same. Rows with the most frequent value do not
    count, as a unit that is cut off at 0 has many.
    """
    with np.errstate(all="ignore"):
        distances = np.abs(column - np.median(column))
        spread = float(np.nan_to_num(column.std(), nan=np.inf, posinf=np.inf))
    distances = distances[distances > 0.0]
    if not len(distances):
        return 0.0
    return min(spread, _TENTHS * float(np.quantile(distances, 0.1)))


def scales(expr: Expr) -> int:
    """How many numbers of a formula are above 10⁴ or below 10⁻⁴ in size, which reads badly."""
    return sum(
        1
        for leaf in expr.atoms()
        if leaf.is_Number and leaf != 0 and not 1e-4 <= abs(float(leaf)) <= 1e4
    )


def normal_form(expr: Expr, symbols: Sequence[Symbol], X: Array) -> Expr:
    """A formula in normal form.

    Args:
        expr: any formula.
        symbols: its d symbols; terms are ordered by them.
        X: rows on which its values must stay what they are, (n, d).
    """
    return NormalForm(symbols, X)(expr)
