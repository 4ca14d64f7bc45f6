"""Random chromosomes with weighted edges: valid whatever the function set and the layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from chromosomes import allowed
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import NAMES

from oracles import interpret_genes
from srnet_cli.cgp import evaluate
from srnet_cli.cgp.genotype import Grid
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.cgp.kernels.seeding import (
    MOST_SUMMANDS,
    Origin,
    seed_chromosome,
    seed_nodes,
)
from srnet_cli.evolution.auto.chromosome import NODES, Chromosome, Decoder
from srnet_cli.primitives import PUBLISHED_FUNCTIONS, function_set

pytestmark = pytest.mark.nojit

function_sets = st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True)

# Functions without rounding of their own, which a chain of others would magnify.
EXACT = ("add", "sub", "mul", "div", "sqrt", "square", "abs", "min", "max", "inverse", "cube")


def origin(
    inputs: int, functions: Sequence[str], nodes: int = NODES, directions: int = 0
) -> Origin:
    opcodes = np.array([row.opcode for row in function_set(functions)], dtype=np.int64)
    add = list(functions).index("add") if "add" in functions else -1
    centre, spread = np.linspace(-1, 2, inputs), np.linspace(0.5, 3, inputs)
    known = np.zeros((directions, inputs + 1))
    for row in known:  # as many weights as there may be, and an offset
        row[: min(inputs, MOST_SUMMANDS)] = 2.0
        row[-1] = -3.0
    return Origin(Grid(inputs, 1, 1, nodes, nodes), opcodes, add, centre, spread, known)


def seeded(of: Origin, stream: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    genes = np.full(of.grid.genes, -7, dtype=np.int32)
    edges = np.full((of.grid.nodes, 2), np.nan)
    seed_chromosome(of, genes, edges, stream)
    return genes, edges


@settings(max_examples=15 if JIT_DISABLED else 150)
@given(st.integers(1, 40), function_sets, st.integers(0, 2), st.integers(0, 2**64 - 1))
def test_seeds_are_valid(inputs: int, functions: list[str], directions: int, seed: int) -> None:
    """Every gene names something that its place allows, every weight is finite, and the program
    that is decoded fits the nodes."""
    of = origin(inputs, functions, directions=directions)
    stream = np.array([seed], dtype=np.uint64)
    decoder = Decoder.reading(inputs, functions)
    for _ in range(5):
        genes, edges = seeded(of, stream)
        for gene, value in enumerate(genes.tolist()):
            assert value in allowed(of.grid, len(functions), gene)
        assert np.isfinite(edges).all()
        assert len(decoder.program(Chromosome(genes, edges))) <= NODES


@pytest.mark.parametrize("inputs", [1, 2, 7, 8, 9, 11, 12, 13, 500])
def test_seeds_need_no_more_nodes_than_stated(inputs: int) -> None:
    """No output lies beyond ``seed_nodes``, some come near it, and NODES holds them all."""
    of = origin(inputs, (*PUBLISHED_FUNCTIONS, "tanh"), directions=1)
    leaves = inputs + 1
    most, used = seed_nodes(inputs), 0
    assert most <= NODES
    stream = np.array([inputs], dtype=np.uint64)
    structured = 0
    for _ in range(300 if JIT_DISABLED else 20000):
        genes, edges = seeded(of, stream)
        # Only nodes of a random chromosome have weights on both edges that are not 1.
        output = int(genes[-1]) - leaves
        if output >= 0 and edges[output, 0] == edges[output, 1] == 1.0 and output < most:
            used = max(used, output + 1)
            structured += 1
    assert structured > 0
    assert most - 6 <= used <= most or JIT_DISABLED


def test_few_nodes_make_plain_random_chromosomes() -> None:
    """A grid too small for sums of inputs is filled at random, and never overrun."""
    stream = np.array([3], dtype=np.uint64)
    for nodes in (1, 2, seed_nodes(2) - 1):
        of = origin(2, PUBLISHED_FUNCTIONS, nodes)
        for _ in range(50):
            genes, _ = seeded(of, stream)
            assert all(v in allowed(of.grid, 10, g) for g, v in enumerate(genes.tolist()))


def test_most_seeds_are_functions_of_sums() -> None:
    """Where there is addition three in four end in what a weighted sum began with: node 0 adds."""
    stream = np.array([4], dtype=np.uint64)
    count = 100 if JIT_DISABLED else 4000
    functions = ("sin", "mul", "cos", "log", "add")
    first = [seeded(origin(3, functions), stream)[0][0] for _ in range(count)]
    share = first.count(functions.index("add")) / count
    # A quarter is random, and adds at node 0 in one of five cases.
    assert share == pytest.approx(0.75 + 0.25 / 5, abs=4 * 0.5 / np.sqrt(count))


def test_sums_are_centred_and_steep_about_one() -> None:
    """A sum of one function of all inputs has a mean and spread of order one on such inputs."""
    of = origin(3, ("add",))
    rng = np.random.default_rng(0)
    X = of.centre + of.spread * rng.normal(size=(100, 3))
    stream = np.array([5], dtype=np.uint64)
    decoder = Decoder.reading(3, ("add",))
    spreads, means = [], []
    for _ in range(100 if JIT_DISABLED else 1000):
        genes, edges = seeded(of, stream)
        column = evaluate(decoder.program(Chromosome(genes, edges)), X)
        spreads.append(column.std())
        means.append(abs(column.mean()))
    assert 0.3 < np.median(spreads) < 3
    assert np.median(means) < 3 * np.median(spreads)


def test_half_of_the_sums_follow_a_given_direction() -> None:
    """A sum along a direction has its weights, all as steep, whichever input it begins with."""
    of = origin(3, ("add",), directions=1)
    decoder = Decoder.reading(3, ("add",))
    corners = np.vstack([np.zeros(3), np.eye(3)])
    stream = np.array([6], dtype=np.uint64)
    count, follow, sums = 200 if JIT_DISABLED else 2000, 0, 0
    for _ in range(count):
        genes, edges = seeded(of, stream)
        program = decoder.program(Chromosome(genes, edges))
        if genes[0] != 0 or len(program) != 3:
            continue
        at_zero, *values = evaluate(program, corners)
        slopes = np.array(values) - at_zero
        sums += 1
        follow += np.allclose(slopes, slopes[0], rtol=1e-9)
    assert sums > count / 20
    assert follow / sums > 0.4


@settings(max_examples=10 if JIT_DISABLED else 60)
@given(st.integers(1, 5), st.sets(st.sampled_from(EXACT), min_size=1), st.integers(0, 2**64 - 1))
def test_decoding_agrees_with_a_walk_from_the_output(
    inputs: int, chosen: set[str], seed: int
) -> None:
    """With weights of 1 the decoded program has the values of the chromosome as defined."""
    functions = sorted(chosen)
    of = origin(inputs, functions)
    genes, edges = seeded(of, np.array([seed], dtype=np.uint64))
    X = np.random.default_rng(0).normal(size=(7, inputs))
    program = Decoder.reading(inputs, functions).program(Chromosome(genes, np.ones_like(edges)))
    expected = interpret_genes(genes, function_set(functions), np.ones(1), X)
    np.testing.assert_array_equal(evaluate(program, X), expected)
