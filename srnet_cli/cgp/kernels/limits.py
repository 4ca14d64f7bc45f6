"""Limits on what an expression may look like: how deep, and which functions how often and where.

What breaks a limit is rejected before it is evaluated. An expression counts as it is written out:
what two instructions read counts for each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.functions import ARITIES
from srnet_cli.cgp.kernels.jit import kernel

# Written out, 40 instructions may be 2**40 of them; sums of counts below this cannot overflow.
_MANY = 1 << 40


class Limits(NamedTuple):
    """What an expression may look like.

    Attributes:
        depth: operations on the longest way from the expression down to a leaf, at most; 0: any.
        uses: one row per limit: an opcode, and how often it may occur; (u, 2) int64.
        nesting: one row per limit: two opcodes, and how many of the second may be on any way down
            from an operand of the first; (k, 3) int64.
    """

    depth: int
    uses: NDArray[np.int64]
    nesting: NDArray[np.int64]


def no_limits() -> Limits:
    """Any expression will do."""
    return Limits(0, np.empty((0, 2), dtype=np.int64), np.empty((0, 3), dtype=np.int64))


@kernel(allocates=False)
def _is_too_deep(most, ops, args, count, leaves, levels):
    for i in range(count):
        level = 0
        for side in range(ARITIES[ops[i]]):
            operand = args[i, side] - leaves
            if operand >= 0:
                level = max(level, levels[operand])
        levels[i] = level + 1
        if levels[i] > most:
            return True
    return False


@kernel(allocates=False)
def _is_used_too_often(opcode, most, ops, args, count, leaves, uses):
    for i in range(count):
        total = np.int64(ops[i] == opcode)
        for side in range(ARITIES[ops[i]]):
            operand = args[i, side] - leaves
            if operand >= 0:
                total += uses[operand]
        uses[i] = min(total, _MANY)
        if total > most:
            return True
    return False


@kernel(allocates=False)
def _is_nested_too_deep(outer, inner, most, ops, args, count, leaves, nested):
    for i in range(count):
        below = np.int64(0)
        for side in range(ARITIES[ops[i]]):
            operand = args[i, side] - leaves
            if operand >= 0:
                below = max(below, nested[operand])
        if ops[i] == outer and below > most:
            return True
        nested[i] = below + np.int64(ops[i] == inner)
    return False


@kernel(allocates=False)
def breaks_limits(limits, ops, args, count, leaves, scratch):
    """Whether a program breaks a limit.

    Args:
        limits: see ``Limits``.
        ops, args: opcodes and operand slots, all of them active, at least (count,) and (count, 2).
        count: number of instructions.
        leaves: number of slots before those of the instructions.
        scratch: overwritten, at least (count,) int64.
    """
    if limits.depth > 0 and _is_too_deep(limits.depth, ops, args, count, leaves, scratch):
        return True
    for k in range(limits.uses.shape[0]):
        opcode, most = limits.uses[k, 0], limits.uses[k, 1]
        if _is_used_too_often(opcode, most, ops, args, count, leaves, scratch):
            return True
    for k in range(limits.nesting.shape[0]):
        outer, inner, most = limits.nesting[k, 0], limits.nesting[k, 1], limits.nesting[k, 2]
        if _is_nested_too_deep(outer, inner, most, ops, args, count, leaves, scratch):
            return True
    return False
