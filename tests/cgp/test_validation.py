"""Genotypes and programs from files: what no kernel may be given is refused, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chromosomes import chromosome, grids, keys, quick
from hypothesis import given
from hypothesis import strategies as st
from programs import program, programs

from srnet_cli.cgp import evaluate
from srnet_cli.cgp.genotype import Grid, decode
from srnet_cli.cgp.kernels.genes import alternatives
from srnet_cli.cgp.validation import (
    InvalidGenotype,
    require_array,
    require_valid_genes,
    require_valid_program,
)
from srnet_cli.primitives import PRIMITIVES

pytestmark = pytest.mark.nojit

FUNCTIONS = len(PRIMITIVES)
OPCODES = np.arange(FUNCTIONS, dtype=np.int64)
GENE = st.integers(-(2**31), 2**31 - 1) | st.integers(-3, 60)


def is_valid(genes: np.ndarray, grid: Grid, functions: int = FUNCTIONS) -> bool:
    try:
        require_valid_genes(genes, functions=functions, **grid._asdict())
    except InvalidGenotype:
        return False
    return True


@quick
@given(grids(inputs=3), keys)
def test_what_searches_make_is_valid(grid: Grid, key: int) -> None:
    """Every chromosome drawn by the kernels passes, and so does the program that it means."""
    genes = chromosome(grid, FUNCTIONS, key)
    assert is_valid(genes, grid)
    require_valid_program(decode(genes, grid, OPCODES, np.zeros(grid.constants)))


@quick
@given(grids(inputs=3), keys, st.data())
def test_a_gene_is_valid_where_it_is_one_of_its_alternatives(
    grid: Grid, key: int, data: st.DataObject
) -> None:
    """Of all values of one gene just as many pass as the kernels draw from, and none beyond."""
    genes = chromosome(grid, FUNCTIONS, key)
    gene = data.draw(st.integers(0, len(genes) - 1))
    most = grid.inputs + grid.constants + grid.nodes + FUNCTIONS + 2
    passing = 0
    for value in range(-3, most):
        genes[gene] = value
        passing += is_valid(genes, grid)
    assert passing == alternatives(grid, FUNCTIONS, gene)


@quick
@given(grids(inputs=2), keys, st.lists(st.tuples(st.integers(0, 10**6), GENE), max_size=4))
def test_changed_genes_are_refused_or_harmless(
    grid: Grid, key: int, changes: list[tuple[int, int]]
) -> None:
    """Whatever passes after any change decodes to a program that has values within its slots."""
    genes = chromosome(grid, FUNCTIONS, key)
    for place, value in changes:
        genes[place % len(genes)] = value
    if not is_valid(genes, grid):
        return
    formula = decode(genes, grid, OPCODES, np.zeros(grid.constants))
    require_valid_program(formula)
    assert evaluate(formula, np.ones((3, 2))).shape == (3,)


@pytest.mark.parametrize(
    ("genes", "message"),
    [
        (np.zeros(7, np.int64), "genes: is of type int64, int32 is needed"),
        (np.zeros(8, np.int32), r"genes: has shape \(8,\), \(7,\) is needed"),
        (np.zeros((7, 1), np.int32), r"has shape \(7, 1\)"),
        (np.array([2, 0, 0, 0, 0, 0, 0], np.int32), "genes: a function is not one of 2"),
        (np.array([0, 1, 0, 0, 0, 0, 0], np.int32), "genes: a node reads a slot out of its reach"),
        (np.array([0, 0, 0, 0, 0, 2, 0], np.int32), "genes: a node reads a slot out of its reach"),
        (np.array([0, 0, 0, 0, 0, 0, 3], np.int32), "there is no slot 3 for the output"),
        (np.array([0, 0, 0, 0, 0, 0, -1], np.int32), "there is no slot -1 for the output"),
    ],
)
def test_genes_that_are_refused(genes: np.ndarray, message: str) -> None:
    """The error names the part that is wrong."""
    with pytest.raises(InvalidGenotype, match=message):
        require_valid_genes(genes, functions=2, **Grid(1, 0, 1, 2, 2)._asdict())


def test_levels_back_bound_what_a_node_may_read() -> None:
    """A node two columns back is out of reach where one is allowed."""
    genes = np.array([0, 0, 0, 0, 0, 0, 0, 1, 0, 0], np.int32)
    assert is_valid(genes, Grid(1, 0, 1, 3, 2))
    assert not is_valid(genes, Grid(1, 0, 1, 3, 1))


@quick
@given(programs(weighted=None))
def test_programs_written_by_hand_are_valid(formula) -> None:
    """Programs of any shape pass."""
    require_valid_program(formula)


FORMULA = program([("add", 0, 1), ("sin", 3)], 2, [0.5], [(1.0, 2.0), (3.0, 1.0)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ops": np.array([0, FUNCTIONS])}, r"instructions\[1\]: calls a function"),
        ({"ops": np.array([-1, 0])}, r"instructions\[0\]: calls a function"),
        ({"ops": np.array([0.0, 1.0])}, "ops: is of type float64"),
        ({"args": np.array([[0, 3], [3, 3]])}, r"instructions\[0\].args: reads a slot"),
        ({"args": np.array([[0, 1], [3, 4]])}, r"instructions\[1\].args: reads a slot"),
        ({"args": np.array([[0, 1], [-1, 0]])}, r"instructions\[1\].args: reads a slot"),
        ({"args": np.zeros((2, 3), np.int64)}, r"args: has shape \(2, 3\)"),
        ({"args": np.zeros((3, 2), np.int64)}, r"args: has shape \(3, 2\)"),
        ({"output": 5}, "output: there is no slot 5"),
        ({"output": -1}, "output: there is no slot -1"),
        ({"constants": np.array([np.nan])}, "constants: holds a number that is not finite"),
        ({"coefficients": np.ones((2, 1))}, r"coefficients: has shape \(2, 1\)"),
        ({"coefficients": np.full((2, 2), np.inf)}, "coefficients: holds a number"),
        ({"inputs": -1}, "inputs: are -1"),
    ],
)
def test_programs_that_are_refused(change: dict, message: str) -> None:
    """The error names the part that is wrong, the second operand of a function of one included."""
    with pytest.raises(InvalidGenotype, match=message):
        require_valid_program(replace(FORMULA, **change))


def test_arrays_without_rows() -> None:
    """An empty array is an array."""
    require_array(np.empty((0, 3)), (0, 3), "rows")
    require_valid_program(program([], 1))
