"""Canonical combinations as formulas, each the shortest way that it can be written."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sympy import Add, Expr, Mul, Pow, Rational, cos, exp, sin

from srnet_cli.expressions.algebra import Algebra
from srnet_cli.expressions.linear import Linear, clean
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
        terms = list(self._grouped(linear))
        if linear.constant == 0.0 and len(terms) == 1:
            return terms[0]
        if linear.constant != 0.0 or not terms:
            terms.append(number(linear.constant))
        return terms[0] if len(terms) == 1 else Add(*terms, evaluate=False)

    def _grouped(self, linear: Linear) -> Iterator[Expr]:
        """The terms in order; those with the same coefficient as one, ``2*(x + y)``."""
        ordered = self._algebra.ordered(linear)
        sizes: dict[float, list[float]] = {}
        for _, value in ordered:
            sizes.setdefault(abs(value), []).append(value)
        done: set[float] = set()
        for core, value in ordered:
            factor = max(sizes[abs(value)], key=sizes[abs(value)].count)
            is_shorter = sizes[abs(value)].count(factor) > 1 and abs(value) != 1.0
            if not is_shorter:
                yield self._term(value, core)
            elif abs(value) not in done:
                done.add(abs(value))
                inner = [self._term(v / factor, c) for c, v in ordered if abs(v) == abs(value)]
                grouped = Add(*inner, evaluate=False)
                yield Mul(number(factor), grouped, evaluate=False)

    def _term(self, value: float, core: Expr) -> Expr:
        key = value, core
        if key not in self._terms:  # every way to write a term writes all terms within it
            self._terms[key] = self._shortest(value, core)
        return self._terms[key]

    def _shortest(self, value: float, core: Expr) -> Expr:
        term = min(self._ways(value, core), key=lambda way: way.cost)
        factors = [
            part
            for factor in term.factors
            for part in (factor.args if isinstance(factor, Mul) else (factor,))
        ]
        if term.value != 1.0 or not factors:
            factors.insert(0, number(term.value))
        return factors[0] if len(factors) == 1 else Mul(*factors, evaluate=False)

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
                # Terms without a coefficient get one, together.
                yield _Term(1.0, (*rest, power), (-1 if _is_readable(value) else 2, 0.0))
            if isinstance(base, exp) and exponent == 1:
                yield self._absorbed(value, base, rest)
            logistic = self._with_unit_constant(value, base, exponent)
            if logistic is not None:
                sign, power = logistic
                yield _Term(sign, (*rest, power), (1 if sign > 0.0 else 3, 0.0))

    def _absorbed(self, value: float, base: Expr, rest: Sequence[Expr]) -> _Term:
        """A factor as a constant in the exponential's argument."""
        sign = math.copysign(1.0, value)
        argument = self._algebra.linear(base.args[0])._replace(constant=clean(math.log(abs(value))))
        call = exp(self(argument), evaluate=False)
        has_room = len(argument.terms) > 1
        return _Term(sign, (*rest, call), (2 * (sign < 0.0) + (1 if has_room else 2), 0.0))

    def _with_unit_constant(
        self, value: float, base: Expr, exponent: Rational
    ) -> tuple[float, Expr] | None:
        """(sign, power) of ``k/(exp(u) + k)`` as ``1/(exp(u - log(k)) + 1)``."""
        linear = self._algebra.linear(base)
        constant = linear.constant
        if not (exponent.is_Integer and constant > 0.0 and constant != 1.0):
            return None
        if len(linear.terms) != 1 or not isinstance(next(iter(linear.terms)), exp):
            return None
        factor = clean(value * constant ** int(exponent))
        if abs(abs(factor) - 1.0) > 1e-12:
            return None
        scaled = linear.scaled(1.0 / constant)._replace(constant=1.0)
        return math.copysign(1.0, factor), Pow(self(scaled), exponent, evaluate=False)

    def _product(self, value: float, factors: dict[Expr, Rational]) -> _Term:
        written = tuple(self._factor(base, exponent) for base, exponent in factors.items())
        cost = 0 if value == 1.0 else 2 if _is_readable(value) else _UNREADABLE
        return _Term(value, written, (cost, 0.0))

    def _scaled_base(self, value: float, base: Expr, exponent: Rational) -> Expr | None:
        """A sum under a root with the factor before the root moved into it, where it is shorter.

        It is where no term of the sum loses a coefficient of 1 by it: ``3*sqrt(1 - x**2/9)`` is
        ``sqrt(9 - x**2)``. A factor that reads badly is moved into any power: ``1e-8*(x + y)**4``
        is ``(0.01*(x + y))**4``.
        """
        linear = self._algebra.linear(base)
        if value <= 0.0 or value == 1.0 or not isinstance(base, Add) or exponent == 1:
            return None
        if _is_readable(value) and (exponent.is_Integer or 1.0 in linear.terms.values()):
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
                if _is_negative(argument):
                    # a sine within, which has a sign of its own
                    argument = _negated(argument)
                    sign = -sign if function is sin else sign
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


def _is_negative(expr: Expr) -> bool:
    first = expr.args[0] if isinstance(expr, Mul) else expr
    return bool(first.is_Number and first.is_negative)


def _negated(expr: Expr) -> Expr:
    """A negative number, or a product that begins with one, with the other sign."""
    if not isinstance(expr, Mul):
        return number(-float(expr))
    first, *rest = expr.args
    factors = rest if first == -1 else [number(-float(first)), *rest]
    return factors[0] if len(factors) == 1 else Mul(*factors, evaluate=False)


def _is_readable(value: float) -> bool:
    return 1e-4 <= abs(value) <= 1e4
