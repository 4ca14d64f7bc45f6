"""The loss of a chromosome, and a bound on it, from sums over rows.

With one expression f a layer, h = w·f + b, the least-squares readout has a closed form in
Σf, Σf² and Σf·h_j (method of SRNet, eq. h_l = w_l f_l + b_l), so a chromosome costs one pass over
the rows. The sums are taken of g = f − p with a pivot p among the values of f, and of centred
targets, so that little is lost to cancellation.

The same sums over only some of the rows bound the loss from below: least squares on a subset can
only be better than any readout on it. A chromosome whose bound exceeds the best loss known can be
dropped without changing the result of the search.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.mnncgp.layout import FIT, SELECT
from srnet_cli.cgp.kernels.mnncgp.sums import HEAD, PIVOT

# Below this share of Σg², or this many units in the last place of the pivot, the spread of f is
# rounding noise and f counts as constant.
_CONSTANT_SHARE = 1e-14
_CONSTANT_ULPS = 16 * np.finfo(np.float64).eps


@kernel(inline=True, allocates=False)
def _is_constant(spread, square, rows, pivot):
    noise = _CONSTANT_ULPS * pivot
    return spread <= _CONSTANT_SHARE * square or spread <= rows * noise * noise


@kernel(inline=True, allocates=False)
def partial_bound(layout, layer, block, sums):
    """Least squared error that any readout can have on the rows seen so far."""
    a = HEAD
    b = HEAD + 2 + layout.directions[layer]
    rows = layout.counts[layer, block, FIT] + layout.counts[layer, block, SELECT]
    total = sums[a] + sums[b]
    mean = total / rows
    spread = sums[a + 1] + sums[b + 1] - total * mean
    error = layout.spreads[layer, block]
    if spread > 0.0:
        explained = 0.0
        for j in range(layout.lead[layer]):
            h = layout.sums[layer, block, FIT, j] + layout.sums[layer, block, SELECT, j]
            product = sums[a + 2 + j] + sums[b + 2 + j] - mean * h
            explained += product * product
        error -= explained / spread + layout.limits[layer, block]
    return max(error, 0.0)


@kernel(inline=True, allocates=False)
def fitted_error(layout, layer, block, sums):
    """Squared error on the rows seen so far of the readout fitted on all fit rows."""
    directions = layout.directions[layer]
    a = HEAD
    b = HEAD + 2 + directions
    rows = layout.counts[layer, block, FIT]
    share = 1.0 / rows
    mean = sums[a] * share
    spread = sums[a + 1] - sums[a] * mean
    scale = 0.0
    if not _is_constant(spread, sums[a + 1], rows, sums[PIVOT]):
        scale = 1.0 / spread
    extra = layout.counts[layer, block, SELECT]
    error = layout.squares[layer, block, FIT] + layout.squares[layer, block, SELECT]
    for j in range(directions):
        h = layout.sums[layer, block, FIT, j]
        product = sums[a + 2 + j] - mean * h
        weight = product * scale
        error -= weight * product + h * h * share
        bias = h * share - weight * mean
        error += bias * (extra * bias - 2.0 * layout.sums[layer, block, SELECT, j])
        error += weight * (weight * sums[b + 1] + 2.0 * bias * sums[b] - 2.0 * sums[b + 2 + j])
    # A sum that overflowed on the selection rows is as bad as a value that is not finite.
    return max(error, 0.0) if error == error else np.inf


@kernel(allocates=False)
def fitted_readout(layout, layer, sums, weights, bias):
    """Write the readout of h = w·f + b fitted on the fit rows: weights and bias, (m,).

    Args:
        layout, layer: which layer.
        sums: the pivot, then Σg, Σg² and Σg·h_j over the fit rows for every unit.
        weights, bias: receive the readout.
    """
    last = layout.lengths.shape[1] - 1
    rows = layout.counts[layer, last, FIT]
    spread = sums[HEAD + 1] - sums[HEAD] * sums[HEAD] / rows
    constant = _is_constant(spread, sums[HEAD + 1], rows, sums[PIVOT])
    centre = sums[PIVOT] + sums[HEAD] / rows
    for j in range(layout.widths[layer + 1]):
        h = layout.target_sums[layer, j]
        weights[j] = 0.0
        if not constant:
            weights[j] = (sums[HEAD + 2 + j] - sums[HEAD] * h / rows) / spread
        bias[j] = layout.means[layer, j] + h / rows - weights[j] * centre
