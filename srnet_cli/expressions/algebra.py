"""Sums and products in canonical form, numerically: what is the same becomes the same object.

Every formula is a linear combination of *cores* and a constant. A core is a symbol, a function call
or a product of powers, and has no numeric factor: factors are pulled out of powers, roots, absolute
values and exponentials, and constants out of logarithms, so that two terms that differ by a factor
share their core. Operations that would hold for real numbers only under a condition (``sqrt(x)**2``
is x for x ≥ 0) are done all the same; callers check the values.

Unlike SymPy's automatic evaluation nothing here asks for assumptions or multiplies sums out, so the
time is proportional to the size of the formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import sympy
from sympy import Abs, Add, Expr, Max, Min, Mul, Pow, Rational, Symbol, cos, exp, log, sin

from srnet_cli.expressions.linear import (
    Linear,
    UnsafeError,
    clean,
    number_power,
    require_safe,
)
from srnet_cli.expressions.term_order import TermOrder
from srnet_cli.expressions.trees import number

Factors = Mapping[Expr, Rational]

HALF, ONE = sympy.S.Half, sympy.S.One
MAX_EXPONENT = 60
"""Higher powers are left as they are: their coefficients would overflow."""

_ZERO = 1e-14
_TURN = 2.0 * math.pi


class Algebra:
    """Canonical operations on linear combinations.

    Args:
        symbols: the inputs, in the order that terms shall have.
        is_positive: whether a formula is nowhere negative.
    """

    def __init__(self, symbols: Sequence[Symbol], is_positive: Callable[[Expr], bool]) -> None:
        self._order = TermOrder(symbols)
        self._is_positive = is_positive
        self._linears: dict[Expr, Linear] = {}
        self._powers: dict[Expr, Factors] = {}
        self._phases: dict[Expr, tuple[Expr, float]] = {}

    # -- between trees and combinations

    def atom(self, expr: Expr) -> Linear:
        """A formula that is not looked into."""
        return Linear({expr: 1.0})

    def expr(self, linear: Linear) -> Expr:
        """The tree of a combination, terms in order, the constant last."""
        terms = [self.term(value, core) for core, value in self.ordered(linear)]
        if linear.constant != 0.0 or not terms:
            terms.append(number(linear.constant))
        tree = terms[0] if len(terms) == 1 else Add(*terms, evaluate=False)
        self._linears.setdefault(tree, linear)
        return tree

    def term(self, value: float, core: Expr) -> Expr:
        """``value·core`` as a tree, flat."""
        if value == 1.0:
            return core
        # Nested products would be counted and printed as if they were two operations.
        factors = core.args if isinstance(core, Mul) else (core,)
        return Mul(number(value), *factors, evaluate=False)

    def linear(self, expr: Expr) -> Linear:
        """The combination that a tree of this algebra was made of."""
        return self._linears.get(expr, Linear({expr: 1.0}))

    def factors(self, core: Expr) -> Factors:
        """The powers that a core is the product of."""
        return self._powers.get(core, {core: ONE})

    def phase(self, core: Expr) -> tuple[Expr, float] | None:
        """``(u, φ)`` of a core that is ``sin(u + φ)``; None of any other."""
        return self._phases.get(core)

    def ordered(self, linear: Linear) -> list[tuple[Expr, float]]:
        """The terms by the inputs they read, the shorter first."""
        return sorted(linear.terms.items(), key=lambda term: self._order.of_term(term[0]))

    # -- sums

    def total(self, parts: Iterable[tuple[float, Linear]]) -> Linear:
        """``Σ weight·part``, like terms collected; what cancels to the last digit is 0."""
        terms: dict[Expr, float] = {}
        sizes: dict[Expr, float] = {}
        constant = size = 0.0
        for weight, part in parts:
            for core, value in part.terms.items():
                terms[core] = terms.get(core, 0.0) + weight * value
                sizes[core] = max(sizes.get(core, 0.0), abs(weight * value))
            constant += weight * part.constant
            size = max(size, abs(weight * part.constant))
        remaining = {c: clean(v) for c, v in terms.items() if abs(v) > _ZERO * sizes[c]}
        constant = clean(constant) if abs(constant) > _ZERO * size else 0.0
        return require_safe(self._waves_joined(Linear(remaining, constant)))

    def _waves_joined(self, linear: Linear) -> Linear:
        """Sines of the same argument but for the phase as one: their phasors are added."""
        waves: dict[Expr, list[Expr]] = {}
        for core in linear.terms:
            if core in self._phases:
                waves.setdefault(self._phases[core][0], []).append(core)
        joined = {u: cores for u, cores in waves.items() if len(cores) > 1}
        if not joined:
            return linear
        terms = dict(linear.terms)
        for u, cores in joined.items():
            values = [(terms.pop(core), self._phases[core][1]) for core in cores]
            real = sum(value * math.cos(phase) for value, phase in values)
            imaginary = sum(value * math.sin(phase) for value, phase in values)
            size = math.hypot(real, imaginary)
            if size > _ZERO * max(abs(value) for value, _ in values):
                core, sign = self._wave(self.linear(u), math.atan2(imaginary, real))
                terms[core] = clean(terms.get(core, 0.0) + sign * size)
        return Linear(terms, linear.constant)

    # -- products and powers

    def factored(self, linear: Linear, *, signed: bool = True) -> tuple[float, Factors]:
        """A combination as a number times powers.

        Args:
            linear: the combination.
            signed: whether the number may be negative.
        """
        if not linear.terms:
            return linear.constant, {}
        if len(linear.terms) == 1 and linear.constant == 0.0:
            ((core, value),) = linear.terms.items()
            if value > 0.0 or signed:
                return value, self.factors(core)
            return -value, {self.expr(Linear({core: -1.0})): ONE}
        scale = self._scale(linear, signed=signed)
        return scale, {self.expr(linear.scaled(1.0 / scale)): ONE}

    def _scale(self, linear: Linear, *, signed: bool) -> float:
        """The factor to pull out of a sum, after which most terms need no coefficient."""
        values = [value for _, value in self.ordered(linear)]
        candidates = values if signed else [value for value in values if value > 0.0]
        if not candidates:
            return abs(linear.constant or values[0])
        return max(candidates, key=candidates.count)  # the first of the most frequent

    def product(self, scale: float, factors: Mapping[Expr, Rational]) -> Linear:
        """A number times powers."""
        scale, powers = self._merged(scale, factors)
        if not powers or scale == 0.0:
            return require_safe(Linear({}, clean(scale)))
        if len(powers) == 1:
            ((base, exponent),) = powers.items()
            if exponent == 1 and base in self._linears:
                return require_safe(self._linears[base].scaled(scale))
        return require_safe(Linear({self._core(powers): clean(scale)}))

    def _merged(
        self, scale: float, factors: Mapping[Expr, Rational]
    ) -> tuple[float, dict[Expr, Rational]]:
        """Exponentials as one, and whole powers of products as products of powers."""
        powers: dict[Expr, Rational] = {}
        exponents: list[tuple[float, Linear]] = []
        for base, exponent in factors.items():
            if isinstance(base, exp):
                exponents.append((float(exponent), self.linear(base.args[0])))
                continue
            factor, inner = self._opened(base, exponent)
            scale *= factor
            for part, power in inner.items():
                powers[part] = powers.get(part, sympy.S.Zero) + power
        if exponents:
            factor, base = self._exponential(self.total(exponents))
            scale *= factor
            if base is not None:
                powers[base] = ONE
        return scale, {base: exponent for base, exponent in powers.items() if exponent != 0}

    def _opened(self, base: Expr, exponent: Rational) -> tuple[float, Factors]:
        """A power as a number times powers of what cannot be taken apart."""
        if not exponent.is_Integer:
            return 1.0, {base: exponent}
        if isinstance(base, Abs) and exponent.is_even:
            factor, inner = self.factored(self.linear(base.args[0]))
        elif base in self._linears:
            factor, inner = self.factored(self._linears[base])
        else:
            factor, inner = 1.0, self.factors(base)
        return number_power(factor, exponent), {b: e * exponent for b, e in inner.items()}

    def _core(self, powers: Mapping[Expr, Rational]) -> Expr:
        ordered = sorted(powers.items(), key=lambda power: self._order.of_factor(*power))
        parts = [_power(base, exponent) for base, exponent in ordered]
        core = parts[0] if len(parts) == 1 else Mul(*parts, evaluate=False)
        self._powers.setdefault(core, dict(ordered))
        return core

    def times(self, operands: Sequence[Linear]) -> Linear:
        """A product of combinations; sums are not multiplied out."""
        scale, powers = 1.0, dict[Expr, Rational]()
        for operand in operands:
            factor, factors = self.factored(operand)
            scale *= factor
            for base, exponent in factors.items():
                powers[base] = powers.get(base, sympy.S.Zero) + exponent
        return self.product(scale, powers)

    def power(self, base: Linear, exponent: Rational) -> Linear:
        """A rational power of a combination."""
        if abs(exponent) > MAX_EXPONENT:
            raise UnsafeError
        if not base.terms:
            return require_safe(Linear({}, number_power(base.constant, exponent)))
        if exponent.is_Integer:
            scale, factors = self.factored(base)
            powers = {core: power * exponent for core, power in factors.items()}
            return self.product(number_power(scale, exponent), powers)
        scale, factors = self.factored(base, signed=False)
        return self.product(number_power(scale, exponent), self._rooted(factors, exponent))

    def _rooted(self, factors: Factors, exponent: Rational) -> dict[Expr, Rational]:
        """Powers to a power that is not whole: factors leave the root where they may."""
        outside: dict[Expr, Rational] = {}
        inside: dict[Expr, Rational] = {}
        absolute: dict[Rational, dict[Expr, Rational]] = {}
        for base, power in factors.items():
            if isinstance(base, exp) or self._is_positive(base):
                outside[base] = outside.get(base, sympy.S.Zero) + power * exponent
            elif power.is_even:
                # |b|^(2k p), and b itself where that power is even again
                new = power * exponent
                if new.is_even:
                    outside[base] = outside.get(base, sympy.S.Zero) + new
                else:
                    absolute.setdefault(new, {})[base] = ONE
            else:
                inside[base] = power
        for new, bases in absolute.items():
            core = self._absolute_core(bases)
            outside[core] = outside.get(core, sympy.S.Zero) + new
        if len(inside) == 1:
            ((base, power),) = inside.items()
            outside[base] = outside.get(base, sympy.S.Zero) + power * exponent
        elif inside:
            joint = self._core(inside)
            outside[joint] = outside.get(joint, sympy.S.Zero) + exponent
        return outside

    # -- functions

    def call(self, function: type[Expr], operands: Sequence[Linear]) -> Linear:
        """A function of combinations."""
        if all(not operand.terms for operand in operands):
            raise UnsafeError  # a number, which the caller computes
        if function in (Min, Max):
            return self._extreme(function, operands)
        (operand,) = operands
        if function is exp:
            return self._exponential_of(operand)
        if function is log:
            return self._logarithm(operand)
        if function is Abs:
            scale, factors = self.factored(operand)
            return self.product(abs(scale), self._absolute(factors))
        if function in (sin, cos):
            quarter = 0.0 if function is sin else 0.5 * math.pi
            core, sign = self._wave(operand.without_constant, operand.constant + quarter)
            return Linear({core: sign})
        return self._odd(function, operand)

    def _exponential_of(self, operand: Linear) -> Linear:
        """The exponential; of a multiple of a logarithm, a power."""
        powers = {
            core: Rational(int(2 * value), 2)
            for core, value in operand.terms.items()
            if isinstance(core, log) and (2 * value).is_integer() and abs(value) <= MAX_EXPONENT
        }
        others = {core: value for core, value in operand.terms.items() if core not in powers}
        factor, base = self._exponential(operand._replace(terms=others))
        parts = [self.product(factor, {} if base is None else {base: ONE})]
        logarithms = powers.items()
        parts += [self.power(self.linear(core.args[0]), power) for core, power in logarithms]
        return self.times(parts)

    def _exponential(self, operand: Linear) -> tuple[float, Expr | None]:
        """``e^constant`` and the exponential of the rest."""
        factor = math.exp(operand.constant) if abs(operand.constant) < 250.0 else math.inf
        if not operand.terms:
            return factor, None
        return factor, exp(self.expr(operand.without_constant), evaluate=False)

    def _logarithm(self, operand: Linear) -> Linear:
        scale, factors = self.factored(operand, signed=False)
        parts = [(1.0, Linear({}, math.log(scale)))]
        inside: dict[Expr, Rational] = {}
        for base, exponent in factors.items():
            if isinstance(base, exp):
                parts.append((float(exponent), self.linear(base.args[0])))
            else:
                inside[base] = exponent
        if len(inside) == 1:
            ((base, exponent),) = inside.items()
            if not exponent.is_even or self._is_positive(base):
                return self.total([*parts, (float(exponent), self._log_of(base))])
        if inside:
            parts.append((1.0, self._log_of(self._core(inside))))
        return self.total(parts)

    def _log_of(self, core: Expr) -> Linear:
        return Linear({log(core, evaluate=False): 1.0})

    def _absolute(self, factors: Factors) -> dict[Expr, Rational]:
        outside: dict[Expr, Rational] = {}
        inside: dict[Expr, Rational] = {}
        for base, exponent in factors.items():
            if exponent.is_even or self._is_positive(base) or isinstance(base, Abs | exp):
                outside[base] = exponent
            else:
                inside[base] = exponent
        if inside:
            outside[self._absolute_core(inside)] = ONE
        return outside

    def _absolute_core(self, factors: Factors) -> Expr:
        return Abs(self._core(factors), evaluate=False)

    def _wave(self, u: Linear, phase: float) -> tuple[Expr, float]:
        """``sin(u + phase)`` as ±1 times a core whose phase is in [0, π)."""
        sign = 1.0
        if self._leads_negative(u):
            u, phase, sign = u.scaled(-1.0), -phase, -sign
        phase = math.remainder(phase, _TURN)
        if phase < 0.0 or math.isclose(phase, math.pi, abs_tol=1e-12):
            phase, sign = phase + math.copysign(math.pi, -phase), -sign
        if abs(phase) < 1e-12:
            phase = 0.0
        elif abs(phase - 0.5 * math.pi) < 1e-12:
            phase = 0.5 * math.pi
        argument = self.expr(u)
        if phase == 0.5 * math.pi:
            core = cos(argument, evaluate=False)
        else:
            core = sin(self.expr(u._replace(constant=clean(phase))), evaluate=False)
        self._phases[core] = (argument, phase)
        return core, sign

    def _odd(self, function: type[Expr], operand: Linear) -> Linear:
        """Tangents, of either kind."""
        sign = 1.0
        if function is sympy.tan:
            shift = clean(math.remainder(operand.constant, math.pi))
            operand = operand._replace(constant=shift if abs(shift) > 1e-12 else 0.0)
        if function in (sympy.tan, sympy.tanh) and self._leads_negative(operand):
            operand, sign = operand.scaled(-1.0), -1.0
        return Linear({function(self.expr(operand), evaluate=False): sign})

    def _extreme(self, function: type[Expr], operands: Sequence[Linear]) -> Linear:
        parts: dict[Expr, None] = {}
        numbers: list[float] = []
        for operand in operands:
            if not operand.terms:
                numbers.append(operand.constant)
                continue
            tree = self.expr(operand)
            nested = tree.args if isinstance(tree, function) else (tree,)
            numbers += [float(part) for part in nested if part.is_Number]
            parts.update(dict.fromkeys(part for part in nested if not part.is_Number))
        trees = sorted(parts, key=self._order.of_term)
        if numbers:
            trees.append(number(min(numbers) if function is Min else max(numbers)))
        if len(trees) == 1:
            return self.linear(trees[0])
        return Linear({function(*trees, evaluate=False): 1.0})

    def _leads_negative(self, linear: Linear) -> bool:
        return self.ordered(linear)[0][1] < 0.0


def _power(base: Expr, exponent: Rational) -> Expr:
    return base if exponent == 1 else Pow(base, exponent, evaluate=False)
