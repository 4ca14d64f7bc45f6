"""Tapes in exact arithmetic: a normal form in which equal things can be seen to be equal.

Every slot is a *combination*, Σ coefficient · atom and a number, with fractions for numbers. An
atom is an input, a number known between bounds only, or a function of combinations; atoms that are
made alike are the same atom. Signs are taken out of functions that are odd and dropped in those
that are even; max and ReLU are written with absolute values, and σ(−x) is 1 − σ(x).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import sympy
from sympy import Expr, Symbol

from srnet_cli.cgp.kernels.intervals import operations as op
from srnet_cli.proofs.enclosures import Tape

_ODD = frozenset(
    {
        *(op.RECIPROCAL, op.SINE, op.TANGENT, op.HYPERBOLIC_TANGENT, op.ARCSINE),
        *(op.ARCTANGENT, op.HYPERBOLIC_SINE, op.ERROR_FUNCTION),
    }
)
_EVEN = frozenset({op.COSINE, op.ABSOLUTE, op.HYPERBOLIC_COSINE})
_HALF = Fraction(1, 2)

_SYMPY = {
    op.RECIPROCAL: lambda x: 1 / x,
    op.ROOT: sympy.sqrt,
    op.EXPONENTIAL: sympy.exp,
    op.LOGARITHM: sympy.log,
    op.SINE: sympy.sin,
    op.COSINE: sympy.cos,
    op.TANGENT: sympy.tan,
    op.HYPERBOLIC_TANGENT: sympy.tanh,
    op.SIGMOID: lambda x: 1 / (1 + sympy.exp(-x)),
    op.ABSOLUTE: sympy.Abs,
    op.RECTIFIER: lambda x: sympy.Max(0, x),
    op.ARCSINE: sympy.asin,
    op.ARCTANGENT: sympy.atan,
    op.HYPERBOLIC_SINE: sympy.sinh,
    op.HYPERBOLIC_COSINE: sympy.cosh,
    op.ERROR_FUNCTION: sympy.erf,
}


@dataclass(frozen=True)
class Combination:
    """Σ coefficient · atom + constant.

    Attributes:
        terms: atoms by number, ascending, with coefficients other than 0.
        constant: what is added.
    """

    terms: tuple[tuple[int, Fraction], ...] = ()
    constant: Fraction = Fraction(0)

    def __neg__(self) -> Combination:
        return self.scaled(Fraction(-1))

    def scaled(self, factor: Fraction) -> Combination:
        """A multiple."""
        if not factor:
            return Combination()
        terms = tuple((atom, factor * coefficient) for atom, coefficient in self.terms)
        return Combination(terms, factor * self.constant)

    @property
    def is_number(self) -> bool:
        """Whether it is a number known exactly."""
        return not self.terms

    def without_sign(self) -> tuple[Combination, int]:
        """It or its negative, whichever begins with a positive number, and the sign taken out."""
        first = self.terms[0][1] if self.terms else self.constant
        return (-self, -1) if first < 0 else (self, 1)


def total(parts: Sequence[Combination], constant: Fraction = Fraction(0)) -> Combination:
    """The sum of combinations and a number."""
    coefficients: dict[int, Fraction] = {}
    for part in parts:
        constant += part.constant
        for atom, coefficient in part.terms:
            coefficients[atom] = coefficients.get(atom, Fraction(0)) + coefficient
    kept = sorted((atom, value) for atom, value in coefficients.items() if value)
    return Combination(tuple(kept), constant)


@dataclass
class Atoms:
    """All atoms, numbered as they come; tapes that are read with the same ones can be compared."""

    _known: dict[Hashable, int] = field(default_factory=dict)

    def atom(self, key: Hashable) -> Combination:
        """The atom that is made like this."""
        number = self._known.setdefault(key, len(self._known))
        return Combination(((number, Fraction(1)),))

    def inputs(self, count: int) -> list[Combination]:
        """The inputs x_0 … as atoms."""
        return [self.atom(("input", i)) for i in range(count)]

    def read(self, tape: Tape, inputs: Sequence[Combination]) -> list[Combination]:
        """A tape's slots, with combinations in place of its inputs.

        Raises:
            ValueError, OverflowError: a number of the tape is not finite.
        """
        slots: list[Combination] = []
        for k, operation in enumerate(tape.operations.tolist()):
            slots.append(self._slot(tape, k, operation, slots, inputs))
        return slots

    def _slot(
        self,
        tape: Tape,
        k: int,
        operation: int,
        slots: Sequence[Combination],
        inputs: Sequence[Combination],
    ) -> Combination:
        left, right, low = int(tape.left[k]), int(tape.right[k]), float(tape.low[k])
        if operation == op.VARIABLE:
            return inputs[left]
        if operation == op.CONSTANT:
            is_exact = low == float(tape.high[k])
            return Combination((), Fraction(low)) if is_exact else self.atom(("number", k))
        if operation == op.AFFINE:
            places = range(left, left + right)
            parts = [slots[tape.slots[t]].scaled(Fraction(float(tape.weights[t]))) for t in places]
            return total(parts, Fraction(low))
        if operation == op.ADD:
            return total([slots[left], slots[right]])
        if operation == op.SCALE:
            return slots[left].scaled(Fraction(low))
        if operation == op.MULTIPLY:
            return self._product(slots[left], slots[right])
        if operation == op.MAXIMUM:
            return self._maximum(slots[left], slots[right])
        return self._function(operation, slots[left], right, low)

    def _product(self, a: Combination, b: Combination) -> Combination:
        for number, other in ((a, b), (b, a)):
            if number.is_number:
                return other.scaled(number.constant)
        (first, sign), (second, other_sign) = a.without_sign(), b.without_sign()
        if first == second:
            return self._function(op.POWER, first, 2, 0.0).scaled(Fraction(sign * other_sign))
        pair = frozenset((first, second))
        return self.atom(("product", pair)).scaled(Fraction(sign * other_sign))

    def _maximum(self, a: Combination, b: Combination) -> Combination:
        size = self._function(op.ABSOLUTE, total([a, -b]), 0, 0.0)
        return total([a.scaled(_HALF), b.scaled(_HALF), size.scaled(_HALF)])

    def _function(
        self, operation: int, operand: Combination, whole: int, real: float
    ) -> Combination:
        if operation == op.RECTIFIER:
            return self._maximum(operand, Combination())
        plain, sign = operand.without_sign()
        if operation == op.SIGMOID:
            value = self.atom((operation, plain))
            return value if sign > 0 else total([-value], Fraction(1))
        if operation == op.POWER:
            return self.atom((operation, plain, whole)).scaled(Fraction(sign**whole))
        if operation in _ODD:
            return self.atom((operation, plain)).scaled(Fraction(sign))
        if operation in _EVEN:
            return self.atom((operation, plain))
        return self.atom((operation, operand, real))


def read_inputs(tape: Tape) -> frozenset[int]:
    """The inputs that a tape's outputs depend on."""
    is_needed = np.zeros(len(tape.operations), dtype=np.bool_)
    is_needed[tape.outputs] = True
    read = set()
    for k in range(len(is_needed) - 1, -1, -1):
        if is_needed[k]:
            if tape.operations[k] == op.VARIABLE:
                read.add(int(tape.left[k]))
            is_needed[_operands(tape, k)] = True
    return frozenset(read)


