"""Formulas of two searches, simplified, counted and judged in the same way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Expr, Symbol
from sympy.parsing.sympy_parser import parse_expr

from support.oracles import Oracle, unexplained

Array = NDArray[np.float64]

AT_MOST = 50
"""Nodes of the formulas that are compared."""

TOLERANCE = 1.05
"""How many times as large as Operon's 1−R² ours may be at the same number of nodes."""

_NEAR_LAW = 0.02
_WHOLE = 1e-9
_FUNCTIONS = {"square": lambda x: x**2}
_STEPS = (sympy.expand_mul, sympy.factor_terms, sympy.powsimp, sympy.together)


class Point(NamedTuple):
    """A formula of a front.

    Attributes:
        nodes: of SymPy's tree, everything counted.
        error: 1−R² to the network on the rows that judge.
        to_law: 1−R² to the law there.
        text: the formula.
    """

    nodes: int
    error: float
    to_law: float
    text: str


def symbols_of(oracle: Oracle) -> tuple[Symbol, ...]:
    """A symbol per input, known to be positive where its domain is."""
    return tuple(
        Symbol(name, positive=True) if low > 0 else Symbol(name, real=True)
        for name, low in zip(oracle.inputs, oracle.domain.low, strict=True)
    )


def parsed(text: str, symbols: Sequence[Symbol]) -> Expr:
    """A formula as SymPy reads it; ``^`` is a power."""
    names = {symbol.name: symbol for symbol in symbols}
    return parse_expr(text.replace("^", "**"), local_dict=_FUNCTIONS | names)


def evaluated(expr: Expr, symbols: Sequence[Symbol]) -> Expr:
    """A formula with every operation carried out as SymPy does by itself, over these symbols."""
    names = {symbol.name: symbol for symbol in symbols}
    if isinstance(expr, Symbol):
        return names[expr.name]
    return expr.func(*(evaluated(arg, symbols) for arg in expr.args)) if expr.args else expr


def nodes(expr: Expr) -> int:
    """Number of nodes of SymPy's tree."""
    return sum(1 for _ in sympy.preorder_traversal(expr))


def simplified(expr: Expr) -> Expr:
    """The shortest of a formula and what SymPy's quick steps make of it.

    Decimals that are whole numbers become such, so that ``1.0*x`` and ``+ 0.0`` are gone.
    """
    expr = expr.xreplace(
        {
            number: sympy.Integer(round(number))
            for number in expr.atoms(sympy.Float)
            if abs(number - round(number)) <= _WHOLE * max(1, abs(number))
        }
    )
    candidates = [expr]
    for step in _STEPS:
        try:
            candidates.append(step(expr))
        except Exception:  # SymPy has many words for "cannot do this"
            continue
    return min(candidates, key=nodes)


def front(formulas: Iterable[Expr], oracle: Oracle) -> list[Point]:
    """The formulas that no shorter formula is better than, of up to 50 nodes, judged."""
    best, kept = 1.0, []
    for point in judged(formulas, oracle):
        if point.nodes <= AT_MOST and point.error < best:
            best = point.error
            kept.append(point)
    return kept


def judged(formulas: Iterable[Expr], oracle: Oracle) -> list[Point]:
    """Formulas simplified, counted and judged, the shortest first."""
    X = oracle.fresh_rows()
    answers, law = oracle.answers(X), oracle.law(X)
    symbols = symbols_of(oracle)
    points = []
    for formula in formulas:
        short = simplified(formula)
        values = _values(short, symbols, X)
        error = unexplained(answers, values)
        points.append(Point(nodes(short), error, unexplained(law, values), str(short)))
    return sorted(points)


def _values(expr: Expr, symbols: Sequence[Symbol], X: Array) -> Array:
    function = sympy.lambdify(symbols, expr, modules="numpy")
    with np.errstate(all="ignore"):
        values = np.asarray(function(*X.T))
    if np.iscomplexobj(values):
        values = np.where(values.imag == 0, values.real, np.nan)
    return np.broadcast_to(values.astype(np.float64), len(X))


def law_point(oracle: Oracle) -> Point:
    """The law itself as a point: what it leaves of the network's answers."""
    law = simplified(parsed(oracle.law.text, symbols_of(oracle)))
    X = oracle.fresh_rows()
    return Point(nodes(law), unexplained(oracle.answers(X), oracle.law(X)), 0.0, str(law))


def recovery(points: Sequence[Point], oracle: Oracle) -> dict[str, Any]:
    """The shortest of some formulas that is the law, up to constants within 2 %.

    Returns:
        ``evidence``: ``form`` or ``values``, or None where no formula is the law; ``nodes`` and
        ``text`` of that formula.
    """
    from srnet_cli.expressions.equivalence import equivalence

    symbols = symbols_of(oracle)
    law = parsed(oracle.law.text, symbols)
    X = oracle.fresh_rows()[:1000]
    for point in points:
        if point.to_law <= _NEAR_LAW:
            seen = equivalence(parsed(point.text, symbols), law, symbols, X)
            if seen.is_same:
                return {"evidence": seen.evidence, "nodes": point.nodes, "text": point.text}
    return {"evidence": None, "nodes": None, "text": None}


def reached(ours: Sequence[Point], theirs: Sequence[Point]) -> list[bool]:
    """Per point of their front whether ours has 1−R² at most 1.05 times as large, no longer."""
    return [
        any(p.nodes <= point.nodes and p.error <= TOLERANCE * point.error for p in ours)
        for point in theirs
    ]


def most_faithful(points: Sequence[Point]) -> Point | None:
    """The formula with the least error."""
    return min(points, key=lambda point: point.error, default=None)
