"""Genes: bounds, random values, mutation, lazy decoding and phenotype hashes."""

from __future__ import annotations

import numpy as np
import pytest
from chromosomes import allowed, chromosome, grids, keys, offspring, quick
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from srnet_cli.cgp.genotype import Grid, decode, mutation_threshold
from srnet_cli.cgp.kernels.genes import chromosome_key, decode_offspring, phenotype_hashes
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.primitives import PRIMITIVES

OPCODES = np.arange(len(PRIMITIVES), dtype=np.int64)
ALWAYS = mutation_threshold(1.0)
# A correct generator fails a test at this level once in a million choices of keys; the keys below
# are fixed, so that a test which passes goes on passing.
UNLIKELY = 1e-6

rates = st.sampled_from([0.01, 0.1, 0.4, 0.9, 1.0]).map(mutation_threshold)
functions = st.integers(1, len(PRIMITIVES))


@pytest.mark.nojit
@quick
@given(grids(), functions, keys, keys, rates)
def test_every_gene_stays_in_its_bounds(grid, count, key, other, rate):
    """Genes of random and of mutated chromosomes name existing functions and reachable slots."""
    parent = chromosome(grid, count, key)
    child = offspring(parent, grid, count, other, rate)
    for gene in range(grid.genes):
        values = allowed(grid, count, gene)
        assert parent[gene] in values
        assert child[gene] in values


@pytest.mark.nojit
@quick
@given(grids(), functions, keys, keys)
def test_mutation_changes_to_another_value(grid, count, key, other):
    """At probability 1 every gene changes, but those that have one value only."""
    parent = chromosome(grid, count, key)
    child = offspring(parent, grid, count, other, ALWAYS)
    for gene in range(grid.genes):
        has_choice = len(allowed(grid, count, gene)) > 1
        assert (child[gene] != parent[gene]) == has_choice


@pytest.mark.parametrize("probability", [0.01, 0.1, 0.4, 0.75])
def test_genes_mutate_with_the_stated_probability(probability):
    """The number of changed genes is binomial in the probability, for every gene by itself."""
    grid = Grid(inputs=2, constants=1, rows=5, columns=5, levels_back=5)
    parent = chromosome(grid, 10, np.uint64(1))
    trials = 4000
    changed = np.zeros(grid.genes, dtype=np.int64)
    for key in range(trials):
        child = offspring(parent, grid, 10, np.uint64(key), mutation_threshold(probability))
        changed += child != parent
    total = stats.binomtest(int(changed.sum()), trials * grid.genes, probability)
    assert total.pvalue > UNLIKELY
    for count in changed:
        assert stats.binomtest(int(count), trials, probability).pvalue > UNLIKELY / grid.genes


# Function genes, first and second connections of the first, a middle and the last column, output.
GENES = [0, 1, 2, 36, 37, 38, 72, 73, 74, 75]


@pytest.mark.parametrize("levels_back", [1, 2, 5])
@pytest.mark.parametrize("gene", GENES)
def test_new_values_are_uniform(gene, levels_back):
    """A fresh gene takes every allowed value, a mutated one every other, equally often."""
    grid = Grid(inputs=2, constants=1, rows=5, columns=5, levels_back=levels_back)
    values = allowed(grid, 10, gene)
    parents = [chromosome(grid, 10, np.uint64(key)) for key in range(6000)]
    fresh = np.bincount([parent[gene] for parent in parents], minlength=values[-1] + 1)
    assert stats.chisquare(fresh[values]).pvalue > UNLIKELY
    parent = parents[0]
    others = [value for value in values if value != parent[gene]]
    children = [
        offspring(parent, grid, 10, np.uint64(key), ALWAYS)[gene] for key in range(7000, 11000)
    ]
    mutated = np.bincount(children, minlength=values[-1] + 1)
    assert stats.chisquare(mutated[others]).pvalue > UNLIKELY


