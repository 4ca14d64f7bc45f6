"""What a tree is worth: on an island as its numbers allow, and on all rows of an output."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.columns import centre
from srnet_cli.cgp.kernels.direct.count import count_nodes
from srnet_cli.cgp.kernels.direct.entries import new_counter
from srnet_cli.cgp.kernels.direct.moments import (
    CENTRED,
    NO_MOMENTS,
    unexplained,
    unexplained_with,
)
from srnet_cli.cgp.kernels.direct.numbers import BARE, ROUND
from srnet_cli.cgp.kernels.direct.rounding import rounded_readout
from srnet_cli.cgp.kernels.direct.tree import (
    FORMS,
    SCALED,
    SHIFTED,
    Alphabet,
    has_readable_weights,
    tidy,
)
from srnet_cli.cgp.kernels.direct.tuning import (
    new_tuning_room,
    prepare,
    run,
    tune_tree,
    value_range,
)
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.limits import Limits, breaks_limits

_RANGE = 3.0
"""How far beyond their range on the rows a tree's values may go on the domain, in spans of it."""

_CHANGE = 1e-6
_AMPLIFIED = 300.0
"""A change of the weights by a share of ``_CHANGE`` may change the values by so many times it."""


class Rules(NamedTuple):
    """What trees may look like, and what is spent on each.

    Attributes:
        alphabet: what they are made of.
        units: what every input is multiplied by before trees read it, (d,).
        limits: on depth, uses and nesting.
        longest: functions that a tree may have.
        scaled: whether the target has a scale of its own, so that a weight of 1 is printed.
        steps: evaluations spent on tuning.
        can_graft: whether sums and products are among the functions.
        numbers: which numbers they may have, see ``numbers``.
    """

    alphabet: Alphabet
    units: NDArray[np.float64]
    limits: Limits
    longest: int
    scaled: bool
    steps: int
    can_graft: bool
    numbers: int


@kernel(allocates=False)
def is_allowed(tree, rows, rules, room):
    """Whether a tidy tree keeps the limits."""
    count, _ = prepare(tree, rows, room)
    if count > rules.longest:
        return False
    leaves = rows.slots.shape[0]
    return not breaks_limits(
        rules.limits, room.program.ops, room.program.args, count, leaves, room.depends
    )


@kernel(inline=True, allocates=False)
def keeps_range(tree, rows, checks, room, scratch, check_scratch):
    """Whether a tree is finite on a dense sample of the domain, and not far beyond its range."""
    low, high = value_range(tree, rows, room, scratch)
    bottom, top = value_range(tree, checks, room, check_scratch)
    reach = _RANGE * (high - low) + 1e-300
    return low - reach <= bottom and top <= high + reach


@kernel(inline=True, allocates=False)
def is_steady(tree, moments, rows, room, scratch):
    """Whether the values of a tree survive a small change of its weights, as of their last digits.

    Differences of large and nearly equal parts do not: what they say is in digits nobody prints.
    """
    count, output = prepare(tree, rows, room)
    kept = scratch + CENTRED * rows.n
    values = run(rows, room, count, output, scratch)
    centre(rows.memory, values, kept, moments.mean, rows.n)
    for i in range(count):
        for side in range(2):
            if room.program.free[i, side]:
                room.program.weights[i, side] *= 1.0 + (_CHANGE if (i + side) % 2 else -_CHANGE)
    values = run(rows, room, count, output, scratch)
    f = rows.memory[values : values + rows.n]
    total = 0.0
    before = rows.memory[kept : kept + rows.n]
    for i in range(rows.n):
        change = f[i] - moments.mean - before[i]
        total += change * change
    return total < (_CHANGE * _AMPLIFIED) ** 2 * moments.square


@kernel(allocates=False)
def error_under(form, moments, rows, rules):
    """What a tree leaves under a form of its readout."""
    if rules.numbers == ROUND:
        w, b = rounded_readout(moments, form, rows.mean, rows.n)
        return unexplained_with(moments, w, b, rows.mean, rows.total, rows.n)
    if rules.numbers == BARE:
        if form & SHIFTED:
            return np.inf
        w = -1.0 if form & SCALED else 1.0
        return unexplained_with(moments, w, 0.0, rows.mean, rows.total, rows.n)
    return unexplained(moments, form, rows.mean, rows.total, rows.n)


@kernel(nogil=True)
def judge_tree(tree, rows, checks, rules, thread, steps, counts, errors):
    """Tune a tree on all rows, and write its nodes and errors under every form of its readout.

    Args:
        tree: tuned in place.
        rows, checks: all rows, and a dense sample of the domain.
        rules: see ``Rules``.
        thread: whose scratch to use.
        steps: evaluations to spend on tuning.
        counts: receives the nodes, (FORMS,).
        errors: receives 1 − R², (FORMS,); infinite where the tree is of no use.

    Returns:
        The moments, from which readouts follow; ``NO_MOMENTS`` if the tree is of no use.
    """
    tuning = new_tuning_room()
    scratch = rows.scratch + thread * rows.stride
    check_scratch = checks.scratch + thread * checks.stride
    for form in range(FORMS):
        errors[form] = np.inf
    if not tidy(tree, tuning.starts, tuning.readers):
        return NO_MOMENTS
    moments = tune_tree(tree, rows, tuning, scratch, steps, np.inf)
    count_nodes(tree, rules.units, new_counter(), counts)
    is_sound = (
        moments.square > 0.0
        and has_readable_weights(tree)
        and is_steady(tree, moments, rows, tuning, scratch)
        and keeps_range(tree, rows, checks, tuning, scratch, check_scratch)
    )
    if is_sound:
        for form in range(FORMS):
            if not rules.scaled or form & SCALED:
                errors[form] = unexplained(moments, form, rows.mean, rows.total, rows.n)
    return moments
