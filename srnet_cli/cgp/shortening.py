"""Programs that are a little shorter than a given one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.program import Program
from srnet_cli.primitives import PRIMITIVES

Array = NDArray[np.float64]


def slot_values(program: Program, X: Array) -> Array:
    """Mean of every slot over rows (n, d), not finite where a slot is not: (slots,)."""
    from srnet_cli.cgp.kernels.evaluate import evaluate

    first = program.inputs + len(program.constants)
    results = [
        float(np.mean(evaluate(replace(program, output=first + i), X))) for i in range(len(program))
    ]
    return np.concatenate([X.mean(axis=0), program.constants, results])


def shorter_programs(program: Program, means: Array) -> Iterator[Program]:
    """Every program that is one simplification away; some may be equal.

    A part stands for the whole; an instruction gives way to one of its operands, to one of theirs
    in turn, or to a constant, its mean; an input that an
    instruction reads gives way to its mean; an edge weight becomes 1. What nothing reads any more
    is gone.

    Args:
        program: the program, without idle parts, see ``pruned``.
        means: what stands for a slot that becomes a constant, (slots,); none is used that is not
            finite.
    """
    first = program.inputs + len(program.constants)
    for slot in np.unique(program.args[program.args < program.output]):
        yield pruned(replace(program, output=int(slot)))
    for i, opcode in enumerate(program.ops):
        for side in range(PRIMITIVES[opcode].arity):
            once = _bypassed(program, i, side)
            yield pruned(once)
            yield from _bypassed_again(program, once, i, side)
            operand = int(program.args[i, side])
            if operand < program.inputs and np.isfinite(means[operand]):
                yield pruned(_with_constant(program, [(i, side)], float(means[operand])))
            if program.coefficients is not None and program.coefficients[i, side] != 1.0:
                yield _with_weight_one(program, i, side)
        mean = float(means[first + i])
        if np.isfinite(mean) and program.output != first + i:
            yield pruned(_with_constant(program, _readers(program, first + i), mean))


def pruned(program: Program) -> Program:
    """The program without constants and instructions that its output does not depend on."""
    first = program.inputs + len(program.constants)
    used = np.zeros(first + len(program), dtype=bool)
    used[program.output] = True
    for i in range(len(program) - 1, -1, -1):
        if used[first + i]:
            used[_operands(program, i)] = True
    kept = np.flatnonzero(used[first:])
    if len(kept) == len(program) and used[program.inputs : first].all():
        return program
    used[: program.inputs] = True
    place = np.cumsum(used) - 1
    coefficients = program.coefficients
    return Program(
        inputs=program.inputs,
        constants=program.constants[used[program.inputs : first]],
        ops=program.ops[kept],
        args=place[_valid_args(program)[kept]],
        output=int(place[program.output]),
        coefficients=None if coefficients is None else coefficients[kept],
    )


def _operands(program: Program, i: int) -> NDArray[np.int64]:
    return program.args[i, : PRIMITIVES[program.ops[i]].arity]


def _valid_args(program: Program) -> NDArray[np.int64]:
    """The operands, where an instruction that takes one only has it twice."""
    args = program.args.copy()
    unary = [PRIMITIVES[opcode].arity == 1 for opcode in program.ops]
    args[unary, 1] = args[unary, 0]
    return args


def _readers(program: Program, slot: int) -> list[tuple[int, int]]:
    """The (instruction, side) that read a slot."""
    return [
        (i, side)
        for i in range(len(program))
        for side, operand in enumerate(_operands(program, i))
        if operand == slot
    ]


def _bypassed(program: Program, i: int, side: int) -> Program:
    """Whoever reads instruction i reads its operand instead, through both edges' weights."""
    slot = program.inputs + len(program.constants) + i
    operand = int(program.args[i, side])
    if program.output == slot:
        return replace(program, output=operand)
    args = program.args.copy()
    coefficients = None if program.coefficients is None else program.coefficients.copy()
    for reader, place in _readers(program, slot):
        args[reader, place] = operand
        if coefficients is not None:
            coefficients[reader, place] *= coefficients[i, side]
    return replace(program, args=args, coefficients=coefficients)


def _bypassed_again(program: Program, once: Program, i: int, side: int) -> Iterator[Program]:
    """Instruction i gives way to the operands of its operand, where that is an instruction."""
    inner = int(program.args[i, side]) - program.inputs - len(program.constants)
    readers = _readers(program, int(program.args[i, side]))
    if inner >= 0 and len(readers) == 1:
        for place in range(PRIMITIVES[program.ops[inner]].arity):
            yield pruned(_bypassed(once, inner, place))


def _with_weight_one(program: Program, i: int, side: int) -> Program:
    assert program.coefficients is not None
    coefficients = program.coefficients.copy()
    coefficients[i, side] = 1.0
    return replace(program, coefficients=coefficients)


def _with_constant(program: Program, edges: list[tuple[int, int]], value: float) -> Program:
    """The edges read a new constant, in the slot behind the others."""
    slot = program.inputs + len(program.constants)
    args = np.where(program.args >= slot, program.args + 1, program.args)
    for i, side in edges:
        args[i, side] = slot
    output = program.output + (program.output >= slot)
    constants = np.append(program.constants, value)
    return replace(program, args=args, constants=constants, output=output)
