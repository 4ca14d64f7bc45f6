"""The loss of a chromosome, from sums over rows.

With one expression f a layer, h = w·f + b, the least-squares readout has a closed form in
Σf, Σf² and Σf·h_j (method of SRNet, eq. h_l = w_l f_l + b_l), so a chromosome costs one pass over
the rows. The sums are taken of g = f − p with a pivot p near the mean of f, and of centred
targets, so that little is lost to cancellation.

The same sums over only some of the rows bound the loss from below: least squares on a subset can
only be better than any readout on it. A chromosome whose bound exceeds the best loss known can be
dropped without changing the result of the search.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.interpreter import BLOCK, run_program
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.layout import FIT, SELECT

_REASSOCIATE = {"reassoc", "contract", "nsz"}

# A row of ``sums``: the pivot, then per segment Σg, Σg² and Σg·h_j for every unit.
PIVOT = 0
_HEAD = 1

# Below this share of Σg², or this many units in the last place of the pivot, the spread of f is
# rounding noise and f counts as constant.
_CONSTANT_SHARE = 1e-14
_CONSTANT_ULPS = 16 * np.finfo(np.float64).eps


@kernel()
def sums_length(width):
    """Length of a row of sums for a layer of ``width`` units."""
    return _HEAD + 2 * (2 + width)


@kernel(fastmath=_REASSOCIATE)
def _sum(memory, a, n):
    x = memory[a : a + n]
    total = 0.0
    for i in range(n):
        total += x[i]
    return total


@kernel(fastmath=_REASSOCIATE)
def _dot(memory, a, b, n):
    x = memory[a : a + n]
    y = memory[b : b + n]
    total = 0.0
    for i in range(n):
        total += x[i] * y[i]
    return total


@kernel(fastmath=_REASSOCIATE)
def squared_residual(f, target, weight, bias):
    """Sum of (weight·f + bias − target)² over a block."""
    total = 0.0
    for i in range(f.shape[0]):
        residual = weight * f[i] + bias - target[i]
        total += residual * residual
    return total


@kernel(inline=True)
def evaluate_block(
    memory, layout, layer, block, ops, args, count, output, constants, thread, slots
):
    """Evaluate a program on one block; returns the offset of the expression's values."""
    inputs = layout.widths[layer]
    leaves = inputs + constants.shape[0]
    scratch = layout.scratch[0] + thread * layout.scratch[1]
    start = layout.inputs[layer] + block * inputs * BLOCK
    for j in range(inputs):
        slots[j] = start + j * BLOCK
    for c in range(constants.shape[0]):
        offset = scratch + c * BLOCK
        slots[inputs + c] = offset
        if memory[offset] != constants[c]:
            for i in range(BLOCK):
                memory[offset + i] = constants[c]
    results = scratch + constants.shape[0] * BLOCK
    n = layout.lengths[block]
    run_program(memory, ops, args, count, slots[:leaves], results, n)
    if output < leaves:
        return slots[output]
    return results + (output - leaves) * BLOCK


@kernel(inline=True)
def accumulate(memory, layout, layer, block, values, thread, sums):
    """Add one block to a chromosome's sums; False where a value is not finite.

    Values whose squares overflow count as not finite.
    """
    n = layout.lengths[block]
    width = layout.widths[layer + 1]
    if block == 0:
        for at in range(sums.shape[0]):
            sums[at] = 0.0
        sums[PIVOT] = _sum(memory, values, n) / n
    pivot = sums[PIVOT]
    g = layout.scratch[0] + (thread + 1) * layout.scratch[1] - BLOCK
    f = memory[values : values + n]
    shifted = memory[g : g + n]
    for i in range(n):
        shifted[i] = f[i] - pivot
    square = _dot(memory, g, g, n)
    if not square < np.inf:
        return False
    at = _HEAD + layout.segments[block] * (2 + width)
    sums[at] += _sum(memory, g, n)
    sums[at + 1] += square
    targets = layout.targets[layer] + block * width * BLOCK
    for j in range(width):
        sums[at + 2 + j] += _dot(memory, g, targets + j * BLOCK, n)
    return True


@kernel(inline=True)
def _is_constant(spread, square, rows, pivot):
    noise = _CONSTANT_ULPS * pivot
    return spread <= _CONSTANT_SHARE * square or spread <= rows * noise * noise


@kernel(inline=True)
def partial_bound(layout, layer, block, sums):
    """Least squared error that any readout can have on the rows seen so far."""
    width = layout.widths[layer + 1]
    a = _HEAD
    b = _HEAD + 2 + width
    rows = layout.counts[block, FIT] + layout.counts[block, SELECT]
    total = sums[a] + sums[b]
    square = sums[a + 1] + sums[b + 1]
    spread = square - total * total / rows
    error = layout.squares[layer, block, FIT] + layout.squares[layer, block, SELECT]
    constant = _is_constant(spread, square, rows, sums[PIVOT])
    for j in range(width):
        h = layout.unit_sums[layer, block, FIT, j] + layout.unit_sums[layer, block, SELECT, j]
        error -= h * h / rows
        if not constant:
            product = sums[a + 2 + j] + sums[b + 2 + j] - total * h / rows
            error -= product * product / spread
    return max(error, 0.0)


@kernel(inline=True)
def fitted_error(layout, layer, block, sums):
    """Squared error on the rows seen so far of the readout fitted on all fit rows."""
    width = layout.widths[layer + 1]
    a = _HEAD
    b = _HEAD + 2 + width
    rows = layout.counts[block, FIT]
    spread = sums[a + 1] - sums[a] * sums[a] / rows
    constant = _is_constant(spread, sums[a + 1], rows, sums[PIVOT])
    extra = layout.counts[block, SELECT]
    error = layout.squares[layer, block, FIT] + layout.squares[layer, block, SELECT]
    for j in range(width):
        h = layout.unit_sums[layer, block, FIT, j]
        weight = 0.0
        if not constant:
            product = sums[a + 2 + j] - sums[a] * h / rows
            weight = product / spread
            error -= weight * product
        error -= h * h / rows
        bias = (h - weight * sums[a]) / rows
        error += bias * (extra * bias - 2.0 * layout.unit_sums[layer, block, SELECT, j])
        error += weight * (weight * sums[b + 1] + 2.0 * bias * sums[b] - 2.0 * sums[b + 2 + j])
    # A sum that overflowed on the selection rows is as bad as a value that is not finite.
    return max(error, 0.0) if error == error else np.inf


@kernel()
def fitted_readout(layout, layer, sums, weights, bias):
    """Write the readout of h = w·f + b fitted on the fit rows: weights and bias, (m,)."""
    last = layout.lengths.shape[0] - 1
    width = layout.widths[layer + 1]
    rows = layout.counts[last, FIT]
    spread = sums[_HEAD + 1] - sums[_HEAD] * sums[_HEAD] / rows
    constant = _is_constant(spread, sums[_HEAD + 1], rows, sums[PIVOT])
    centre = sums[PIVOT] + sums[_HEAD] / rows
    for j in range(width):
        h = layout.unit_sums[layer, last, FIT, j]
        weights[j] = 0.0
        if not constant:
            weights[j] = (sums[_HEAD + 2 + j] - sums[_HEAD] * h / rows) / spread
        bias[j] = layout.means[layer, j] + h / rows - weights[j] * centre