def test_genes_are_independent():
    """Whether one gene mutates says nothing about its neighbours, or about the next offspring."""
    grid = Grid(inputs=2, constants=1, rows=5, columns=5, levels_back=5)
    parent = chromosome(grid, 10, np.uint64(1))
    rate = mutation_threshold(0.4)
    searched = [np.uint64(chromosome_key(np.uint64(0), 1, i, 0)) for i in range(4000)]
    changed = np.array([offspring(parent, grid, 10, key, rate) != parent for key in searched])
    pairs = [(changed[:, :-1], changed[:, 1:]), (changed[:-1], changed[1:])]
    for one, other in pairs:
        both = int((one & other).sum())
        assert stats.binomtest(both, one.size, 0.4 * 0.4).pvalue > UNLIKELY


@pytest.mark.nojit
def test_every_chromosome_has_its_own_key():
    """Keys of different searches, generations, individuals and layers differ."""
    size = 4 if JIT_DISABLED else 12
    found = {
        int(chromosome_key(np.uint64(key), generation, individual, layer))
        for key in range(size)
        for generation in range(size)
        for individual in range(size)
        for layer in range(size)
    }
    assert len(found) == size**4


@pytest.mark.nojit
@quick
@given(grids(), functions, keys, keys, rates)
def test_decoding_needs_no_written_offspring(grid, count, key, other, rate):
    """An offspring decoded from its parent and its key is the program of its written genes."""
    opcodes = OPCODES[:count]
    parent = chromosome(grid, count, key)
    written = decode(offspring(parent, grid, count, other, rate), grid, opcodes, np.zeros(0))
    ops = np.empty(grid.nodes, dtype=np.int64)
    args = np.empty((grid.nodes, 2), dtype=np.int64)
    place = np.empty(grid.nodes, dtype=np.int64)
    length, output = decode_offspring(grid, opcodes, parent, other, rate, ops, args, place)
    assert output == written.output
    np.testing.assert_array_equal(ops[:length], written.ops)
    np.testing.assert_array_equal(args[:length], written.args)


def hashes(ops, args, output, constants, inputs):
    """Both halves of the hash of a program."""
    ops = np.array(ops, dtype=np.int32)
    args = np.array(args, dtype=np.int32).reshape(-1, 2)
    constants = np.array(constants, dtype=np.float64)
    return list(map(int, phenotype_hashes(ops, args, len(ops), output, constants, inputs)))


@pytest.mark.nojit
@quick
@given(grids(inputs=2), st.lists(keys, min_size=2, max_size=12, unique=True))
def test_hashes_tell_phenotypes_apart(grid, several):
    """Two chromosomes have one hash if, and only if, their active programs are equal."""
    seen = {}
    constants = np.zeros(grid.constants)
    for key in several:
        program = decode(chromosome(grid, 4, key), grid, OPCODES[:4], constants)
        phenotype = (program.ops.tobytes(), program.args.tobytes(), program.output)
        found = tuple(hashes(program.ops, program.args, program.output, constants, grid.inputs))
        assert seen.setdefault(phenotype, found) == found
    assert len(set(seen.values())) == len(seen)
    assert len({half for half, _ in seen.values()}) == len(seen)


@pytest.mark.nojit
def test_hashes_read_the_constants_in_use():
    """Constants that a program reads are part of its phenotype, others are not."""
    uses_second = ([0], [[0, 2]], 3)
    one = hashes(*uses_second, [1.0, 2.0], 1)
    assert hashes(*uses_second, [9.0, 2.0], 1) == one
    assert hashes(*uses_second, [1.0, 2.5], 1) != one
    assert hashes([], [], 2, [1.0, 2.0], 1) != hashes([], [], 2, [1.0, 2.5], 1)


@pytest.mark.nojit
def test_hashes_tell_slots_of_wide_layers_apart():
    """Slot numbers beyond 16 bits, which layers of 10^5 units have, do not run into each other."""
    wide = 100_000
    for one, other in [((5, 65536), (6, 0)), ((0, 99_999), (1, 34_463)), ((7, 1), (65543, 1))]:
        assert hashes([0], [one], wide, [], wide) != hashes([0], [other], wide, [], wide)
