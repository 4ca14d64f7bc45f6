"""Programs put together of programs: terms of a sum, and the sum itself.

All programs here read the same inputs, have the one constant 1, and a weight on every edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.gradient import ARITIES, tunable_mask
from srnet_cli.cgp.program import Program
from srnet_cli.primitives import BY_NAME

Array = NDArray[np.float64]

_MOST_NODES = 1 << 40

_ADD = BY_NAME["add"].opcode


def leaf_program(inputs: int, leaf: int) -> Program:
    """An input by itself, or after the last of them the constant 1."""
    return Program(
        inputs=inputs,
        constants=np.ones(1),
        ops=np.zeros(0, dtype=np.int64),
        args=np.zeros((0, 2), dtype=np.int64),
        output=leaf,
        coefficients=np.zeros((0, 2)),
    )


def subexpression(program: Program, instruction: int) -> Program:
    """What an instruction of a program computes, and nothing else."""
    leaves = program.inputs + len(program.constants)
    needed, stack = set[int](), [instruction]
    while stack:
        i = stack.pop()
        if i not in needed:
            needed.add(i)
            operands = program.args[i, : ARITIES[program.ops[i]]].tolist()
            stack += [slot - leaves for slot in operands if slot >= leaves]
    kept = np.array(sorted(needed))
    places = np.arange(leaves + len(program))
    places[leaves + kept] = leaves + np.arange(len(kept))
    # A function of one operand repeats its slot, so that what is kept refers to nothing else.
    return replace(
        program,
        ops=program.ops[kept],
        args=places[program.args[kept]],
        output=int(places[leaves + instruction]),
        coefficients=edge_weights(program)[kept],
    )


def applied(function: str, operand: Program) -> Program:
    """A function of one operand of a program."""
    slot, weights = operand.output, edge_weights(operand)
    return _extended(operand, BY_NAME[function].opcode, (slot, slot), weights, (1.0, 1.0))


def joined(
    function: str, left: Program, right: Program, weights: tuple[float, float] = (1.0, 1.0)
) -> Program:
    """A function of two programs, each with a weight."""
    leaves = left.inputs + len(left.constants)

    def moved(slots: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(slots >= leaves, slots + len(left), slots)

    both = replace(
        left,
        ops=np.concatenate([left.ops, right.ops]),
        args=np.concatenate([left.args, moved(right.args)]),
    )
    slots = (left.output, int(moved(np.array(right.output))))
    edges = np.concatenate([edge_weights(left), edge_weights(right)])
    return _extended(both, BY_NAME[function].opcode, slots, edges, weights)


def shifted(program: Program, shift: float) -> Program:
    """A program less a constant."""
    slots = (program.output, program.inputs)
    return _extended(program, _ADD, slots, edge_weights(program), (1.0, -shift))


def weighted_sum(terms: Sequence[Program], weights: Sequence[float]) -> tuple[float, Program]:
    """The sum of weighted terms as a factor and a program; the factor is 1 but of a single one."""
    if len(terms) == 1:
        return weights[0], terms[0]
    parts = list(zip(terms, weights, strict=True))
    while len(parts) > 1:  # in pairs, so that the sum is not as deep as it is long
        pairs = zip(parts[::2], parts[1::2], strict=False)
        rest = parts[len(parts) // 2 * 2 :]
        parts = [(joined("add", left, right, (v, w)), 1.0) for (left, v), (right, w) in pairs]
        parts += rest
    return 1.0, parts[0][0]


def printed_nodes(program: Program) -> int:
    """Nodes of a program as it is written out, at most: simplifying it may need fewer."""
    leaves = program.inputs + len(program.constants)
    sizes = [1] * leaves
    weights = edge_weights(program)
    for i, opcode in enumerate(program.ops.tolist()):
        total = 1
        for side in range(ARITIES[opcode]):
            slot, is_plain = int(program.args[i, side]), weights[i, side] == 1.0
            is_constant = program.inputs <= slot < leaves
            total += sizes[slot] + (0 if is_plain or is_constant else 2)
        sizes.append(min(total, _MOST_NODES))
    return sizes[program.output]


def tuned_edges(program: Program) -> NDArray[np.bool_]:
    """Which edges have a number that can be tuned, (k, 2): those of weight 1 have none."""
    return np.asarray(tunable_mask(program) & (edge_weights(program) != 1.0))


def with_edges(program: Program, edges: NDArray[np.bool_], values: Array) -> Program:
    """The program with other weights on some edges."""
    weights = edge_weights(program).copy()
    weights[edges] = values
    return replace(program, coefficients=weights)


def hinges(program: Program, at: float, functions: Sequence[str]) -> Iterator[Program]:
    """What a program is above a value, and 0 below it; or how far it is from there."""
    if "add" in functions:
        for name in ("relu", "abs"):
            if name in functions:
                yield applied(name, shifted(program, at))


def _extended(
    program: Program,
    opcode: int,
    slots: tuple[int, int],
    edges: Array,
    weights: tuple[float, float],
) -> Program:
    """A program with one more instruction, which is its output."""
    return replace(
        program,
        ops=np.append(program.ops, opcode),
        args=np.vstack([program.args, slots]),
        output=program.inputs + len(program.constants) + len(program),
        coefficients=np.vstack([edges, weights]),
    )


def edge_weights(program: Program) -> Array:
    """The weights on the operands of a program of a direct search, (k, 2)."""
    assert program.coefficients is not None  # the engine weighs edges
    return program.coefficients
