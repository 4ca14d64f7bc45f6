"""One generation of MNNCGP-ES after another, in compiled code.

A generation decodes all offspring, then selects layer by layer: the chromosome with the least loss
on the composite's input enters the composite, whose output is the next layer's input.

What makes it fast changes no result:

* equal phenotypes are evaluated once a generation, and in the first layer, whose input never
  changes, a loss is remembered for the whole run;
* every chromosome is first judged on one short block; then they are finished in the order of
  their bounds, and dropped as soon as a bound exceeds the best loss (``loss``).

Work is shared out by offspring. Which chromosomes are dropped depends on the threads' timing; the
winner, its loss and its readout do not, because only hopeless ones are dropped.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.genes import (
    FRESH,
    NODE_GENES,
    Grid,
    chromosome_key,
    decode_offspring,
    phenotype_hash,
    write_offspring,
)
from srnet_cli.cgp.kernels.interpreter import BLOCK
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.layout import Layout
from srnet_cli.cgp.kernels.loss import (
    accumulate,
    evaluate_block,
    fitted_error,
    fitted_readout,
    partial_bound,
    squared_residual,
    sums_length,
)

# Rounding may lift a bound above the loss it bounds; this much is allowed for.
_RELATIVE_SLACK = 1e-9
_ABSOLUTE_SLACK = 1e-12

_MEMORY_SLOTS = 1 << 16
_UNKNOWN = -1.0

Array = NDArray[np.float64]


class Parent(NamedTuple):
    """The state of the strategy: with the generation's number it is all a search needs to go on.

    With L layers, G genes in the longest chromosome, c constants and M the greatest width:

    Attributes:
        genes: (L, G) int32; a chromosome of fewer genes leaves the rest unused.
        constants: (L, c).
        weights, bias: readouts, (L, M).
        losses: mean squared error of each layer of the composition, (L,).
        fitness: (1,), infinite before the first generation.
    """

    genes: NDArray[np.int32]
    constants: Array
    weights: Array
    bias: Array
    losses: Array
    fitness: Array


class Workspace(NamedTuple):
    """Buffers of a search that hold nothing between generations but remembered losses.

    With P individuals, L layers, N nodes a chromosome and T threads.
    """

    ops: NDArray[np.int32]  # (P, L, N)
    args: NDArray[np.int32]  # (P, L, N, 2)
    counts: NDArray[np.int64]  # (P, L)
    outputs: NDArray[np.int64]  # (P, L)
    hashes: NDArray[np.uint64]  # (P, L, 2)
    place: NDArray[np.int64]  # (T, N)
    slots: NDArray[np.int64]  # (T, leaves)
    sums: Array  # (P, sums_length(M))
    queue: NDArray[np.int64]  # (P,) one individual of every phenotype
    progress: NDArray[np.int64]  # (P,) blocks already in the sums
    bounds: Array  # (P,) least squared error a chromosome can have
    errors: Array  # (P,) squared error, infinite for one that was dropped
    best: Array  # (T, 8) least error each thread has seen, a cache line apart
    first: NDArray[np.int64]  # hash table of the generation's phenotypes
    known: NDArray[np.uint64]  # (slots, 2) phenotypes of the first layer
    known_error: Array  # (slots,)
    known_bound: Array  # (slots,)
    block_error: Array  # (blocks,)
    winners: NDArray[np.int64]  # (L,)
    new_weights: Array  # (L, M)
    new_bias: Array  # (L, M)
    new_losses: Array  # (L,)


def allocate(
    layout: Layout, population: int, nodes: int, constants: int, threads: int
) -> Workspace:
    """Allocate the buffers of a search."""
    layers = len(layout.widths) - 1
    widest = int(layout.widths[1:].max())
    table = 1 << (2 * population).bit_length()
    return Workspace(
        ops=np.empty((population, layers, nodes), dtype=np.int32),
        args=np.empty((population, layers, nodes, 2), dtype=np.int32),
        counts=np.empty((population, layers), dtype=np.int64),
        outputs=np.empty((population, layers), dtype=np.int64),
        hashes=np.empty((population, layers, 2), dtype=np.uint64),
        place=np.empty((threads, nodes), dtype=np.int64),
        slots=np.empty((threads, int(layout.widths[:-1].max()) + constants), dtype=np.int64),
        sums=np.empty((population, sums_length(widest))),
        queue=np.empty(population, dtype=np.int64),
        progress=np.empty(population, dtype=np.int64),
        bounds=np.empty(population),
        errors=np.empty(population),
        best=np.empty((threads, 8)),
        first=np.empty(table, dtype=np.int64),
        known=np.zeros((_MEMORY_SLOTS, 2), dtype=np.uint64),
        known_error=np.full(_MEMORY_SLOTS, np.inf),
        known_bound=np.zeros(_MEMORY_SLOTS),
        block_error=np.empty(len(layout.lengths)),
        winners=np.empty(layers, dtype=np.int64),
        new_weights=np.zeros((layers, widest)),
        new_bias=np.zeros((layers, widest)),
        new_losses=np.zeros(layers),
    )


@kernel(inline=True)
def _grid(shape, inputs):
    """The shape of a chromosome that reads ``inputs`` columns."""
    return Grid(inputs, shape.constants, shape.rows, shape.columns, shape.levels_back)


@kernel()
def _decode(
    individuals, thread, threads, shape, opcodes, widths, parent, constants, key, mutation, g, work
):
    """Decode every chromosome of one thread's offspring and hash its phenotype."""
    place = work.place[thread]
    for layer in range(widths.shape[0] - 1):
        grid = _grid(shape, widths[layer])
        genes = parent.genes[layer]
        for i in range(thread, individuals, threads):
            base = chromosome_key(key, g, i, layer)
            ops = work.ops[i, layer]
            args = work.args[i, layer]
            count, output = decode_offspring(grid, opcodes, genes, base, mutation, ops, args, place)
            work.counts[i, layer] = count
            work.outputs[i, layer] = output
            for half in range(2):
                work.hashes[i, layer, half] = phenotype_hash(
                    half, ops, args, count, output, constants[i, layer], grid.inputs
                )


