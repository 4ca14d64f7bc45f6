"""Lineages: what mutation does, and that neither threads nor company change a result."""

from __future__ import annotations

import numpy as np
import pytest
from chromosomes import allowed
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from programs import NAMES

from srnet_cli.cgp import evaluate
from srnet_cli.cgp.kernels.auto.lineage import Budget, _mutate, run_lineages
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.cgp.kernels.limits import no_limits
from srnet_cli.cgp.kernels.seeding import Origin, seed_chromosome
from srnet_cli.cgp.kernels.tuning import Rows, scratch_columns
from srnet_cli.evolution.auto.chromosome import NODES, Chromosome, Decoder
from srnet_cli.primitives import PRIMITIVES, PUBLISHED_FUNCTIONS

Array = NDArray[np.float64]

pytestmark = pytest.mark.nojit

function_sets = st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True)


def origin(decoder: Decoder) -> Origin:
    functions = decoder.opcodes.tolist()
    add = functions.index(0) if 0 in functions else -1
    d = decoder.inputs
    return Origin(decoder.grid, decoder.opcodes, add, np.zeros(d), np.ones(d), np.empty((0, d + 1)))


def seeded(decoder: Decoder, seed: int) -> Chromosome:
    genes = np.empty(decoder.grid.genes, dtype=np.int32)
    edges = np.empty((NODES, 2))
    seed_chromosome(origin(decoder), genes, edges, np.array([seed], dtype=np.uint64))
    return Chromosome(genes, edges)


def active_nodes(chromosome: Chromosome, decoder: Decoder) -> set[int]:
    """Nodes that the output hangs on, walked from it."""
    leaves = decoder.inputs + 1
    found: set[int] = set()
    open_slots = [int(chromosome.genes[-1])]
    while open_slots:
        node = open_slots.pop() - leaves
        if node < 0 or node in found:
            continue
        found.add(node)
        operands = arity(node, chromosome, decoder)
        open_slots += chromosome.genes[3 * node + 1 :][:operands].tolist()
    return found


def arity(node: int, chromosome: Chromosome, decoder: Decoder) -> int:
    return PRIMITIVES[decoder.opcodes[chromosome.genes[3 * node]]].arity


@settings(max_examples=20 if JIT_DISABLED else 150)
@given(st.integers(1, 6), function_sets, st.integers(0, 2**63))
def test_a_mutant_differs_where_it_matters(inputs: int, functions: list[str], seed: int) -> None:
    """A mutant is valid, and differs in an active gene or in the weight of an edge of an active
    node; weights change by factors and small steps, and stay finite."""
    decoder = Decoder.reading(inputs, functions)
    parent = seeded(decoder, seed)
    active = active_nodes(parent, decoder)
    place = np.array([int(node in active) for node in range(NODES)], dtype=np.int64)
    stream = np.array([seed + 1], dtype=np.uint64)
    for _ in range(5):
        genes, edges = parent.genes.copy(), parent.edges.copy()
        _mutate(origin(decoder), parent.genes, place, genes, edges, stream)
        assert all(
            value in allowed(decoder.grid, len(functions), gene)
            for gene, value in enumerate(genes.tolist())
        )
        assert np.isfinite(edges).all()
        changed = np.flatnonzero(genes != parent.genes)
        if len(changed):
            assert any(is_active(int(gene), active, parent, decoder) for gene in changed)
        else:
            moved = np.flatnonzero((edges != parent.edges).any(axis=1))
            assert len(moved) > 0
            assert set(moved.tolist()) <= active


def is_active(gene: int, active: set[int], parent: Chromosome, decoder: Decoder) -> bool:
    node, side = divmod(gene, 3)
    if node == NODES:
        return True
    return node in active and side <= arity(node, parent, decoder)


def problem(n: int = 200, threads: int = 4) -> Rows:
    """Two units of two inputs, in rows for so many threads."""
    X = np.random.default_rng(0).uniform(-1, 1, (n, 2))
    units = np.column_stack([np.tanh(2 * X[:, 0] - X[:, 1]), X[:, 0] * X[:, 1]])
    units -= units.mean(axis=0)
    shared = np.concatenate([X.T.ravel(), np.ones(n), np.full(n, 1 / np.sqrt(n)), units.T.ravel()])
    stride = scratch_columns(NODES) * n
    return Rows(
        memory=np.concatenate([shared, np.zeros(threads * stride)]),
        slots=np.arange(3) * n,
        basis=3 * n,
        q=1,
        units=4 * n,
        m=2,
        total=float(np.sum(units**2)),
        scratch=len(shared),
        stride=stride,
        n=n,
    )


