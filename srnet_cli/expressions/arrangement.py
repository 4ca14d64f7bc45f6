"""Canonical combinations as formulas, each the shortest way that it can be written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from sympy import Add, Expr, Mul, Pow, Rational, cos, exp, sin

from srnet_cli.expressions.algebra import Algebra, Linear, clean
from srnet_cli.expressions.trees import number, unevaluated

_QUARTER = 0.5 * math.pi
_UNREADABLE = 4


class _Term(NamedTuple):
    """A number times factors; as many nodes as its coefficient and its phase take."""

    value: float
    factors: tuple[Expr, ...]
    cost: tuple[int, float]


class Arrangement:
    """Writes combinations of an algebra.

    Args:
        algebra: whose combinations.
    """

    def __init__(self, algebra: Algebra) -> None:
        self._algebra = algebra
        self._known: dict[Expr, Expr] = {}
        self._terms: dict[tuple[float, Expr], Expr] = {}

    def __call__(self, linear: Linear) -> Expr:
        """The formula."""
        terms = [self._term(value, core) for core, value in self._algebra.ordered(linear)]
        if linear.constant == 0.0 and len(terms) == 1:
            return terms[0]
        if linear.constant != 0.0 or not terms:
            terms.append(number(linear.constant))
        return terms[0] if len(terms) == 1 else Add(*terms, evaluate=False)

    def _term(self, value: float, core: Expr) -> Expr:
        key = value, core
        if key not in self._terms:  # every way to write a term writes all terms within it
            self._terms[key] = self._shortest(value, core)
        return self._terms[key]

    def _shortest(self, value: float, core: Expr) -> Expr:
        term = min(self._ways(value, core), key=lambda way: way.cost)
        if term.value == 1.0 and term.factors:
            first, *rest = term.factors
            return Mul(first, *rest, evaluate=False) if rest else first
        return Mul(number(term.value), *term.factors, evaluate=False)

    def _ways(self, value: float, core: Expr) -> Iterator[_Term]:
        phase = self._algebra.phase(core)
        if phase is not None:
            yield from self._waves(value, *phase)
            return
        factors = dict(self._algebra.factors(core))
        yield self._product(value, factors)
        for base, exponent in factors.items():
            rest = [self._factor(b, e) for b, e in factors.items() if b != base]
            inside = self._scaled_base(value, base, exponent)
            if inside is not None:
                power = Pow(inside, exponent, evaluate=False)
                yield _Term(1.0, (*rest, power), (-1, 0.0))
            if isinstance(base, exp) and not _is_readable(value):
                sign, moved = math.copysign(1.0, value), math.log(abs(value))
                argument = self._algebra.linear(base.args[0])._replace(constant=clean(moved))
                call = exp(self(argument), evaluate=False)
                yield _Term(sign, (*rest, call), (2, 0.0))

    def _product(self, value: float, factors: dict[Expr, Rational]) -> _Term:
        written = tuple(self._factor(base, exponent) for base, exponent in factors.items())
        cost = 0 if value == 1.0 else 2 if _is_readable(value) else _UNREADABLE
        return _Term(value, written, (cost, 0.0))

    def _scaled_base(self, value: float, base: Expr, exponent: Rational) -> Expr | None:
        """A sum under a root with the factor before the root moved into it, where it is shorter.

        It is where no term of the sum loses a coefficient of 1 by it: ``3*sqrt(1 - x**2/9)`` is
        ``sqrt(9 - x**2)``.
        """
        linear = self._algebra.linear(base)
        if exponent.is_Integer or value <= 0.0 or value == 1.0 or not isinstance(base, Add):
            return None
        if 1.0 in linear.terms.values():
            return None
        factor = clean(value ** (1.0 / float(exponent)))
        return self(linear.scaled(factor)) if 1e-4 < factor < 1e4 else None

    def _waves(self, value: float, u: Expr, phase: float) -> Iterator[_Term]:
        """A sine with any phase as a sine or cosine, of either sign, with the least phase."""
        linear = self._algebra.linear(u)
        for function, turned in ((sin, phase), (cos, phase - _QUARTER)):
            for sign, half in ((1.0, 0.0), (-1.0, math.copysign(math.pi, -turned))):
                rest = clean(turned + half)
                rest = 0.0 if abs(rest) < 1e-12 else rest
                argument = self(linear._replace(constant=rest))
                cost = 2 * (sign * value != 1.0) + (rest != 0.0) * (1 if isinstance(u, Add) else 2)
                call = function(argument, evaluate=False)
                yield _Term(sign * value, (call,), (cost, abs(rest)))

    def _factor(self, base: Expr, exponent: Rational) -> Expr:
        written = self._written(base)
        return written if exponent == 1 else Pow(written, exponent, evaluate=False)

    def _written(self, expr: Expr) -> Expr:
        """A core or an argument, and all below it, as they are to be written."""
        if expr not in self._known:
            self._known[expr] = self._rewritten(expr)
        return self._known[expr]

    def _rewritten(self, expr: Expr) -> Expr:
        if not expr.args:
            return expr
        linear = self._algebra.linear(expr)
        if linear.terms.keys() != {expr} or linear.constant != 0.0:
            return self(linear)
        if self._algebra.phase(expr) is not None:
            return self._term(1.0, expr)
        factors = self._algebra.factors(expr)
        if factors.keys() != {expr}:
            return self._term(1.0, expr)
        return unevaluated(expr, [self._written(arg) for arg in expr.args])


def _is_readable(value: float) -> bool:
    return 1e-4 <= abs(value) <= 1e4
