"""Evaluating the chromosomes of one layer, each as far as it can still win."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from srnet_cli.cgp.kernels.interpreter import BLOCK, run_program
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.mnncgp.layout import FIT, SELECT, padded
from srnet_cli.cgp.kernels.mnncgp.loss import fitted_error, partial_bound
from srnet_cli.cgp.kernels.mnncgp.sums import HEAD, PIVOT, Columns, add_sums

# Rounding may lift a bound above the loss it bounds; this much is allowed for.
_RELATIVE_SLACK = 1e-9
_ABSOLUTE_SLACK = 1e-12

# Inputs and directions of a layer that a second-level cache holds, and how many chromosomes share a
# block otherwise.
_CACHED_VALUES = 1 << 17
_SIDE_BY_SIDE = 16


class Share(NamedTuple):
    """Some of a layer's chromosomes, to be evaluated side by side.

    Attributes:
        layer: the layer.
        first, after: they are ``order[first:after]`` of the workspace.
        stop: the step to go up to.
    """

    layer: int
    first: int
    after: int
    stop: int


@kernel(inline=True, allocates=False)
def expression_values(memory, layout, layer, block, individual, thread, constants, work):
    """Evaluate an individual's chromosome on a block; returns the offset of the values."""
    inputs = layout.widths[layer]
    numbers = constants.shape[2]
    leaves = inputs + numbers
    slots = work.slots[thread, :leaves]
    ops = work.ops[individual, layer]
    args = work.args[individual, layer]
    count = work.counts[individual, layer]
    output = work.outputs[individual, layer]
    start = layout.inputs[layer] + block * inputs * BLOCK
    # Only the columns that the program reads: a wide layer has many more.
    for i in range(count):
        for side in range(2):
            if args[i, side] < inputs:
                slots[args[i, side]] = start + args[i, side] * BLOCK
    scratch = layout.scratch[0] + thread * layout.scratch[1]
    for c in range(numbers):
        offset = scratch + c * BLOCK
        slots[inputs + c] = offset
        if memory[offset] != constants[individual, layer, c]:
            column = memory[offset : offset + BLOCK]
            for i in range(BLOCK):
                column[i] = constants[individual, layer, c]
    results = scratch + numbers * BLOCK
    rows = padded(layout.lengths[layer, block])
    run_program(memory, ops, args, count, slots, results, rows)
    if output < inputs:
        return start + output * BLOCK
    return scratch + (output - inputs) * BLOCK


@kernel(inline=True, allocates=False)
def is_hopeless(layout, layer, bound, work):
    """Whether another chromosome is certainly better, or the composite certainly not accepted."""
    last = layout.lengths.shape[1] - 1
    scale = layout.squares[layer, last, FIT] + layout.squares[layer, last, SELECT]
    least = np.inf
    for thread in range(work.best.shape[0]):
        least = min(least, work.best[thread, 0])
    return bound * (1.0 - _RELATIVE_SLACK) - _ABSOLUTE_SLACK * scale > least


@kernel(inline=True, allocates=False)
def _accumulate(memory, layout, layer, step, values, sums):
    """Add a block to a chromosome's sums; False where a value is not finite.

    The first pass over the blocks takes the leading directions, a second one the others.
    """
    blocks = layout.lengths.shape[1]
    directions = layout.directions[layer]
    lead = layout.lead[layer]
    if step == 0:
        for at in range(HEAD + 2 * (2 + directions)):
            sums[at] = 0.0
        sums[PIVOT] = memory[values]
    is_first_pass = step < blocks
    block = step if is_first_pass else step - blocks
    wanted = Columns(
        layout.rotated[layer] + block * directions * BLOCK,
        BLOCK,
        0 if is_first_pass else lead,
        lead if is_first_pass else directions,
    )
    return add_sums(
        memory,
        values,
        layout.lengths[layer, block],
        wanted,
        sums[PIVOT],
        sums,
        HEAD + layout.segments[layer, block] * (2 + directions),
    )


@kernel(allocates=False)
def steps(layout, layer):
    """Blocks to go through until the error of a chromosome is known."""
    blocks = layout.lengths.shape[1]
    return blocks if layout.lead[layer] == layout.directions[layer] else 2 * blocks


@kernel(inline=True, allocates=False)
def _advance(memory, layout, layer, individual, thread, constants, stop, prune, work):
    """Evaluate a chromosome up to step ``stop``, or until it cannot win any more."""
    sums = work.sums[individual]
    blocks = layout.lengths.shape[1]
    last = steps(layout, layer)
    for step in range(work.progress[individual], stop):
        block = step if step < blocks else step - blocks
        values = expression_values(
            memory, layout, layer, block, individual, thread, constants, work
        )
        if not _accumulate(memory, layout, layer, step, values, sums):
            work.bounds[individual] = np.inf
            return
        work.progress[individual] = step + 1
        if step + 1 == last or (last == blocks and step + 1 >= layout.fit_blocks[layer]):
            work.bounds[individual] = fitted_error(layout, layer, block, sums)
        elif step < blocks:
            work.bounds[individual] = partial_bound(layout, layer, block, sums)
        if step + 1 == last:
            work.errors[individual] = work.bounds[individual]
            work.best[thread, 0] = min(work.best[thread, 0], work.errors[individual])
        elif prune and is_hopeless(layout, layer, work.bounds[individual], work):
            return


@kernel(inline=True, allocates=False)
def together(layout, layer):
    """How many chromosomes go through the blocks side by side.

    One after the other, so that the first ones' errors drop the rest; but where the rows do not
    stay in the cache, several share what was read.
    """
    columns = layout.widths[layer] + layout.directions[layer]
    values = layout.lengths.shape[1] * BLOCK * columns
    return np.int64(1) if values < _CACHED_VALUES else np.int64(_SIDE_BY_SIDE)


@kernel(inline=True, allocates=False)
def sweep(memory, layout, share, thread, constants, prune, work):
    """Evaluate a share of the chromosomes, each as far as it can win."""
    layer, first, after, stop = share
    stride = stop if after - first == 1 else np.int64(1)
    for step in range(0, stop, stride):
        for at in range(first, after):
            i = work.order[at]
            if work.progress[i] < step or not work.bounds[i] < np.inf:
                continue
            if prune and is_hopeless(layout, layer, work.bounds[i], work):
                continue
            _advance(memory, layout, layer, i, thread, constants, step + stride, prune, work)


@kernel(allocates=False)
def shortlist(layout, layer, queued, prune, work):
    """List those of the queue that may still win, in the order of their bounds; returns how many.

    So good ones are finished first, and their errors drop the others.
    """
    listed = 0
    for q in range(queued):
        i = work.queue[q]
        bound = work.bounds[i]
        if work.errors[i] < np.inf or not bound < np.inf:
            continue
        if not (prune and is_hopeless(layout, layer, bound, work)):
            work.order[listed] = i
            listed += 1
    _sort(work.order, work.bounds, listed)
    return listed


@kernel(allocates=False)
def _sort(order, bounds, count):
    """Sort individuals by their bounds: a Shell sort, numba's argsort takes seconds to compile."""
    gap = 1
    while gap < count // 2:
        gap = 9 * gap // 4 + 1
    while gap > 0:
        for at in range(gap, count):
            moving = order[at]
            q = at
            while q >= gap and bounds[order[q - gap]] > bounds[moving]:
                order[q] = order[q - gap]
                q -= gap
            order[q] = moving
        gap = (4 * gap) // 9
