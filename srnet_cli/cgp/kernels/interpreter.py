"""The interpreter: programs over one block of rows.

All values live in one flat float64 array, the *memory*, addressed by offsets: input columns,
constants and results of instructions alike. So an operand may be any of them at no cost, and
blocks are short enough to stay in the first-level cache.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.functions import apply
from srnet_cli.cgp.kernels.jit import kernel

__all__ = ["BLOCK", "apply", "run_program"]

BLOCK = 992
"""Rows in a block: many, because each call costs as much as some rows; few, because a dozen values
have to stay in the second-level cache. A multiple of 32, which the compiled loops take at once, but
not of 512: columns that lie a multiple of 4 KiB apart compete for the same lines of the cache."""


@kernel(allocates=False)
def run_program(memory, ops, args, count, slots, scratch, n):
    """Run a program over one block.

    Args:
        memory: flat float64 array.
        ops: opcodes, at least ``count`` of them.
        args: operand slots, (≥ count, 2).
        count: number of instructions.
        slots: offset of each input and constant slot, (inputs + constants,).
        scratch: offset of the results; instruction i writes at ``scratch + i * BLOCK``.
        n: rows in the block, at most BLOCK.
    """
    leaves = slots.shape[0]
    for i in range(count):
        a = args[i, 0]
        b = args[i, 1]
        left = slots[a] if a < leaves else scratch + (a - leaves) * BLOCK
        right = slots[b] if b < leaves else scratch + (b - leaves) * BLOCK
        apply(memory, np.int64(ops[i]), scratch + i * BLOCK, left, right, n)
