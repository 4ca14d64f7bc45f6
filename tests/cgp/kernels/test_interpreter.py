"""The interpreter: every primitive on every kind of value, and programs over a block."""

from __future__ import annotations

import numpy as np
import pytest
from chromosomes import chromosome, grids, keys, quick
from closeness import ulps
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from oracles import FUNCTIONS
from srnet_cli.cgp.genotype import decode
from srnet_cli.cgp.kernels.interpreter import BLOCK, apply, run_program
from srnet_cli.primitives import PRIMITIVES

NAMES = [primitive.name for primitive in PRIMITIVES]
OPCODES = np.arange(len(PRIMITIVES), dtype=np.int64)

# Arithmetic is that of IEEE 754, to the bit. Elementary functions are held to true values in
# test_elementary; here what they and NumPy may be off together is allowed for.
ELEMENTARY = {primitive.name for primitive in PRIMITIVES if primitive.near}

tiny = np.finfo(np.float64)
MAGNITUDES = [
    *(0.0, tiny.smallest_subnormal, 1e-310, tiny.smallest_normal, 1e-300, 1e-20, 1e-8),
    *(0.5, 1.0, np.nextafter(1.0, 2), 1.5, np.pi / 2, np.pi, 20.0, 26.4575, 26.458, 700.0, 709.8),
    *(1e5, np.nextafter(1e5, 1e6), 1e9, 1e15, 1e22, 1e154, 1e155, 1e300, tiny.max, np.inf, np.nan),
]
EDGES = np.array([sign * value for value in MAGNITUDES for sign in (1, -1)])

values = st.sampled_from(EDGES) | st.floats(width=64) | st.floats(-10, 10)
rows = st.integers(1, 40).flatmap(lambda n: arrays(np.float64, (n, 2), elements=values))


def assert_equals(name, result, expected):
    """A result of a primitive equals the NumPy function's, NaN and infinities alike."""
    assert ulps(result, expected).max(initial=0) <= (8 if name in ELEMENTARY else 0)


def assert_matches(primitive, a, b, offsets=(0, 1, 2)):
    """``apply`` gives what NumPy gives, where it is told to, and writes nowhere else."""
    n = len(a)
    left, right, target = (place * (n + 3) + 1 for place in offsets)
    memory = np.full(3 * (n + 3) + 1, 123.0)
    memory[left : left + n] = a
    memory[right : right + n] = b
    before = memory.copy()
    apply(memory, primitive.opcode, target, left, right, n)
    with np.errstate(all="ignore"):
        expected = FUNCTIONS[primitive.name](*[a, b][: primitive.arity])
    assert_equals(primitive.name, memory[target : target + n], expected)
    before[target : target + n] = memory[target : target + n]
    np.testing.assert_array_equal(memory, before)


@pytest.mark.nojit
@pytest.mark.parametrize("primitive", PRIMITIVES, ids=NAMES)
def test_a_primitive_on_edge_values(primitive):
    """Every primitive equals NumPy's function on all (pairs of) edge values."""
    a, b = (pair.ravel() for pair in np.meshgrid(EDGES, EDGES))
    if primitive.arity == 1:
        a, b = EDGES, EDGES
    assert_matches(primitive, a, b)


@pytest.mark.nojit
@pytest.mark.parametrize("primitive", PRIMITIVES, ids=NAMES)
@quick
@given(data=rows, offsets=st.permutations(range(3)))
def test_a_primitive_on_any_values(primitive, data, offsets):
    """Every primitive equals NumPy's function on any numbers, wherever these lie in memory."""
    assert_matches(primitive, data[:, 0], data[:, 1], offsets)


@pytest.mark.nojit
@pytest.mark.parametrize("primitive", PRIMITIVES, ids=NAMES)
def test_an_operand_may_be_both(primitive):
    """Both operands may be one slot: x - x is 0, x / x is 1."""
    x = np.linspace(0.5, 3, 37)
    memory = np.concatenate([x, np.zeros(37)])
    apply(memory, primitive.opcode, 37, 0, 0, 37)
    assert_equals(
        primitive.name, memory[37:], FUNCTIONS[primitive.name](*[x, x][: primitive.arity])
    )


@pytest.mark.nojit
@quick
@given(grids(inputs=2), keys, rows)
def test_a_program_runs_instruction_by_instruction(grid, key, data):
    """Each instruction equals NumPy's function of its operands, as the kernel computed these.

    So errors do not add up, and a program of 30 instructions can be held to the same bounds as one.
    """
    constants = np.array([0.5, -3.0, 1e5])[: grid.constants]
    program = decode(chromosome(grid, len(PRIMITIVES), key), grid, OPCODES, constants)
    n, leaves = len(data), 2 + len(constants)
    memory = np.zeros((leaves + len(program)) * BLOCK)
    blocks = memory.reshape(-1, BLOCK)
    blocks[:2, :n] = data.T
    blocks[2:leaves] = constants[:, None]
    starts = np.arange(leaves, dtype=np.int64) * BLOCK
    run_program(memory, program.ops, program.args, len(program), starts, leaves * BLOCK, n)
    with np.errstate(all="ignore"):
        for i, opcode in enumerate(program.ops):
            primitive = PRIMITIVES[opcode]
            operands = [blocks[slot, :n] for slot in program.args[i, : primitive.arity]]
            expected = FUNCTIONS[primitive.name](*operands)
            assert_equals(primitive.name, blocks[leaves + i, :n], expected)
