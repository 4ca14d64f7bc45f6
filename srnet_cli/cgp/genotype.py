"""The genotype as callers outside of the kernels see it: decoding a chromosome to its program."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.genes import Grid, decode_offspring
from srnet_cli.cgp.program import Program
from srnet_cli.primitives import MAX_ARITY

__all__ = ["Grid", "decode", "mutation_threshold"]


def mutation_threshold(probability: float) -> np.uint64:
    """A mutation probability as the kernels take it, times 2**32."""
    return np.uint64(round(probability * 2**32))


def decode(
    genes: NDArray[np.int32],
    grid: Grid,
    opcodes: NDArray[np.int64],
    constants: NDArray[np.float64],
) -> Program:
    """Decode a chromosome into the program of its active nodes.

    Args:
        genes: (grid.genes,) int32.
        grid: shape of the chromosome.
        opcodes: the function set, (functions,) int64.
        constants: (grid.constants,).
    """
    ops = np.empty(grid.nodes, dtype=np.int64)
    args = np.empty((grid.nodes, MAX_ARITY), dtype=np.int64)
    place = np.empty(grid.nodes, dtype=np.int64)
    count, output = decode_offspring(
        grid, opcodes, genes, np.uint64(0), np.uint64(0), ops, args, place
    )
    return Program(
        inputs=grid.inputs,
        constants=constants.copy(),
        ops=ops[:count].copy(),
        args=args[:count].copy(),
        output=int(output),
    )
