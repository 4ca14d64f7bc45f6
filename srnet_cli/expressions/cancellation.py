"""Sums whose terms cancel, replaced by plain ones.

``3715.1 - 3715.05*cos(0.0105*x + 0.2)`` says in eight digits what a parabola says in three: the
cosine is used on so small a part of its range that it is a polynomial there. A function whose
term is many times as large as the sum it stands in is replaced by the polynomial of lowest degree
that is as good; if none is, a cosine near its maximum by the half-angle form,
``1 - 2*sin(u/2)**2``, in which nothing cancels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Add, Expr, Mul, Pow, Symbol, cos, sin

from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.constants import FLOOR, TOLERANCE, error_bound
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.expressions.normal_form import NormalForm
from srnet_cli.expressions.parameters import mean_square
from srnet_cli.expressions.trees import number, substitute

Array = NDArray[np.float64]

RATIO = 10.0
"""Terms cancel where one is so many times as large as the sum varies."""

_DEGREES = (1, 2, 3)
_ROUNDS = 6


def without_cancellation(
    expr: Expr,
    symbols: Sequence[Symbol],
    X: Array,
    target: Array,
    *,
    tolerance: float = TOLERANCE,
    floor: float = FLOOR,
) -> Expr:
    """The formula with plain forms in place of what cancels, where these are as good.

    Args:
        expr: the formula, in normal form.
        symbols: its d symbols.
        X: rows, (n, d).
        target: the network's values on them, (n,).
        tolerance: by what share 1−R² may grow.
        floor: 1−R² that is good enough whatever it was before.
    """
    values = Evaluator(symbols, X)
    bound = error_bound(mean_square(values(expr), target), target, tolerance, floor)
    if bound is None:
        return expr
    form = NormalForm(symbols, X)
    for _ in range(_ROUNDS):
        plainer = _plainer(expr, values, form, target, bound)
        if plainer is None:
            break
        expr = plainer
    return expr


def _plainer(
    expr: Expr, values: Evaluator, form: NormalForm, target: Array, bound: float
) -> Expr | None:
    """The formula with the first term replaced that can be; None where none can."""
    before = cancellation(expr, values)
    for old, new in _replacements(expr, values):
        plainer = form(substitute(expr, {old: new}))
        is_shorter = complexity(plainer) <= complexity(expr) + 2
        if is_shorter and mean_square(values(plainer), target) <= bound:
            after = cancellation(plainer, values)
            if after < 0.5 * before or (after < before and complexity(plainer) < complexity(expr)):
                return plainer
    return None


def cancellation(expr: Expr, values: Evaluator) -> float:
    """How many times as large as a sum varies its terms are, at most; 0 without sums."""
    ratios = [
        max(map(_size, map(values, node.args))) / spread
        for node in _sums(expr)
        if (spread := _spread(values(node))) > 0.0
    ]
    return max(ratios, default=0.0)


def _replacements(expr: Expr, values: Evaluator) -> Iterator[tuple[Expr, Expr]]:
    """(sum, the sum with a plain form of one of its terms), lowest degrees first."""
    for degree in (*_DEGREES, 0):
        for node in _sums(expr):
            spread = _spread(values(node))
            for term in node.args:
                if not (spread > 0.0 and _size(values(term)) > RATIO * spread):
                    continue
                plain = _polynomial(term, values, degree) if degree else _half_angle(term, values)
                if plain is not None:
                    others = [part for part in node.args if part is not term]
                    yield node, Add(*others, plain, evaluate=False)


def _polynomial(term: Expr, values: Evaluator, degree: int) -> Expr | None:
    """The term as a polynomial of its function's argument, by least squares."""
    parts = _call_in(term)
    if parts is None:
        return None
    _, call = parts
    u = call.args[0]
    column, goal = values(u), values(term)
    centre, spread = float(np.mean(column)), _spread(column)
    if not (np.isfinite(goal).all() and 0.0 < spread < np.inf):
        return None
    scaled = np.vander((column - centre) / spread, degree + 1, increasing=True)
    weights = np.linalg.lstsq(scaled, goal, rcond=None)[0]
    powers = [weights[k] / spread**k for k in range(degree + 1)]
    if degree == 2 and powers[2] != 0.0:
        # the vertex form, which has one power only
        turn = -0.5 * powers[1] / powers[2]
        return _sum_of_powers(u, centre + turn, [powers[0] - powers[2] * turn**2, 0.0, powers[2]])
    return _sum_of_powers(u, centre, powers)


def _sum_of_powers(u: Expr, centre: float, powers: Sequence[float]) -> Expr:
    shifted = Add(u, number(-centre), evaluate=False)
    terms = [number(float(powers[0]))]
    for k, weight in enumerate(powers[1:], 1):
        if weight != 0.0:
            power = shifted if k == 1 else Pow(shifted, k, evaluate=False)
            terms.append(Mul(number(float(weight)), power, evaluate=False))
    return Add(*terms, evaluate=False)


def _half_angle(term: Expr, values: Evaluator) -> Expr | None:
    """``c·(±1 ∓ 2·sin(v/2)²)`` of a sine or cosine near an extreme value."""
    parts = _call_in(term)
    if parts is None or not isinstance(parts[1], sin | cos):
        return None
    factor, call = parts
    side = 1.0 if float(np.mean(values(call))) > 0.0 else -1.0
    turn = {(True, 1.0): 0.0, (True, -1.0): np.pi, (False, 1.0): -0.5 * np.pi}.get(
        (isinstance(call, cos), side), 0.5 * np.pi
    )
    half = Mul(number(0.5), Add(call.args[0], number(turn), evaluate=False), evaluate=False)
    square = Pow(sin(half, evaluate=False), 2, evaluate=False)
    return Add(
        number(side * factor),
        Mul(number(-2.0 * side * factor), square, evaluate=False),
        evaluate=False,
    )


def _call_in(term: Expr) -> tuple[float, Expr] | None:
    """(number, function call) whose product a term is."""
    factor, core = 1.0, term
    if isinstance(term, Mul) and len(term.args) == 2 and term.args[0].is_Number:
        factor, core = float(term.args[0]), term.args[1]
    is_smooth = isinstance(core, sympy.Function) and not isinstance(
        core, sympy.Abs | sympy.Min | sympy.Max
    )
    is_root = isinstance(core, Pow) and not (core.exp.is_Integer and core.exp > 0)
    return (factor, core) if is_smooth or is_root else None


def _sums(expr: Expr) -> list[Expr]:
    return [node for node in dict.fromkeys(sympy.preorder_traversal(expr)) if node.is_Add]


def _spread(column: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.std(column))


def _size(column: Array) -> float:
    return float(np.median(np.abs(column)))