@kernel()
def _distinct(layer, individuals, work):
    """Queue the first individual of every phenotype and reset what is known; returns how many."""
    table = work.first
    mask = np.uint64(table.shape[0] - 1)
    for at in range(table.shape[0]):
        table[at] = -1
    queued = 0
    for i in range(individuals):
        work.errors[i] = np.inf
        work.bounds[i] = _UNKNOWN
        work.progress[i] = 0
        low = work.hashes[i, layer, 0]
        high = work.hashes[i, layer, 1]
        at = low & mask
        while table[at] >= 0:
            j = table[at]
            if work.hashes[j, layer, 0] == low and work.hashes[j, layer, 1] == high:
                break
            at = (at + np.uint64(1)) & mask
        if table[at] < 0:
            table[at] = i
            work.queue[queued] = i
            queued += 1
    for thread in range(work.best.shape[0]):
        work.best[thread, 0] = np.inf
    return queued


@kernel()
def _recall(queued, work):
    """Take over what is remembered of first-layer phenotypes: an error, or a bound."""
    for q in range(queued):
        i = work.queue[q]
        low = work.hashes[i, 0, 0]
        at = low & np.uint64(_MEMORY_SLOTS - 1)
        if work.known[at, 0] == low and work.known[at, 1] == work.hashes[i, 0, 1]:
            work.bounds[i] = work.known_bound[at]
            work.errors[i] = work.known_error[at]
            work.best[0, 0] = min(work.best[0, 0], work.errors[i])


@kernel()
def _remember(queued, work):
    """Remember what was found out about first-layer phenotypes."""
    for q in range(queued):
        i = work.queue[q]
        at = work.hashes[i, 0, 0] & np.uint64(_MEMORY_SLOTS - 1)
        work.known[at, 0] = work.hashes[i, 0, 0]
        work.known[at, 1] = work.hashes[i, 0, 1]
        work.known_bound[at] = work.bounds[i]
        work.known_error[at] = work.errors[i]


@kernel(inline=True)
def _advance(memory, layout, layer, individual, thread, constants, stop, prune, work):
    """Evaluate a chromosome up to block ``stop``, or until it cannot win any more."""
    sums = work.sums[individual]
    last = layout.lengths.shape[0]
    for block in range(work.progress[individual], stop):
        values = _values(memory, layout, layer, block, individual, thread, constants, work)
        if not accumulate(memory, layout, layer, block, values, thread, sums):
            work.bounds[individual] = np.inf
            return
        work.progress[individual] = block + 1
        if block + 1 >= layout.fit_blocks:
            work.bounds[individual] = fitted_error(layout, layer, block, sums)
        else:
            work.bounds[individual] = partial_bound(layout, layer, block, sums)
        if block + 1 == last:
            work.errors[individual] = work.bounds[individual]
            work.best[thread, 0] = min(work.best[thread, 0], work.errors[individual])
        elif prune and _hopeless(layout, layer, individual, work):
            return


