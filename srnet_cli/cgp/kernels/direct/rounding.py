"""Trees all of whose numbers are round, or that have none, see ``numbers``."""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.direct.moments import NO_MOMENTS, fit_readout
from srnet_cli.cgp.kernels.direct.numbers import nearest_round
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, MAX_TREE, SHIFTED, tidy
from srnet_cli.cgp.kernels.direct.tuning import tune_tree
from srnet_cli.cgp.kernels.jit import kernel

_MOST = 5
"""Trees with more free weights are not rounded: nobody reads them as a law."""

_STEPS = 3
"""Evaluations spent on tuning the other weights whenever one has been rounded."""


@kernel(allocates=False)
def _nearest_to_round(tree):
    """The free weight that rounding changes least, by ratio; −1 where none is free."""
    nearest, least = -1, np.inf
    for i in range(tree.head[0]):
        if tree.free[i]:
            change = abs(np.log(tree.weights[i] / nearest_round(tree.weights[i])))
            if change < least:
                nearest, least = i, change
    return nearest


@kernel(inline=True, allocates=False)
def round_tree(tree, rows, room, scratch):
    """Round all free weights in place, one after another, the others tuned in between.

    Args:
        tree: a tidy tree with tuned weights.
        rows: what it is tuned against.
        room: see ``tuning.new_tuning_room``.
        scratch: offset of this thread's scratch.

    Returns:
        The moments with the rounded weights; ``NO_MOMENTS`` if the tree is of no use.
    """
    free = 0
    for i in range(tree.head[0]):
        free += tree.free[i]
    if free > _MOST:
        return NO_MOMENTS
    for _ in range(free):
        at = _nearest_to_round(tree)
        if at < 0:
            return NO_MOMENTS
        tree.weights[at] = nearest_round(tree.weights[at])
        tree.free[at] = 0
        tune_tree(tree, rows, room, scratch, _STEPS, np.inf)
    for i in range(tree.head[0]):
        if tree.weights[i] != 1.0 or tree.codes[i] == CONSTANT:
            tree.free[i] = 1
    if not tidy(tree, room.starts, room.readers):
        return NO_MOMENTS
    return tune_tree(tree, rows, room, scratch, 0, np.inf)


@kernel(allocates=False)
def strip_tree(tree):
    """Take all weights away, and make constants 1 or −1; of one that is too large nothing."""
    if tree.head[0] > MAX_TREE:
        return
    for i in range(tree.head[0]):
        if tree.codes[i] == CONSTANT:
            tree.weights[i] = 1.0 if tree.weights[i] > 0.0 else -1.0
        else:
            tree.weights[i] = 1.0
            tree.free[i] = 0


@kernel(allocates=False)
def rounded_readout(moments, form, mean, n):
    """(w, b) under a form, both round; see ``tuning.fit_readout``."""
    w = nearest_round(fit_readout(moments, form, mean, n)[0])
    return w, (nearest_round(mean - w * moments.mean) if form & SHIFTED else 0.0)
