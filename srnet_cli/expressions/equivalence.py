"""Whether two formulas are the same law, whatever they look like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Add, Expr, Mul, Symbol

from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.expressions.normal_form import NormalForm
from srnet_cli.expressions.parameters import Parameters, jacobian

Array = NDArray[np.float64]

TOLERANCE = 0.02
EXACT = 1e-9
"""1−R² below which two formulas have the same values; more digits than any law is known to."""

_SIDE_EFFECT = 0.5
_MOST_NODES = 100


class Equivalence(NamedTuple):
    """What a comparison has shown.

    Attributes:
        is_same: whether the formulas are the same law.
        evidence: ``form``, ``values``, or empty where they are not.
        change: the greatest relative change of a constant that turns one into the other; infinite
            where none does.
    """

    is_same: bool
    evidence: str
    change: float


def equivalence(
    formula: Expr,
    law: Expr,
    symbols: Sequence[Symbol],
    X: Array,
    *,
    tolerance: float = TOLERANCE,
) -> Equivalence:
    """Compare two formulas, by form and by values.

    By form: both in normal form have the same tree, and numbers in the same places that differ by
    no more than the tolerance. By values: with the constants of one of them tuned, both have the
    same values on the rows (1−R² < 1e-9), and no constant had to change by more than the tolerance,
    or by more than changes the values by half the tolerance of their standard deviation, as an
    offset of nearly 0 does, or the factor of a term that hardly matters.

    Args:
        formula: a formula.
        law: another.
        symbols: the d symbols of both.
        X: rows on which both are defined, (n, d).
        tolerance: relative, of constants.
    """
    form = NormalForm(symbols, X)
    normal = [form(expr) for expr in (formula, law)]
    change = _change_of_form(*normal)
    if change <= tolerance:
        return Equivalence(is_same=True, evidence="form", change=change)
    change = min(
        _change_of_values(free, goal, symbols, X, tolerance)
        for other, goal in (normal, normal[::-1])
        for free in _ways_to_write(other)
    )
    is_same = change <= tolerance
    return Equivalence(is_same, "values" if is_same else "", change)


def are_equivalent(
    formula: Expr,
    law: Expr,
    symbols: Sequence[Symbol],
    X: Array,
    *,
    tolerance: float = TOLERANCE,
) -> bool:
    """Whether two formulas are the same law, see ``equivalence``."""
    return equivalence(formula, law, symbols, X, tolerance=tolerance).is_same


def _change_of_form(first: Expr, second: Expr) -> float:
    """The greatest relative difference of numbers in trees that are otherwise the same."""
    if first.is_Number and second.is_Number:
        a, b = float(first), float(second)
        return 0.0 if a == b else abs(a - b) / max(abs(a), abs(b))
    if first.func is not second.func or len(first.args) != len(second.args):
        return np.inf
    if not first.args:
        return 0.0 if first == second else np.inf
    if first.is_Pow and first.exp != second.exp:
        return np.inf
    pairs = zip(first.args, second.args, strict=True)
    return max(_change_of_form(*pair) for pair in pairs)


def _ways_to_write(expr: Expr) -> list[Expr]:
    """A formula as it is, and multiplied out where that gives other terms and is not too long."""
    if complexity(expr) > _MOST_NODES:
        return [expr]
    terms = sympy.expand_mul(expr)
    return [expr] if terms == expr or complexity(terms) > _MOST_NODES else [expr, terms]


def _with_factors(expr: Expr) -> Expr:
    """The formula with a number before each of its terms; 1 and −1 are constants too."""
    terms = [_with_factor(term) for term in (expr.args if expr.is_Add else (expr,))]
    return terms[0] if len(terms) == 1 else Add(*terms, evaluate=False)


def _with_factor(term: Expr) -> Expr:
    if term.is_Number:
        return term
    factors = term.args if term.is_Mul else (term,)
    numbers = [float(factor) for factor in factors if factor.is_Number]
    others = [factor for factor in factors if not factor.is_Number]
    return Mul(sympy.Float(math.prod(numbers)), *others, evaluate=False)


def _change_of_values(
    formula: Expr, other: Expr, symbols: Sequence[Symbol], X: Array, tolerance: float
) -> float:
    """The greatest change of a constant that gives a formula the other's values."""
    goal = Evaluator(symbols, X)(other)
    rows = np.isfinite(goal)
    spread = float(np.std(goal[rows])) if rows.any() else 0.0
    if not (spread > 0.0 and np.isfinite(spread)):
        return np.inf
    parameters = Parameters(_with_factors(formula), symbols)
    values = parameters.function(X[rows])
    tuned = parameters.tuned(X[rows], goal[rows])
    if not tuned.error <= EXACT * spread**2:
        return np.inf
    start = parameters.values
    slopes = jacobian(values, start, values(start), np.arange(len(start)))
    moved = np.abs(tuned.values - start)
    with np.errstate(all="ignore"):
        relative = moved / np.abs(start)
        effect = np.sqrt(np.mean((slopes * moved) ** 2, axis=0)) / spread
    return float(np.max(np.where(effect <= _SIDE_EFFECT * tolerance, 0.0, relative)))