def written_size(tape: Tape) -> float:
    """How many nodes a tape's first output has when it is written as one formula."""
    sizes: list[float] = []
    for k, operation in enumerate(tape.operations.tolist()):
        factor = float(tape.right[k]) if operation == op.POWER else 1.0
        sizes.append(1.0 + factor * sum(sizes[place] for place in _operands(tape, k)))
    return sizes[int(tape.outputs[0])]


def as_formula(tape: Tape, numbers: Mapping[int, Expr], inputs: Sequence[Symbol]) -> Expr:
    """A tape's first output as a formula of SymPy's, with fractions for numbers.

    Args:
        tape: the program.
        numbers: symbols for numbers that are known between bounds only, by slot.
        inputs: symbols of the inputs.
    """
    slots: list[Expr] = []
    for k, operation in enumerate(tape.operations.tolist()):
        left, right = int(tape.left[k]), int(tape.right[k])
        number = sympy.Rational(float(tape.low[k]))
        if operation == op.VARIABLE:
            slots.append(inputs[left])
        elif operation == op.CONSTANT:
            slots.append(numbers.get(k, number))
        elif operation == op.AFFINE:
            places = range(left, left + right)
            terms = (sympy.Rational(float(tape.weights[t])) * slots[tape.slots[t]] for t in places)
            slots.append(sympy.Add(*terms, number))
        elif operation == op.ADD:
            slots.append(slots[left] + slots[right])
        elif operation == op.SCALE:
            slots.append(number * slots[left])
        elif operation == op.MULTIPLY:
            slots.append(slots[left] * slots[right])
        elif operation == op.MAXIMUM:
            slots.append(sympy.Max(slots[left], slots[right]))
        elif operation in (op.POWER, op.REAL_POWER):
            slots.append(slots[left] ** (right if operation == op.POWER else number))
        else:
            slots.append(_SYMPY[operation](slots[left]))
    return slots[int(tape.outputs[0])]


def _operands(tape: Tape, k: int) -> list[int]:
    operation, left, right = int(tape.operations[k]), int(tape.left[k]), int(tape.right[k])
    if operation in (op.CONSTANT, op.VARIABLE):
        return []
    if operation == op.AFFINE:
        operands: list[int] = tape.slots[left : left + right].tolist()
        return operands
    return [left, right] if operation in (op.ADD, op.MULTIPLY, op.MAXIMUM) else [left]