@kernel(inline=True)
def _values(memory, layout, layer, block, individual, thread, constants, work):
    """Evaluate an individual's chromosome on a block; returns the offset of the values."""
    return evaluate_block(
        memory,
        layout,
        layer,
        block,
        work.ops[individual, layer],
        work.args[individual, layer],
        work.counts[individual, layer],
        work.outputs[individual, layer],
        constants[individual, layer],
        thread,
        work.slots[thread],
    )


@kernel(inline=True)
def _hopeless(layout, layer, individual, work):
    """Whether another chromosome is certainly better."""
    last = layout.lengths.shape[0] - 1
    scale = layout.squares[layer, last, 0] + layout.squares[layer, last, 1]
    bound = work.bounds[individual] * (1.0 - _RELATIVE_SLACK) - _ABSOLUTE_SLACK * scale
    least = np.inf
    for thread in range(work.best.shape[0]):
        least = min(least, work.best[thread, 0])
    return bound > least


@kernel()
def _rank(queued, work):
    """Put the queue in the order of the bounds, so that good chromosomes are finished first."""
    # A Shell sort: numba's argsort takes seconds to compile.
    queue = work.queue
    bounds = work.bounds
    gap = 1
    while gap < queued // 2:
        gap = 9 * gap // 4 + 1
    while gap > 0:
        for at in range(gap, queued):
            moving = queue[at]
            q = at
            while q >= gap and bounds[queue[q - gap]] > bounds[moving]:
                queue[q] = queue[q - gap]
                q -= gap
            queue[q] = moving
        gap = (4 * gap) // 9


@kernel()
def _sweep(memory, layout, layer, queued, thread, threads, constants, stop, prune, work):
    """Evaluate one thread's share of the queue up to block ``stop``."""
    for q in range(thread, queued, threads):
        i = work.queue[q]
        if work.errors[i] < np.inf or (stop == 1 and work.bounds[i] != _UNKNOWN):
            continue
        if work.bounds[i] < np.inf and not (prune and _hopeless(layout, layer, i, work)):
            _advance(memory, layout, layer, i, thread, constants, stop, prune, work)


@kernel()
def _select(memory, layout, layer, individuals, constants, prune, work):
    """Find the chromosome of least error, the first among equals, and fit its readout.

    Returns:
        The individual, or -1 where no chromosome is finite on all rows.
    """
    winner = -1
    least = np.inf
    for i in range(individuals):
        if work.errors[i] < least:
            least = work.errors[i]
            winner = i
    work.winners[layer] = winner
    if winner < 0:
        return winner
    last = layout.lengths.shape[0]
    if work.progress[winner] < last:
        # Its error was remembered; the sums that the readout needs have yet to be taken.
        work.errors[winner] = np.inf
        work.queue[0] = winner
        one = np.int64(1)  # a literal would make numba compile a copy of the callee
        _sweep(memory, layout, layer, one, one - one, one, constants, last, prune, work)
    fitted_readout(layout, layer, work.sums[winner], work.new_weights[layer], work.new_bias[layer])
    return winner


@kernel()
def _compose(memory, layout, layer, individual, thread, threads, constants, work):
    """Write the composite's output on one thread's blocks as the next layer's input."""
    width = layout.widths[layer + 1]
    onward = layer + 2 < layout.widths.shape[0]
    for block in range(thread, layout.lengths.shape[0], threads):
        values = _values(memory, layout, layer, block, individual, thread, constants, work)
        n = layout.lengths[block]
        f = memory[values : values + n]
        error = 0.0
        for j in range(width):
            weight = work.new_weights[layer, j]
            bias = work.new_bias[layer, j]
            start = layout.targets[layer] + (block * width + j) * BLOCK
            target = memory[start : start + n]
            error += squared_residual(f, target, weight, bias - layout.means[layer, j])
            if onward:
                start = layout.inputs[layer + 1] + (block * width + j) * BLOCK
                output = memory[start : start + n]
                for i in range(n):
                    output[i] = weight * f[i] + bias
        work.block_error[block] = error


@kernel()
def _layer_loss(layout, layer, work):
    """Mean squared error of the composite's layer over rows and units."""
    last = layout.lengths.shape[0] - 1
    rows = layout.counts[last, 0] + layout.counts[last, 1]
    total = 0.0
    for block in range(last + 1):
        total += work.block_error[block]
    work.new_losses[layer] = total / (rows * layout.widths[layer + 1])


