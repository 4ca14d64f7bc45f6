"""The composite of a generation: the best chromosome of each layer, on the output of those before.

Layer by layer the winner is found, traced over all rows, given its readout, and composed into the
next layer's input; at the end the composite replaces the parent, or does not.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.genes import (
    FRESH,
    NODE_GENES,
    Grid,
    chromosome_key,
    write_offspring,
)
from srnet_cli.cgp.kernels.interpreter import BLOCK
from srnet_cli.cgp.kernels.jit import align_stack, kernel
from srnet_cli.cgp.kernels.lanes import residual_square
from srnet_cli.cgp.kernels.mnncgp.layout import FIT, SELECT, padded
from srnet_cli.cgp.kernels.mnncgp.loss import fitted_readout
from srnet_cli.cgp.kernels.mnncgp.sums import HEAD, PIVOT, Columns, add_sums
from srnet_cli.cgp.kernels.mnncgp.sweep import expression_values, is_hopeless

# The rounding of a fitness, when it is compared with a bound.
_FITNESS_SLACK = 1e-9


@kernel(inline=True, allocates=False)
def grid_of(shape, inputs):
    """The shape of a chromosome that reads ``inputs`` columns."""
    return Grid(inputs, shape.constants, shape.rows, shape.columns, shape.levels_back)


@kernel(allocates=False)
def rows_of(layout, layer):
    """Number of rows, of both segments."""
    last = layout.lengths.shape[1] - 1
    return layout.counts[layer, last, FIT] + layout.counts[layer, last, SELECT]


@kernel(allocates=False)
def set_limit(layout, layer, parent, prune, work):
    """Set the error that a chromosome must not exceed for its composite to replace the parent."""
    layers = layout.lengths.shape[0]
    limit = np.inf
    if prune:
        room = parent.fitness[0] * (1.0 + _FITNESS_SLACK)
        for before in range(layer):
            room -= work.new_losses[before] / (layers - 1)
        limit = room * rows_of(layout, layer) * layout.widths[layer + 1]
        if layer < layers - 1:
            limit *= layers - 1
    for thread in range(work.best.shape[0]):
        work.best[thread, 0] = limit


@kernel(allocates=False)
def select(layout, layer, individuals, work):
    """Find the chromosome of least error, the first among equals.

    Returns:
        The individual, or -1 where no chromosome is finite on all rows and within the limit.
    """
    winner = np.int64(-1)
    least = np.inf
    for i in range(individuals):
        if work.errors[i] < least:
            least = work.errors[i]
            winner = i
    if winner >= 0 and is_hopeless(layout, layer, least, work):
        winner = np.int64(-1)
    work.winners[layer] = winner
    return winner


@kernel(allocates=False)
def trace(memory, layout, layer, individual, block, thread, constants, work):
    """Keep the winner's values on a block."""
    start = expression_values(memory, layout, layer, block, individual, thread, constants, work)
    n = layout.lengths[layer, block]
    values = memory[start : start + n]
    start = layout.values + block * BLOCK
    kept = memory[start : start + n]
    for i in range(n):
        kept[i] = values[i]


@kernel(allocates=False)
def fit(memory, layout, layer, work):
    """Solve the winner's readout, unit by unit as they are."""
    align_stack()
    sums = work.winner_sums
    width = layout.widths[layer + 1]
    for at in range(HEAD + 2 + width):
        sums[at] = 0.0
    sums[PIVOT] = memory[layout.values]
    for block in range(layout.lengths.shape[1]):
        if layout.segments[layer, block] == FIT:
            values = layout.values + block * BLOCK
            start = layout.targets[layer] + block * width * BLOCK
            units = Columns(start, BLOCK, 0, width)
            n = layout.lengths[layer, block]
            add_sums(memory, values, n, units, sums[PIVOT], sums, HEAD)
    fitted_readout(layout, layer, sums, work.new_weights[layer], work.new_bias[layer])


@kernel(allocates=False)
def compose(memory, layout, layer, block, thread, work):
    """Take the composite's loss on a block, and write a block of the next layer's input."""
    width = layout.widths[layer + 1]
    weights = work.new_weights[layer]
    bias = work.new_bias[layer]
    n = layout.lengths[layer, block]
    values = layout.values + block * BLOCK
    error = 0.0
    for j in range(width):
        target = layout.targets[layer] + (block * width + j) * BLOCK
        shift = bias[j] - layout.means[layer, j]
        error += residual_square(memory, n, values, target, weights[j], shift)
    work.block_error[block] = error
    if layer + 1 == layout.lengths.shape[0]:
        return
    spare = layout.scratch[0] + (thread + 1) * layout.scratch[1] - BLOCK
    n = padded(layout.lengths[layer + 1, block])
    f = memory[spare : spare + n]
    for i in range(n):
        f[i] = memory[layout.values + layout.source[layer + 1, block, i]]
    for j in range(width):
        start = layout.inputs[layer + 1] + (block * width + j) * BLOCK
        output = memory[start : start + n]
        for i in range(n):
            output[i] = weights[j] * f[i] + bias[j]


@kernel(allocates=False)
def take_loss(layout, layer, work):
    """Mean squared error of the composite's layer over rows and units."""
    total = 0.0
    for block in range(layout.lengths.shape[1]):
        total += work.block_error[block]
    work.new_losses[layer] = total / (rows_of(layout, layer) * layout.widths[layer + 1])


@kernel(inline=True, allocates=False)
def mutation_in(rules, g):
    """The mutation of a generation: the first draws all genes afresh."""
    return FRESH if g == 0 else rules.mutation


@kernel(allocates=False)
def accept(rules, widths, parent, constants, g, work):
    """Let the composite replace the parent if its fitness is lower, or equal and drift is let."""
    layers = widths.shape[0] - 1
    fitness = work.new_losses[layers - 1]
    for layer in range(layers - 1):
        fitness += work.new_losses[layer] / (layers - 1)
    if not (fitness < parent.fitness[0] or (rules.neutral and fitness == parent.fitness[0])):
        return
    parent.fitness[0] = fitness
    for layer in range(layers):
        winner = work.winners[layer]
        parent.losses[layer] = work.new_losses[layer]
        for j in range(widths[layer + 1]):
            parent.weights[layer, j] = work.new_weights[layer, j]
            parent.bias[layer, j] = work.new_bias[layer, j]
        for c in range(rules.shape.constants):
            parent.constants[layer, c] = constants[winner, layer, c]
        grid = grid_of(rules.shape, widths[layer])
        genes = parent.genes[layer, : grid.rows * grid.columns * NODE_GENES + 1]
        base = chromosome_key(rules.key, g, winner, layer)
        functions, rate = rules.opcodes.shape[0], mutation_in(rules, g)
        write_offspring(grid, functions, genes, base, rate, genes)


@kernel(allocates=False)
def inherit(parent, constants):
    """Give every offspring the parent's constants, which mutation leaves alone."""
    for i in range(constants.shape[0]):
        for layer in range(constants.shape[1]):
            for c in range(constants.shape[2]):
                constants[i, layer, c] = parent.constants[layer, c]
