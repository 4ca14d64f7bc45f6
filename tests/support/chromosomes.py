"""Grids and chromosomes for tests of the genotype, and what their genes may hold."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from srnet_cli.cgp.genotype import Grid
from srnet_cli.cgp.kernels.genes import FRESH, write_offspring
from srnet_cli.cgp.kernels.jit import JIT_DISABLED

Genes = NDArray[np.int32]

# Without compilation a kernel is a thousand times slower.
quick = settings(max_examples=25 if JIT_DISABLED else 100)

keys = st.integers(0, 2**64 - 1).map(np.uint64)


@st.composite
def grids(draw: st.DrawFn, *, inputs: int | None = None) -> Grid:
    """Any small grid, unlimited and limited in its levels back."""
    columns = draw(st.integers(1, 6))
    return Grid(
        inputs=draw(st.integers(1, 4)) if inputs is None else inputs,
        constants=draw(st.integers(0, 3)),
        rows=draw(st.integers(1, 5)),
        columns=columns,
        levels_back=draw(st.integers(1, columns)),
    )


def offspring(
    parent: Genes, grid: Grid, functions: int, key: np.uint64, mutation: np.uint64
) -> Genes:
    """A mutated copy of a chromosome."""
    child = np.empty(grid.genes, dtype=np.int32)
    write_offspring(grid, functions, parent, key, mutation, child)
    return child


def chromosome(grid: Grid, functions: int, key: np.uint64) -> Genes:
    """A random chromosome, as the first generation has them."""
    return offspring(np.zeros(grid.genes, dtype=np.int32), grid, functions, key, FRESH)


def allowed(grid: Grid, functions: int, gene: int) -> list[int]:
    """Every value a gene may hold, straight from the definition of the genotype."""
    leaves = grid.inputs + grid.constants
    node, place = divmod(gene, 3)
    if node == grid.rows * grid.columns:
        return list(range(leaves + node))
    if place == 0:
        return list(range(functions))
    column = node // grid.rows
    reachable = [
        leaves + earlier * grid.rows + row
        for earlier in range(grid.columns)
        for row in range(grid.rows)
        if 1 <= column - earlier <= grid.levels_back
    ]
    return [*range(leaves), *reachable]