@kernel()
def _accept(shape, opcodes, widths, parent, constants, key, mutation, g, neutral, work):
    """Let the composite replace the parent if its fitness is lower, or equal and drift is let."""
    layers = widths.shape[0] - 1
    fitness = work.new_losses[layers - 1]
    for layer in range(layers - 1):
        fitness += work.new_losses[layer] / (layers - 1)
    if not (fitness < parent.fitness[0] or (neutral and fitness == parent.fitness[0])):
        return
    parent.fitness[0] = fitness
    for layer in range(layers):
        winner = work.winners[layer]
        parent.losses[layer] = work.new_losses[layer]
        for j in range(widths[layer + 1]):
            parent.weights[layer, j] = work.new_weights[layer, j]
            parent.bias[layer, j] = work.new_bias[layer, j]
        for c in range(shape.constants):
            parent.constants[layer, c] = constants[winner, layer, c]
        grid = _grid(shape, widths[layer])
        genes = parent.genes[layer, : grid.rows * grid.columns * NODE_GENES + 1]
        base = chromosome_key(key, g, winner, layer)
        write_offspring(grid, opcodes.shape[0], genes, base, mutation, genes)


@kernel()
def _inherit(parent, constants):
    """Give every offspring the parent's constants, which mutation leaves alone."""
    for i in range(constants.shape[0]):
        for layer in range(constants.shape[1]):
            for c in range(constants.shape[2]):
                constants[i, layer, c] = parent.constants[layer, c]


@kernel(parallel=True)
def run_generations(
    memory,
    layout,
    shape,
    opcodes,
    parent,
    constants,
    key,
    mutation,
    begin,
    generations,
    stop_fitness,
    neutral,
    prune,
    threads,
    curve,
    work,
):
    """Run generations ``begin`` to ``begin + generations - 1``, or fewer on reaching the target.

    Args:
        memory, layout: see ``layout.build_layout``; ``memory`` is written to.
        shape: Grid of the chromosomes; its ``inputs`` is replaced by each layer's own.
        opcodes: the function set, (functions,) int64.
        parent: the state, updated in place.
        constants: constants of generation 0, (population, L, c); overwritten by the parent's later.
        key: uint64 that all random numbers are made from.
        mutation: see ``genotype.mutation_threshold``.
        begin: number of the first generation to run; generation 0 makes the first individuals.
        generations: how many to run.
        stop_fitness: the search ends at a fitness of at most this.
        neutral: whether a composite of equal fitness replaces the parent.
        prune: whether hopeless chromosomes are dropped; does not change results.
        threads: threads in use, at most the T of ``work``.
        curve: receives the parent's fitness and layer losses, (>= generations, 1 + L).
        work: buffers.

    Returns:
        The number of generations run.
    """
    layers = layout.widths.shape[0] - 1
    blocks = layout.lengths.shape[0]
    population = constants.shape[0]
    for step in range(generations):
        g = begin + step
        individuals = population if g == 0 else population - 1
        rate = FRESH if g == 0 else mutation
        if g > 0:
            _inherit(parent, constants)
        for worker in prange(threads):
            thread = np.int64(worker)
            _decode(
                individuals, thread, threads, shape, opcodes, layout.widths,
                parent, constants, key, rate, g, work,
            )  # fmt: skip
        feasible = True
        for layer in range(layers):
            queued = _distinct(layer, individuals, work)
            if layer == 0:
                _recall(queued, work)
            for worker in prange(threads):
                thread = np.int64(worker)
                _sweep(
                    memory,
                    layout,
                    layer,
                    queued,
                    thread,
                    threads,
                    constants,
                    np.int64(1),
                    prune,
                    work,
                )
            _rank(queued, work)
            for worker in prange(threads):
                thread = np.int64(worker)
                _sweep(
                    memory, layout, layer, queued, thread, threads, constants, blocks, prune, work
                )
            if layer == 0:
                _remember(queued, work)
            winner = _select(memory, layout, layer, individuals, constants, prune, work)
            if winner < 0:
                feasible = False
                break
            for worker in prange(threads):
                thread = np.int64(worker)
                _compose(memory, layout, layer, winner, thread, threads, constants, work)
            _layer_loss(layout, layer, work)
        if feasible:
            _accept(shape, opcodes, layout.widths, parent, constants, key, rate, g, neutral, work)
        curve[step, 0] = parent.fitness[0]
        for layer in range(layers):
            curve[step, layer + 1] = parent.losses[layer]
        if parent.fitness[0] <= stop_fitness:
            return step + 1
    return generations
