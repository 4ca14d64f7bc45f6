"""Chromosomes with weighted edges, and their programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.genotype import Grid
from srnet_cli.cgp.kernels.gradient import tunable_mask
from srnet_cli.cgp.kernels.limits import Limits, no_limits
from srnet_cli.cgp.kernels.weighted import decode_weighted
from srnet_cli.cgp.program import Program
from srnet_cli.primitives import function_set

Array = NDArray[np.float64]

NODES = 40
"""Function nodes of a chromosome: one row, unlimited levels-back."""


@dataclass(frozen=True)
class Chromosome:
    """Genes with a weight on every edge.

    Attributes:
        genes: (NODES * 3 + 1,) int32.
        edges: weights of the operands of every node, (NODES, 2).
    """

    genes: NDArray[np.int32]
    edges: Array


def grid_for(inputs: int) -> Grid:
    """The chromosomes' shape; their one constant is 1, edge weights make all others of it."""
    return Grid(inputs, 1, 1, NODES, NODES)


@dataclass(frozen=True)
class Decoder:
    """What is needed to read chromosomes of one layer, and what they may look like.

    Attributes:
        inputs: units of the layer before.
        opcodes: the function set.
        limits: of every expression.
    """

    inputs: int
    opcodes: NDArray[np.int64]
    limits: Limits = field(default_factory=no_limits)

    @classmethod
    def reading(
        cls, inputs: int, functions: Sequence[str], limits: Limits | None = None
    ) -> Decoder:
        """The decoder of a layer that reads so many units."""
        opcodes = np.array([row.opcode for row in function_set(functions)], dtype=np.int64)
        return cls(inputs, opcodes, limits or no_limits())

    @property
    def grid(self) -> Grid:
        """The chromosomes' shape."""
        return grid_for(self.inputs)

    def empty(self) -> Chromosome:
        """The chromosome whose expression is the first input."""
        return Chromosome(
            np.zeros(self.grid.genes, dtype=np.int32), np.ones((NODES, 2), dtype=np.float64)
        )

    def program(self, chromosome: Chromosome) -> Program:
        """The active nodes, with the weights of their edges."""
        program, _ = self._decode(chromosome)
        return program

    def with_weights(self, chromosome: Chromosome, weights: Array) -> Chromosome:
        """The same chromosome with other tunable weights, in the order of ``tunable_mask``."""
        program, nodes = self._decode(chromosome)
        mask = tunable_mask(program)
        edges = chromosome.edges.copy()
        active = edges[nodes]
        active[mask] = weights
        edges[nodes] = active
        return Chromosome(chromosome.genes, edges)

    def _decode(self, chromosome: Chromosome) -> tuple[Program, NDArray[np.int64]]:
        ops = np.empty(NODES, dtype=np.int64)
        args = np.empty((NODES, 2), dtype=np.int64)
        weights = np.empty((NODES, 2))
        nodes = np.empty(NODES, dtype=np.int64)
        place = np.empty(NODES, dtype=np.int64)
        count, output = decode_weighted(
            self.grid, self.opcodes, chromosome.genes, chromosome.edges, ops, args, weights,
            nodes, place,
        )  # fmt: skip
        program = Program(
            inputs=self.inputs,
            constants=np.ones(1),
            ops=ops[:count].copy(),
            args=args[:count].copy(),
            output=int(output),
            coefficients=weights[:count].copy(),
        )
        return program, nodes[:count]