def run(
    lineages: int = 5,
    threads: int = 1,
    *,
    seeds: int = 4,
    offspring: int = 30,
    longest: int = 12,
    first: int = 0,
    functions: tuple[str, ...] = PUBLISHED_FUNCTIONS,
) -> tuple[NDArray[np.int32], Array, Array]:
    """(genes, edges, explained) of lineages ``first`` … of a search."""
    decoder = Decoder.reading(2, functions)
    empty = decoder.empty()
    genes = np.array([empty.genes] * lineages)
    edges = np.array([empty.edges] * lineages)
    streams = np.arange(1 + first, 1 + first + lineages, dtype=np.uint64)[:, None] * 977
    budget = Budget(np.full(lineages, seeds), np.full(lineages, offspring), 3, longest, no_limits())
    n = 30 if JIT_DISABLED else 200
    explained = run_lineages(problem(n), origin(decoder), genes, edges, streams, budget, threads)
    return genes, edges, explained


def assert_equal(one: tuple[Array, ...], other: tuple[Array, ...]) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_threads_change_nothing() -> None:
    """With 1, 2, 3 and 4 threads every lineage ends the same, to the bit; so does a repeat."""
    alone = run()
    for threads in (1, 2, 3, 4):
        assert_equal(run(threads=threads), alone)


def test_company_changes_nothing() -> None:
    """A lineage does not notice which others run beside it."""
    genes, edges, explained = run()
    part = run(lineages=2, first=3)
    assert_equal(part, (genes[3:], edges[3:], explained[3:]))


def test_what_is_explained_is_what_the_chromosome_explains() -> None:
    """The figure that comes back is NumPy's for the chromosome that comes back."""
    n = 30 if JIT_DISABLED else 200
    rows = problem(n)
    X = rows.memory[: 2 * n].reshape(2, n).T
    units = rows.memory[rows.units : rows.units + 2 * n].reshape(2, n).T
    genes, edges, explained = run()
    decoder = Decoder.reading(2, PUBLISHED_FUNCTIONS)
    for chromosome, value in zip(map(Chromosome, genes, edges), explained, strict=True):
        column = evaluate(decoder.program(chromosome), X)
        design = np.column_stack([np.ones(n), column])
        left = units - design @ np.linalg.lstsq(design, units, rcond=None)[0]
        assert value == pytest.approx(rows.total - np.sum(left**2), rel=1e-7)


def test_offspring_bring_progress() -> None:
    """A lineage never loses what it had; with offspring some find more."""
    before = run(offspring=0)[2]
    after = run(offspring=40)[2]
    assert (after >= before * (1 - 0.25)).all()  # parsimony may trade a little for a shorter one
    assert after.max() > before.max()


def test_expressions_are_no_longer_than_allowed() -> None:
    """Whatever is found has at most ``longest`` instructions."""
    decoder = Decoder.reading(2, PUBLISHED_FUNCTIONS)
    for longest in (1, 3, 12):
        genes, edges, explained = run(longest=longest)
        for chromosome, value in zip(map(Chromosome, genes, edges), explained, strict=True):
            assert value < 0 or len(decoder.program(chromosome)) <= longest


@pytest.mark.parametrize("functions", [("sin",), ("mul",), ("square", "sub"), ("sqrt",), ("max",)])
def test_any_function_set(functions: tuple[str, ...]) -> None:
    """Sets without addition, without unary or without tunable functions are searched as well."""
    genes, edges, explained = run(functions=functions)
    assert np.isfinite(edges).all()
    assert (explained >= -1.0).all()
    assert explained.max() > 0
    again = run(functions=functions)
    assert_equal(again, (genes, edges, explained))


def test_no_seeds_and_no_offspring_keep_the_start() -> None:
    """Nothing to try leaves the given chromosome, tuned: the first input."""
    genes, edges, explained = run(seeds=0, offspring=0)
    assert not genes.any()
    assert (edges == 1.0).all()
    assert len(set(explained.tolist())) == 1
