"""Formulas and programs as one tape, in which every part is computed once; see ``networks``."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Add, Expr, Mul, Pow, Symbol

from srnet_cli.cgp.kernels.intervals import operations as op
from srnet_cli.cgp.kernels.intervals.tape import Tape
from srnet_cli.cgp.program import Program
from srnet_cli.errors import ModelError
from srnet_cli.expressions.builder import template
from srnet_cli.primitives import PRIMITIVES, Primitive

Array = NDArray[np.float64]

_FUNCTIONS = {
    sympy.sin: op.SINE,
    sympy.cos: op.COSINE,
    sympy.tan: op.TANGENT,
    sympy.tanh: op.HYPERBOLIC_TANGENT,
    sympy.exp: op.EXPONENTIAL,
    sympy.log: op.LOGARITHM,
    sympy.Abs: op.ABSOLUTE,
    sympy.asin: op.ARCSINE,
    sympy.atan: op.ARCTANGENT,
    sympy.sinh: op.HYPERBOLIC_SINE,
    sympy.cosh: op.HYPERBOLIC_COSINE,
    sympy.erf: op.ERROR_FUNCTION,
}

Term = tuple[int, float]
Combine = Callable[[int, int], int]


class Unprovable(ModelError):
    """A formula or network that holds something no bounds are known for."""


class _Row(NamedTuple):
    operation: int
    left: int = 0
    right: int = 0
    low: float = 0.0
    high: float = 0.0
    terms: tuple[Term, ...] = ()


class TapeBuilder:
    """Collects operations; one that was there before is found again.

    Args:
        inputs: number of inputs d, which are the slots 0 … d−1.
    """

    def __init__(self, inputs: int) -> None:
        self._rows: list[_Row] = []
        self._known: dict[tuple[_Row, Hashable], int] = {}
        self.inputs = [self._slot(_Row(op.VARIABLE, i)) for i in range(inputs)]

    def __len__(self) -> int:
        return len(self._rows)

    def tape(self, outputs: Sequence[int]) -> Tape:
        """What has been collected, as far as these outputs need it."""
        kept = self._needed(outputs)
        places = {slot: place for place, slot in enumerate(kept)}
        rows = [_moved(self._rows[slot], places) for slot in kept]
        slots, weights = list[int](), list[float]()
        starts = []
        for row in rows:
            starts.append(len(slots))
            slots += [slot for slot, _ in row.terms]
            weights += [weight for _, weight in row.terms]
        return Tape(
            operations=np.array([row.operation for row in rows], dtype=np.int64),
            left=np.array(
                [
                    start if row.operation == op.AFFINE else row.left
                    for row, start in zip(rows, starts, strict=True)
                ],
                dtype=np.int64,
            ),
            right=np.array(
                [len(row.terms) if row.operation == op.AFFINE else row.right for row in rows],
                dtype=np.int64,
            ),
            low=np.array([row.low for row in rows], dtype=np.float64),
            high=np.array([row.high for row in rows], dtype=np.float64),
            slots=np.array(slots, dtype=np.int64),
            weights=np.array(weights, dtype=np.float64),
            outputs=np.array([places[slot] for slot in outputs], dtype=np.int64),
        )

    def constant(self, low: float, high: float | None = None, number: Hashable = None) -> int:
        """A number, known exactly or between bounds; two numbers between the same bounds are told
        apart by what they are."""
        row = _Row(op.CONSTANT, low=low, high=low if high is None else high)
        return self._slot(row, number)

    def affine(self, terms: Sequence[Term], bias: float = 0.0) -> int:
        """Σ weight · slot + bias."""
        kept = tuple((slot, float(weight)) for slot, weight in terms if weight != 0.0)
        if not kept:
            return self.constant(float(bias))
        return self._slot(_Row(op.AFFINE, low=float(bias), high=float(bias), terms=kept))

    def add(self, a: int, b: int) -> int:
        """a + b."""
        return self._slot(_Row(op.ADD, min(a, b), max(a, b)))

    def subtract(self, a: int, b: int) -> int:
        """a − b."""
        return self.add(a, self.scale(b, -1.0))

    def scale(self, a: int, factor: float) -> int:
        """factor · a."""
        number = self._number(a)
        if number is not None and factor in (1.0, -1.0):
            return self.constant(factor * number)
        return a if factor == 1.0 else self._slot(_Row(op.SCALE, a, low=factor))

    def multiply(self, a: int, b: int) -> int:
        """a · b; by a number known exactly it is a scale, and of equals a square."""
        for number, other in ((self._number(a), b), (self._number(b), a)):
            if number is not None:
                return self.scale(other, number)
        if a == b:
            return self.power(a, 2)
        return self._slot(_Row(op.MULTIPLY, min(a, b), max(a, b)))

    def maximum(self, a: int, b: int) -> int:
        """The greater of both."""
        for number, other in ((self._number(a), b), (self._number(b), a)):
            if number == 0.0:
                return self.function(op.RECTIFIER, other)
        return a if a == b else self._slot(_Row(op.MAXIMUM, min(a, b), max(a, b)))

    def power(self, a: int, exponent: int) -> int:
        """A whole power."""
        if exponent < 0:
            return self.function(op.RECIPROCAL, self.power(a, -exponent))
        if exponent == 0:
            return self.constant(1.0)
        return a if exponent == 1 else self._slot(_Row(op.POWER, a, exponent))

    def real_power(self, a: int, exponent: float) -> int:
        """Another power, of a number that must not be negative."""
        return self._slot(_Row(op.REAL_POWER, a, low=exponent))

    def function(self, operation: int, a: int) -> int:
        """A function of one operand."""
        return self._slot(_Row(operation, a))

    def _number(self, slot: int) -> float | None:
        row = self._rows[slot]
        return row.low if row.operation == op.CONSTANT and row.low == row.high else None

    def _slot(self, row: _Row, number: Hashable = None) -> int:
        key = (row, number)
        if key not in self._known:
            self._known[key] = len(self._rows)
            self._rows.append(row)
        return self._known[key]

    def _needed(self, outputs: Sequence[int]) -> list[int]:
        needed, waiting = set(self.inputs), list(outputs)
        while waiting:
            slot = waiting.pop()
            if slot not in needed:
                needed.add(slot)
                waiting.extend(_operands(self._rows[slot]))
        return sorted(needed)


def _operands(row: _Row) -> tuple[int, ...]:
    if row.operation in (op.CONSTANT, op.VARIABLE):
        return ()
    if row.operation == op.AFFINE:
        return tuple(slot for slot, _ in row.terms)
    is_binary = row.operation in (op.ADD, op.MULTIPLY, op.MAXIMUM)
    return (row.left, row.right) if is_binary else (row.left,)


def _moved(row: _Row, places: Mapping[int, int]) -> _Row:
    if row.operation in (op.CONSTANT, op.VARIABLE):
        return row
    if row.operation == op.AFFINE:
        return row._replace(terms=tuple((places[slot], weight) for slot, weight in row.terms))
    if row.operation in (op.ADD, op.MULTIPLY, op.MAXIMUM):
        return row._replace(left=places[row.left], right=places[row.right])
    return row._replace(left=places[row.left])


def add_formula(builder: TapeBuilder, expr: Expr, operands: Mapping[Expr, int]) -> int:
    """Put a SymPy formula on a tape; it is taken as written, nothing is simplified.

    Args:
        builder: collects the operations.
        expr: the formula.
        operands: the slots that its symbols stand for.

    Returns:
        The slot of its value.

    Raises:
        Unprovable: it holds a function that no bounds are known for, or a free symbol.
    """
    return _Reader(builder, operands).read(expr)


class _Reader:
    def __init__(self, builder: TapeBuilder, operands: Mapping[Expr, int]) -> None:
        self._builder = builder
        self._known: dict[Expr, int] = dict(operands)

    def read(self, expr: Expr) -> int:
        if expr not in self._known:
            self._known[expr] = self._new(expr)
        return self._known[expr]

    def _new(self, expr: Expr) -> int:
        builder = self._builder
        if not expr.args:
            return self._leaf(expr)
        if isinstance(expr, Add):
            return self._chained(expr.args, builder.add)
        if isinstance(expr, Mul):
            return self._chained(expr.args, builder.multiply)
        if isinstance(expr, Pow):
            return self._power(expr.base, expr.exp)
        if isinstance(expr, sympy.Max):
            return self._chained(expr.args, builder.maximum)
        if isinstance(expr, sympy.Min):
            negated = [builder.scale(self.read(arg), -1.0) for arg in expr.args]
            return builder.scale(_reduced(negated, builder.maximum), -1.0)
        if isinstance(expr, sympy.acos):
            turned = builder.scale(builder.function(op.ARCSINE, self.read(expr.args[0])), -1.0)
            return builder.add(turned, builder.constant(*around(math.pi / 2), sympy.pi / 2))
        if expr.func not in _FUNCTIONS:
            raise Unprovable(f"no bounds are known for the function {expr.func.__name__}")
        return builder.function(_FUNCTIONS[expr.func], self.read(expr.args[0]))

    def _chained(self, args: Sequence[Expr], combine: Combine) -> int:
        return _reduced([self.read(arg) for arg in args], combine)

    def _leaf(self, leaf: Expr) -> int:
        if leaf.is_Symbol:
            raise Unprovable(f"the formula holds {leaf}, which is no input")
        if leaf.is_Float:
            return self._builder.constant(float(leaf))
        if leaf.is_Integer and abs(int(leaf)) <= 2**53:
            return self._builder.constant(float(int(leaf)))
        if not (leaf.is_number and leaf.is_finite and leaf.is_real):
            raise Unprovable(f"the formula holds {leaf}, which is no real number")
        value = float(leaf)
        is_exact = leaf.is_Rational and sympy.Rational(value) == leaf
        return self._builder.constant(value) if is_exact else self._around(value, leaf)

    def _around(self, value: float, leaf: Expr) -> int:
        return self._builder.constant(*around(value), leaf)

    def _power(self, base: Expr, exponent: Expr) -> int:
        builder = self._builder
        if not exponent.is_number:
            # SymPy may make it of exp(y*log(x)), which is what was found.
            return self.read(sympy.exp(exponent * sympy.log(base), evaluate=False))
        if exponent == -1:
            logistic = _logistic_operand(base)
            if logistic is not None:
                negated = builder.scale(self.read(logistic), -1.0)
                return builder.function(op.SIGMOID, negated)
        slot = self.read(base)
        if float(exponent).is_integer():  # 2.0 as well, as NumPy has it
            return builder.power(slot, int(exponent))
        if exponent.is_negative:
            return builder.function(op.RECIPROCAL, self._root(slot, -exponent))
        return self._root(slot, exponent)

    def _root(self, slot: int, exponent: Expr) -> int:
        if exponent == sympy.S.Half:
            return self._builder.function(op.ROOT, slot)
        return self._builder.real_power(slot, float(exponent))


def _logistic_operand(base: Expr) -> Expr | None:
    """w where the formula is 1 + exp(w)."""
    if not isinstance(base, Add) or len(base.args) != 2:
        return None
    for constant, other in (base.args, base.args[::-1]):
        if constant == 1 and isinstance(other, sympy.exp):
            return other.args[0]
    return None


def _reduced(slots: Sequence[int], combine: Combine) -> int:
    result = slots[0]
    for slot in slots[1:]:
        result = combine(result, slot)
    return result


def around(value: float) -> tuple[float, float]:
    """Bounds of a number that is rounded."""
    return float(np.nextafter(value, -np.inf)), float(np.nextafter(value, np.inf))


@cache
def _template(primitive: Primitive) -> tuple[Expr, tuple[Symbol, ...]]:
    symbols = tuple(Symbol(name) for name in ("left", "right")[: primitive.arity])
    return template(primitive)(*symbols), symbols


def add_primitive(builder: TapeBuilder, primitive: Primitive, operands: Sequence[int]) -> int:
    """Put a function of the table on a tape, by its formula.

    Raises:
        Unprovable: it is written with a function that no bounds are known for.
    """
    formula, symbols = _template(primitive)
    return add_formula(builder, formula, dict(zip(symbols, operands, strict=True)))


def add_program(builder: TapeBuilder, program: Program, operands: Sequence[int]) -> int:
    """Put an expression on a tape.

    Args:
        builder: collects the operations.
        program: the expression.
        operands: the slots of its d inputs.

    Raises:
        Unprovable: it uses a function that no bounds are known for.
    """
    slots = [*operands, *(builder.constant(float(value)) for value in program.constants)]
    for i, opcode in enumerate(program.ops.tolist()):
        primitive = PRIMITIVES[opcode]
        given = []
        for side in range(primitive.arity):
            weight = 1.0 if program.coefficients is None else float(program.coefficients[i, side])
            slot = slots[program.args[i, side]]
            number = builder.constant(weight)
            given.append(slot if weight == 1.0 else builder.multiply(slot, number))
        slots.append(add_primitive(builder, primitive, given))
    return slots[program.output]
