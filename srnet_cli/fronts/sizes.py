"""The size of a program's formula, told without writing it down.

SymPy takes a twentieth of a second to simplify a formula, too long to look at thousands of them.
Here sums are collected and constants folded, as simplification would, and nothing else is done.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from sympy import Symbol

from srnet_cli.cgp.program import Program
from srnet_cli.expressions.builder import template
from srnet_cli.expressions.complexity import complexity
from srnet_cli.primitives import BY_NAME, PRIMITIVES

_ADD, _SUB = BY_NAME["add"].opcode, BY_NAME["sub"].opcode


class _Sum(NamedTuple):
    """A slot as a sum: the weights of results that are no sums, by slot; and whether there is a
    constant term."""

    terms: dict[int, float]
    has_constant: bool


def size(program: Program) -> int:
    """About as many nodes as the simplified formula has."""
    inputs = program.inputs
    sizes: dict[int, int] = dict.fromkeys(range(inputs), 1)
    slots = [_Sum({slot: 1.0}, has_constant=False) for slot in range(inputs)]
    slots += [_Sum({}, has_constant=True) for _ in program.constants]
    for i, opcode in enumerate(program.ops):
        arity = PRIMITIVES[opcode].arity
        weights = [1.0] * arity if program.coefficients is None else program.coefficients[i]
        operands = [
            _scaled(slots[program.args[i, side]], float(weights[side])) for side in range(arity)
        ]
        slot = len(slots)
        if all(not operand.terms for operand in operands):
            slots.append(_Sum({}, has_constant=True))
        elif opcode in (_ADD, _SUB):
            slots.append(_total(operands[0], operands[1], 1.0 if opcode == _ADD else -1.0))
        else:
            sizes[slot] = _overhead(int(opcode)) + sum(
                _size(operand, sizes) for operand in operands
            )
            slots.append(_Sum({slot: 1.0}, has_constant=False))
    return _size(slots[program.output], sizes)


def _scaled(operand: _Sum, weight: float) -> _Sum:
    terms = {slot: weight * value for slot, value in operand.terms.items()}
    return _Sum(terms, operand.has_constant)


def _total(a: _Sum, b: _Sum, sign: float) -> _Sum:
    terms = dict(a.terms)
    for slot, value in b.terms.items():
        terms[slot] = terms.get(slot, 0.0) + sign * value
    return _Sum(
        {slot: value for slot, value in terms.items() if value}, a.has_constant or b.has_constant
    )


def _size(result: _Sum, sizes: dict[int, int]) -> int:
    parts = [sizes[slot] + (0 if value == 1.0 else 2) for slot, value in result.terms.items()]
    parts += [1] * (result.has_constant or not parts)
    return sum(parts) + (len(parts) > 1)


@cache
def _overhead(opcode: int) -> int:
    """Nodes of a primitive's formula beside its operands'."""
    primitive = PRIMITIVES[opcode]
    operands = [Symbol(f"x{side}") for side in range(primitive.arity)]
    return complexity(template(primitive)(*operands)) - primitive.arity
