"""Programs as SymPy formulas, built from the text of the primitive table."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
import sympy
from sympy import Add, Expr, Mul, Pow, Symbol

from srnet_cli.cgp.program import Program
from srnet_cli.errors import ModelError
from srnet_cli.expressions.numeric import values
from srnet_cli.expressions.trees import Size, measure, number
from srnet_cli.primitives import PRIMITIVES, Primitive

MAX_NODES = 2000
MAX_DEPTH = 50
"""Larger formulas are cut into steps: nobody reads them, and SymPy recurses on every level."""

_SAME = 1e-12

Build = Callable[..., Expr]
Step = tuple[Symbol, Expr]
Slot: TypeAlias = Expr | float

_OPERANDS = ("left", "right")


def to_sympy(program: Program, operands: Sequence[Expr]) -> Expr:
    """The formula of a program, unevaluated: one operation an instruction, none rearranged.

    Instructions that depend on constants alone are replaced by their value. Functions are
    unprotected: the formula has a value where the program has one, and the same value, with three
    exceptions: ``x*(1/y)`` is ``x/y``, a constant of -0.0 is 0, and gelu is 0 below -8, where
    ``1 + erf(…)`` leaves nothing.

    Args:
        program: the expression.
        operands: what stands for the d inputs; symbols, or formulas to insert.

    Raises:
        ModelError: the program shares so many results that the formula would have more than
            ``MAX_NODES`` nodes; ``to_steps`` writes such programs.
    """
    steps, expr = to_steps(program, operands, iter(()))
    assert not steps
    return expr


def to_steps(
    program: Program, operands: Sequence[Expr], names: Iterator[Symbol]
) -> tuple[tuple[Step, ...], Expr]:
    """The formula of a program, cut into steps where it would grow too large to write down.

    Args:
        program: the expression.
        operands: what stands for the d inputs.
        names: fresh symbols for results that are named rather than repeated.

    Returns:
        (steps, formula): named partial results in order of use, usually none; and the formula.

    Raises:
        ModelError: a name was needed and there was none left.
    """
    slots: list[Slot] = [*operands, *(float(value) for value in program.constants)]
    steps: list[Step] = []
    sizes: dict[Expr, Size] = {}
    for i, opcode in enumerate(program.ops):
        primitive = PRIMITIVES[opcode]
        arguments = [
            _weighted(program, i, side, slots[program.args[i, side]])
            for side in range(primitive.arity)
        ]
        result = _apply(primitive, arguments)
        if not isinstance(result, float) and _is_too_large(measure(result, sizes)):
            symbol = next(names, None)
            if symbol is None:
                raise ModelError(
                    f"an expression has more than {MAX_NODES} nodes or {MAX_DEPTH} levels "
                    "when written as one formula",
                    hint="use fewer columns",
                )
            steps.append((symbol, result))
            result = symbol
        slots.append(result)
    return tuple(steps), _as_expr(slots[program.output])


def _is_too_large(size: Size) -> bool:
    return size.nodes > MAX_NODES or size.depth > MAX_DEPTH


def _as_expr(slot: Slot) -> Expr:
    return number(slot) if isinstance(slot, float) else slot


def _weighted(program: Program, i: int, side: int, operand: Slot) -> Slot:
    weight = 1.0 if program.coefficients is None else float(program.coefficients[i, side])
    if weight == 1.0:
        return operand
    return weight * operand if isinstance(operand, float) else _times(number(weight), operand)


def _apply(primitive: Primitive, operands: list[Slot]) -> Slot:
    """The primitive's formula, or its value where every operand is a number."""
    constants = [operand for operand in operands if isinstance(operand, float)]
    if any(math.isnan(constant) for constant in constants):
        return math.nan  # no primitive turns NaN into a number
    if len(constants) == len(operands):
        return _constant(primitive, constants)
    return template(primitive)(*(_as_expr(operand) for operand in operands))


def _constant(primitive: Primitive, operands: list[float]) -> float:
    """The formula's value; the program's where that is all rounding, as of 1 + erf(-8)."""
    from srnet_cli.cgp.kernels.evaluate import evaluate  # numba, slow to import

    call = Program(
        inputs=primitive.arity,
        constants=np.empty(0),
        ops=np.array([primitive.opcode]),
        args=np.array([[0, primitive.arity - 1]]),
        output=primitive.arity,
    )
    symbols = [Symbol(name) for name in _OPERANDS[: primitive.arity]]
    row = np.array([operands])
    printed = float(values(template(primitive)(*symbols), symbols, row)[0])
    own = float(evaluate(call, row)[0])
    is_same = np.isclose(printed, own, rtol=_SAME, atol=0.0, equal_nan=True)
    return printed if is_same else own


@cache
def template(primitive: Primitive) -> Build:
    """The primitive's text as a function of its operands that builds the formula unevaluated."""
    source = primitive.text.format(*_OPERANDS)
    return _compile(ast.parse(source, mode="eval").body)


def _compile(node: ast.expr) -> Build:
    match node:
        case ast.Name(id=name):
            place = _OPERANDS.index(name)
            return lambda *operands: operands[place]
        case ast.Constant(value=int(value)):
            return lambda *operands: sympy.Integer(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _composed(_negated, operand)
        case ast.BinOp(left=left, op=operator, right=right):
            return _composed(_OPERATORS[type(operator)], left, right)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _composed(_function(name), *arguments)
    raise ValueError(f"the primitive table holds a formula that is not understood: {node!r}")


def _composed(outer: Build, *nodes: ast.expr) -> Build:
    inner = [_compile(node) for node in nodes]
    return lambda *operands: outer(*(build(*operands) for build in inner))


def _function(name: str) -> Build:
    function = getattr(sympy, name)
    return lambda *arguments: function(*arguments, evaluate=False)


def _plus(a: Expr, b: Expr) -> Expr:
    return Add(a, b, evaluate=False)


def _times(a: Expr, b: Expr) -> Expr:
    return Mul(a, b, evaluate=False)


def _negated(a: Expr) -> Expr:
    return -a if a.is_Number else _times(sympy.S.NegativeOne, a)


def _minus(a: Expr, b: Expr) -> Expr:
    return _plus(a, _negated(b))


def _over(a: Expr, b: Expr) -> Expr:
    inverse = _power(b, sympy.S.NegativeOne)
    return inverse if a == 1 else _times(a, inverse)


def _power(a: Expr, b: Expr) -> Expr:
    return Pow(a, b, evaluate=False)


_OPERATORS: dict[type[ast.operator], Build] = {
    ast.Add: _plus,
    ast.Sub: _minus,
    ast.Mult: _times,
    ast.Div: _over,
    ast.Pow: _power,
}


def affine(terms: Sequence[tuple[float, Expr]], constant: float) -> Expr:
    """``Σ weight·term + constant``, unevaluated; a constant of 0 and weights of 1 are left out."""
    parts = [term if weight == 1.0 else _times(number(weight), term) for weight, term in terms]
    if constant != 0.0:
        parts.append(number(constant))
    return Add(*parts, evaluate=False)


def standardised(symbol: Symbol, mean: float, scale: float) -> Expr:
    """``(symbol - mean)/scale``, unevaluated."""
    centred = symbol if mean == 0.0 else _plus(symbol, number(-mean))
    return centred if scale == 1.0 else _over(centred, number(scale))
