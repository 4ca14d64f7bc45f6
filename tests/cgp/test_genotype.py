"""Decoding: the program of a chromosome's active nodes."""

from __future__ import annotations

import numpy as np
import pytest
from chromosomes import chromosome, grids, keys, quick
from hypothesis import given

from oracles import interpret, interpret_genes
from srnet_cli.cgp.genotype import Grid, decode, mutation_threshold
from srnet_cli.primitives import PRIMITIVES

OPCODES = np.arange(len(PRIMITIVES), dtype=np.int64)
ROWS = np.random.default_rng(5).normal(size=(20, 2))


def active_nodes(genes, grid):
    """The nodes that the output gene reaches, by a walk over the graph."""
    leaves = grid.inputs + grid.constants
    found = set()
    waiting = [int(genes[-1])]
    while waiting:
        node = waiting.pop() - leaves
        if node >= 0 and node not in found:
            found.add(node)
            arity = PRIMITIVES[genes[3 * node]].arity
            waiting.extend(int(slot) for slot in genes[3 * node + 1 :][:arity])
    return found


@pytest.mark.nojit
@quick
@given(grids(inputs=2), keys)
def test_a_program_has_the_value_of_its_chromosome(grid, key):
    """Decoding keeps the value on every row: that of the graph walked from the output gene."""
    genes = chromosome(grid, len(PRIMITIVES), key)
    constants = np.array([0.5, -1.25, 3.0])[: grid.constants]
    program = decode(genes, grid, OPCODES, constants)
    expected = interpret_genes(genes, PRIMITIVES, constants, ROWS)
    np.testing.assert_array_equal(interpret(program, ROWS), expected)


@pytest.mark.nojit
@quick
@given(grids(), keys)
def test_a_program_holds_the_active_nodes_in_order(grid, key):
    """Every active node is one instruction, none is another, and operands come first."""
    genes = chromosome(grid, len(PRIMITIVES), key)
    program = decode(genes, grid, OPCODES, np.zeros(grid.constants))
    active = active_nodes(genes, grid)
    assert sorted(program.ops) == sorted(genes[3 * node] for node in active)
    leaves = grid.inputs + grid.constants
    for i, slots in enumerate(program.args):
        assert all(0 <= slot < leaves + i for slot in slots)
    assert program.output == leaves + len(program) - 1 if active else program.output < leaves


@pytest.mark.nojit
def test_a_chromosome_may_be_an_input_or_a_constant():
    """An output gene that names a leaf makes a program without instructions."""
    grid = Grid(inputs=2, constants=1, rows=1, columns=1, levels_back=1)
    for slot in range(3):
        program = decode(np.array([0, 0, 1, slot], np.int32), grid, OPCODES, np.array([7.0]))
        assert len(program) == 0
        assert program.output == slot


@pytest.mark.nojit
def test_operands_of_commutative_functions_are_put_in_order():
    """a + b and b + a are one phenotype; a - b and b - a are two."""
    grid = Grid(inputs=2, constants=0, rows=1, columns=1, levels_back=1)
    for primitive in PRIMITIVES:
        if primitive.arity == 2:
            genes = np.array([[primitive.opcode, *pair, 2] for pair in [(0, 1), (1, 0)]], np.int32)
            one, other = (decode(g, grid, OPCODES, np.zeros(0)).args.tolist() for g in genes)
            assert (one == other) is primitive.commutative


@pytest.mark.nojit
def test_a_program_keeps_its_own_constants():
    """The program does not change when the array that it was decoded from does."""
    grid = Grid(inputs=1, constants=1, rows=1, columns=1, levels_back=1)
    constants = np.array([2.0])
    program = decode(np.array([0, 0, 1, 2], np.int32), grid, OPCODES, constants)
    constants[0] = 5.0
    np.testing.assert_array_equal(program.constants, [2.0])


def test_a_mutation_threshold_is_the_probability_in_32_bits():
    """Probabilities 0 and 1 are exactly never and always."""
    assert mutation_threshold(0.0) == 0
    assert mutation_threshold(0.5) == 2**31
    assert mutation_threshold(1.0) == 2**32
