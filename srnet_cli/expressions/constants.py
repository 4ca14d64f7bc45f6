"""Constants that people write: integers, simple fractions, multiples of π, e, roots.

The rule. A formula's numbers are visited one by one, the one with the least influence on its
values first. For each the candidates near it are tried in the order of the characters that it
takes to write them: 0, integers, fractions with denominators up to 12, multiples and fractions of
π, e, square roots up to 20, decimals with ever more digits. With every candidate the numbers not
yet visited are tuned again. The first that keeps the error within bounds stays. The bound on 1−R²
is ``max((1 + tolerance)·(1−R² before), floor)``, and each number may use no more than its share of
what is left of it, so that one of them does not spend all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Expr, Integer, Rational, Symbol

from srnet_cli.descent import damped_solution
from srnet_cli.expressions.numeric import sample
from srnet_cli.expressions.parameters import (
    Parameters,
    descended,
    jacobian,
    mean_square,
    normal_equations,
)
from srnet_cli.expressions.trees import number

Array = NDArray[np.float64]

TOLERANCE = 0.02
FLOOR = 1e-8
MAX_CONSTANTS = 40
"""A formula with more numbers is rounded by digits alone: nobody reads it as a law."""

_FIT_ROWS = 400
_DENOMINATORS = range(2, 13)
_LARGEST_NUMERATOR = 99
_LARGEST_ROOT = 20
_DIGITS = 15
_TRIED = 12
_TUNING = 20
_COMMON_DENOMINATORS = (2, 4)


class Candidate(NamedTuple):
    """A way to write a number.

    Attributes:
        length: characters that it takes, about.
        value: its value.
        expr: the formula's leaf, or small tree.
    """

    length: int
    value: float
    expr: Expr


class Goal(NamedTuple):
    """What the formula has to give.

    Attributes:
        values: the formula's values as a function of its numbers.
        target: what they should be, (n,).
    """

    values: Callable[[Array], Array]
    target: Array

    def error(self, parameters: Array) -> float:
        """Mean squared error."""
        return mean_square(self.values(parameters), self.target)


def readable_constants(
    expr: Expr,
    symbols: Sequence[Symbol],
    X: Array,
    target: Array,
    *,
    tolerance: float = TOLERANCE,
    floor: float = FLOOR,
) -> Expr:
    """The formula with constants that people write, where the fidelity does not suffer.

    Args:
        expr: the formula.
        symbols: its d symbols.
        X: rows, (n, d).
        target: the network's values on them, (n,).
        tolerance: by what share 1−R² may grow.
        floor: 1−R² that is good enough whatever it was before.

    Returns:
        the formula with other numbers; as it is where it has no value on some row, or none of them
        can be written any shorter.
    """
    parameters = Parameters(expr, symbols)
    if not 0 < len(parameters) <= MAX_CONSTANTS or not len(X):
        return expr
    whole = Goal(parameters.function(X), target)
    bound = error_bound(whole.error(parameters.values), target, tolerance, floor)
    if bound is None:
        return expr
    rows = sample(X, _FIT_ROWS)
    few = Goal(parameters.function(rows), sample(target[:, None], _FIT_ROWS)[:, 0])
    search = _Search(parameters, whole, few, bound, has_circle=_may_use_circle(symbols))
    return parameters.formula(search.written())


def error_bound(error: float, target: Array, tolerance: float, floor: float) -> float | None:
    """The greatest mean squared error allowed; None where the formula says nothing at all.

    That is where it has no value on some row, or is worse than the mean.
    """
    with np.errstate(all="ignore"):
        variance = float(np.var(target))
    if not (np.isfinite(variance) and error < variance):
        return None
    return max((1.0 + tolerance) * error, floor * variance)


class _Search:
    """The numbers of one formula, some of them written down, the others free."""

    def __init__(
        self, parameters: Parameters, whole: Goal, few: Goal, bound: float, *, has_circle: bool
    ) -> None:
        self._whole, self._few, self._bound = whole, few, bound
        self._has_circle = has_circle
        self._values = self._start(parameters.values)
        self._error = whole.error(self._values)
        self._written: dict[int, Expr] = {}

    def written(self) -> list[Expr]:
        """Every number as it is to be written."""
        for place in self._by_influence():
            self._write(place)
        return [self._written[place] for place in range(len(self._values))]

    def _start(self, values: Array) -> Array:
        """The numbers tuned, unless that helps on the few rows alone."""
        places = np.arange(len(values))
        tuned = descended(self._few.values, self._few.target, values, places, _TUNING)
        better = self._whole.error(tuned.values) <= self._whole.error(values)
        return tuned.values if better else values.copy()

    def _by_influence(self) -> list[int]:
        base = self._few.values(self._values)
        places = np.arange(len(self._values))
        slopes = jacobian(self._few.values, self._values, base, places)
        with np.errstate(all="ignore"):
            influence = np.abs(self._values) * np.sqrt(np.mean(slopes**2, axis=0))
        return [int(place) for place in np.argsort(np.nan_to_num(influence), kind="stable")]

    def _write(self, place: int) -> None:
        remaining = len(self._values) - len(self._written)
        allowed = self._error + (self._bound - self._error) / remaining
        free = np.array(
            [i for i in range(len(self._values)) if i != place and i not in self._written],
            dtype=np.int64,
        )
        value = float(self._values[place])
        for candidate in self._near(place, free, allowed)[:_TRIED]:
            tuned = self._with(place, candidate.value, free, allowed)
            if tuned is not None:
                self._values, self._error = tuned
                self._written[place] = candidate.expr
                return
        self._written[place] = self._rounded(place, value, allowed)

    def _near(self, place: int, free: NDArray[np.int64], allowed: float) -> list[Candidate]:
        """Candidates that may do, by the slopes: the shortest first, then the nearest."""
        value = float(self._values[place])
        reach = 4.0 * self._reach(place, free, allowed)
        within = [
            each
            for each in candidates(value, has_circle=self._has_circle)
            if abs(each.value - value) <= reach
        ]
        return sorted(within, key=lambda each: (each.length, abs(each.value - value)))

    def _reach(self, place: int, free: NDArray[np.int64], allowed: float) -> float:
        """How far the number can go if the free ones follow, to first order."""
        base = self._few.values(self._values)
        slopes = jacobian(self._few.values, self._values, base, np.array([place, *free]))
        own, others = slopes[:, 0], slopes[:, 1:]
        if not np.all(np.isfinite(slopes)):
            return math.inf
        follow = damped_solution(*normal_equations(others, own), 1e-9) if others.size else None
        rest = own if follow is None else own - others @ follow
        steepness = float(np.mean(rest**2))
        room = max(allowed - self._error, 0.0) + 1e-3 * self._error
        return math.sqrt(room / steepness) if steepness > 0.0 else math.inf

    def _with(
        self, place: int, value: float, free: NDArray[np.int64], allowed: float
    ) -> tuple[Array, float] | None:
        """(numbers, error) with one of them set and the free ones tuned; None if too bad."""
        moved = self._values.copy()
        moved[place] = value
        for iterations in (0, 1, 3):
            if iterations and len(free):
                moved = descended(
                    self._few.values, self._few.target, moved, free, iterations
                ).values
            error = self._whole.error(moved)
            if error <= allowed:
                return moved, error
        return None

    def _rounded(self, place: int, value: float, allowed: float) -> Expr:
        """The number with as few digits as will do, the others as they are."""
        for digits in range(1, _DIGITS + 1):
            moved = self._values.copy()
            moved[place] = float(f"{value:.{digits}g}")
            error = self._whole.error(moved)
            if error <= allowed:
                self._values, self._error = moved, error
                return number(float(moved[place]))
        return number(value)


def candidates(value: float, *, has_circle: bool = True) -> Iterator[Candidate]:
    """Ways to write a number near one, in no order.

    Args:
        value: the number.
        has_circle: whether π may be used, which it may not where a variable is called so.
    """
    yield Candidate(0, 0.0, sympy.S.Zero)
    for whole in {math.floor(value), math.ceil(value)} if abs(value) < 1e6 else ():
        yield Candidate(len(str(abs(whole))), float(whole), Integer(whole))
    for part in _fractions(value):
        yield Candidate(_length(part), float(part), part)
    if has_circle:
        yield from _times(value, sympy.pi)
        yield from _times(value, 1 / sympy.pi)
    euler = math.e if value >= 0.0 else -math.e
    yield Candidate(3, euler, sympy.E if value >= 0.0 else -sympy.E)
    yield from _roots(value)
    for digits in range(1, _DIGITS):
        short = float(f"{value:.{digits}g}")
        yield Candidate(digits + 1, short, _decimal(short))


def _decimal(value: float) -> Expr:
    """The number; halves and quarters as the fractions that they are."""
    for denominator in _COMMON_DENOMINATORS:
        above = value * denominator
        if above.is_integer() and abs(above) < 10:
            return Rational(int(above), denominator)
    return number(value)


def _fractions(value: float) -> Iterator[Rational]:
    for denominator in _DENOMINATORS:
        above = round(value * denominator)
        if above and abs(above) <= _LARGEST_NUMERATOR and math.gcd(above, denominator) == 1:
            yield Rational(above, denominator)


def _times(value: float, unit: Expr) -> Iterator[Candidate]:
    """Multiples and fractions of a constant."""
    size = float(unit)
    for denominator in (1, 2, 3, 4, 6, 8):
        above = round(value / size * denominator)
        if above and abs(above) <= 12 and math.gcd(above, denominator) == 1:
            factor = Rational(above, denominator)
            length = 3 + (0 if abs(factor) == 1 else 1 + _length(factor))
            yield Candidate(length, float(factor) * size, factor * unit)


def _roots(value: float) -> Iterator[Candidate]:
    sign = -1 if value < 0 else 1
    for denominator in (1, 2, 3):
        square = round((value * denominator) ** 2) if abs(value) < 10 else 0
        if 2 <= square <= _LARGEST_ROOT and math.isqrt(square) ** 2 != square:
            expr = sympy.sqrt(square) * Rational(sign, denominator)
            length = 2 + len(str(square)) + 2 * (denominator > 1)
            yield Candidate(length, float(expr), expr)


def _length(value: Rational) -> int:
    below = 0 if value.q == 1 else 1 + len(str(value.q))
    return len(str(abs(value.p))) + below


def _may_use_circle(symbols: Sequence[Symbol]) -> bool:
    return not any(symbol.name.rstrip("_") in ("π", "pi") for symbol in symbols)
