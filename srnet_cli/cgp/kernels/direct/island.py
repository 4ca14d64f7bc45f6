"""Islands of the direct search: archives of the best trees at every complexity.

An island is an archive in the manner of MAP-Elites (Mouret & Clune, 2015): a *cell* for every
number of printed nodes, with a few *places* for the best trees of that size. Offspring of random
members are tuned on the island's own rows, and go to the cells that their sizes name, under every
form of their readout. So lineages live at every length, and each length has its own competition.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.count import (
    Counter,
    count_nodes,
    count_numbers,
    new_counter,
)
from srnet_cli.cgp.kernels.direct.graft import graft, grow_features, new_features
from srnet_cli.cgp.kernels.direct.mutation import SHAKE, change, pick_change
from srnet_cli.cgp.kernels.direct.numbers import BARE, ROUND
from srnet_cli.cgp.kernels.direct.rounding import round_tree, rounded_readout, strip_tree
from srnet_cli.cgp.kernels.direct.tree import (
    MAX_TREE,
    Alphabet,
    Tree,
    append_random,
    copy_tree,
    has_readable_weights,
    new_tree,
    tidy,
)
from srnet_cli.cgp.kernels.direct.tuning import (
    centre,
    left_over,
    left_over_with,
    new_tuning_room,
    prepare,
    run,
    tune_tree,
    value_range,
)
from srnet_cli.cgp.kernels.draws import below, uniform
from srnet_cli.cgp.kernels.genes import mix
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.cgp.kernels.limits import Limits, breaks_limits

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SAME = 1e-7
_RANGE = 3.0
_TRIES = 8
_AGAIN = 0.25
_FAR = 4.0
_GRAFTED = 0.15
_TWICE = 0.3
_CHANGE = 1e-6
_AMPLIFIED = 300.0


class Archive(NamedTuple):
    """The members of an island; a place that is free has length 0.

    Attributes:
        codes, weights, free: of every tree, (cells, places, MAX_TREE).
        heads: length and form, (cells, places, 2) int64.
        errors: share of the variance that is left, inf at free places, (cells, places).
        seen: hashes of formulas met before, (power of two,) uint64.
    """

    codes: NDArray[np.int32]
    weights: NDArray[np.float64]
    free: NDArray[np.int8]
    heads: NDArray[np.int64]
    errors: NDArray[np.float64]
    seen: NDArray[np.uint64]


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


def new_archive(cells: int, places: int, memory: int) -> Archive:
    """An empty archive for trees of less than ``cells`` nodes."""
    return Archive(
        np.zeros((cells, places, MAX_TREE), dtype=np.int32),
        np.ones((cells, places, MAX_TREE)),
        np.zeros((cells, places, MAX_TREE), dtype=np.int8),
        np.zeros((cells, places, 2), dtype=np.int64),
        np.full((cells, places), np.inf),
        np.zeros(memory, dtype=np.uint64),
    )


class Room(NamedTuple):
    """What one thread works in.

    Attributes:
        parent, donor, child, spare: trees.
        counts: printed nodes of the child under every form of its readout, (4,).
        counter: what these are counted in.
        scratch, check_scratch: offsets of the thread's scratch among the rows, and among the
            sample of the domain.
    """

    parent: Tree
    donor: Tree
    child: Tree
    spare: Tree
    counts: NDArray[np.int64]
    counter: Counter
    scratch: int
    check_scratch: int


@kernel(allocates=False)
def member(archive, cell, place):
    """A member of an archive, as a view of it."""
    return Tree(
        archive.codes[cell, place],
        archive.weights[cell, place],
        archive.free[cell, place],
        archive.heads[cell, place],
    )


@kernel(allocates=False)
def _copy_given(given, cell, tree):
    """Copy the first member of a cell; apart, as a view must not reach what counts references."""
    copy_tree(member(given, cell, 0), tree)


@kernel(allocates=False)
def _structure(tree):
    """Hash of what is tuned: all but the values of free weights; and whether there are any.

    Without any, the form of the readout does not matter, as all forms are judged at once.
    """
    key = np.uint64(tree.head[0])
    is_tunable = False
    for i in range(tree.head[0]):
        key = mix(key + _GOLDEN * np.uint64(2 * tree.codes[i] + tree.free[i] + 1))
        is_tunable |= tree.free[i] == 1
    if is_tunable:
        key = mix(key + np.uint64(tree.head[1] + 1))
    return key, is_tunable


@kernel(allocates=False)
def _is_worth_trying(archive, tree, stream):
    """Whether a formula has not been met, as far as is remembered; it is from now on.

    One that has weights to tune is now and then tried again, from other weights.
    """
    key, is_tunable = _structure(tree)
    at = np.int64(key & np.uint64(archive.seen.shape[0] - 1))
    if archive.seen[at] == key:
        return is_tunable and uniform(stream) < _AGAIN
    archive.seen[at] = key
    return True


@kernel(allocates=False)
def _pick(archive, stream, tree):
    """Copy a random member, or the better of two of a random cell; False if there is none."""
    cells, places = archive.errors.shape
    for _ in range(64):
        cell = below(stream, cells)
        place = below(stream, places)
        other = below(stream, places)
        if archive.errors[cell, other] < archive.errors[cell, place]:
            place = other
        if archive.errors[cell, place] < np.inf:
            copy_tree(member(archive, cell, place), tree)
            return True
    for cell in range(cells):
        for place in range(places):
            if archive.errors[cell, place] < np.inf:
                copy_tree(member(archive, cell, place), tree)
                return True
    return False


@kernel(allocates=False)
def _offer(archive, cell, error, tree, form):
    """Give a tree a place in its cell if it deserves one; returns whether it is the cell's best."""
    places = archive.errors.shape[1]
    best, worst = np.inf, 0
    for place in range(places):
        now = archive.errors[cell, place]
        if abs(now - error) <= _SAME * error:
            worst = place
            best = -1.0
            break
        best = min(best, now)
        if now > archive.errors[cell, worst]:
            worst = place
    if best >= 0.0 and not error < archive.errors[cell, worst]:
        return False
    copy_tree(tree, member(archive, cell, worst))
    archive.heads[cell, worst, 1] = form
    archive.errors[cell, worst] = error
    return error < best


@kernel(allocates=False)
def _is_allowed(tree, rows, rules, room):
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
    kept = scratch + 3 * rows.n
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
def _best_of_sizes(archive, counts, cells):
    """The error above which tuning a tree is not worthwhile."""
    wanted = 0.0
    for form in range(4):
        if counts[form] < cells:
            for place in range(archive.errors.shape[1]):
                wanted = max(wanted, archive.errors[counts[form], place])
    return wanted


@kernel(allocates=False)
def _error_under(form, moments, rows, rules):
    """What a tree leaves under a form of its readout."""
    if rules.numbers == ROUND:
        w, b = rounded_readout(moments, form, rows.mean, rows.n)
        return left_over_with(moments, w, b, rows.mean, rows.total, rows.n)
    if rules.numbers == BARE:
        if form > 1:
            return np.inf
        w = 1.0 if form == 0 else -1.0
        return left_over_with(moments, w, 0.0, rows.mean, rows.total, rows.n)
    return left_over(moments, form, rows.mean, rows.total, rows.n)


@kernel(inline=True, allocates=False)
def _try(archive, rows, checks, rules, room, tuning, stream, is_known):
    """Tidy, tune and judge the child, and give it places; returns whether it was tuned."""
    child, counter, scratch = room.child, room.counter, room.scratch
    cells = archive.errors.shape[0]
    if rules.numbers == BARE:
        strip_tree(child)
    if not tidy(child, tuning.starts, tuning.readers):
        return False
    count_nodes(child, rules.units, counter, room.counts)
    if room.counts[0] >= cells and room.counts[2] >= cells:
        return False
    if not is_known and not _is_worth_trying(archive, child, stream):
        return False
    if not _is_allowed(child, rows, rules, tuning):
        return False
    wanted = _FAR * _best_of_sizes(archive, room.counts, cells)
    steps = 0 if rules.numbers == BARE else rules.steps
    moments = tune_tree(child, rows, tuning, scratch, steps, wanted)
    if rules.numbers == ROUND and moments.square > 0.0:
        moments = round_tree(child, rows, tuning, scratch)
        # Round numbers may make others in print, as x + 0.6·x does.
        if moments.square > 0.0 and count_numbers(child, rules.units, counter, 1.0, 0.0)[1] > 0:
            return True
    if moments.square < 0.0 or not has_readable_weights(child):
        return True
    count_nodes(child, rules.units, counter, room.counts)
    checked = False
    for form in range(4):
        cell = room.counts[form]
        if rules.scaled and form & 1 == 0:
            continue
        if cell >= cells:
            continue
        error = _error_under(form, moments, rows, rules)
        worst = 0.0
        for place in range(archive.errors.shape[1]):
            worst = max(worst, archive.errors[cell, place])
        if not error < worst or not error < 1.0:
            continue
        if not checked and not (
            is_steady(child, moments, rows, tuning, scratch)
            and keeps_range(child, rows, checks, tuning, scratch, room.check_scratch)
        ):
            return True
        checked = True
        _offer(archive, cell, error, child, form)
    return True


@kernel(inline=True, allocates=False)
def _make_child(archive, room, tuning, features, rows, rules, stream):
    """An offspring of random members; returns whether it has other weights alone."""
    _pick(archive, stream, room.donor)
    if uniform(stream) < _GRAFTED and rules.can_graft:
        graft(room.parent, room.child, room.spare, features, rows, tuning, room.scratch, stream)
        return False
    kind = pick_change(stream)
    change(kind, room.parent, room.child, room.donor, tuning.starts, rules.alphabet, stream)
    if uniform(stream) < _TWICE and 0 < room.child.head[0] <= MAX_TREE:
        copy_tree(room.child, room.spare)
        again = pick_change(stream)
        change(again, room.spare, room.child, room.donor, tuning.starts, rules.alphabet, stream)
    return kind == SHAKE


@kernel(nogil=True)
def run_island(archive, given, rows, checks, rules, stream, thread, seeds, offspring):
    """Offer given trees to an island, then so many random trees, and make so many offspring.

    Args:
        archive: changed in place.
        given: trees to begin with, in the first places of its cells.
        rows, checks: the island's rows, and a dense sample of the domain.
        rules: see ``Rules``.
        stream: random numbers, (1,) uint64.
        thread: whose scratch to use.
        seeds, offspring: how many.

    Returns:
        How many trees were tuned.
    """
    room = Room(
        parent=new_tree(),
        donor=new_tree(),
        child=new_tree(),
        spare=new_tree(),
        counts=np.zeros(4, dtype=np.int64),
        counter=new_counter(),
        scratch=rows.scratch + thread * rows.stride,
        check_scratch=checks.scratch + thread * checks.stride,
    )
    tuning = new_tuning_room()
    features = new_features()
    grow_features(features, rules.alphabet, rows, tuning, room.spare, room.scratch, stream)
    ready = given.heads.shape[0]
    tried = 0
    for attempt in range(ready + seeds + offspring):
        is_known = attempt < ready
        if is_known:
            _copy_given(given, attempt, room.child)
        elif attempt < ready + seeds:
            room.child.head[0] = 0
            room.child.head[1] = 3
            append_random(room.child, rules.alphabet, below(stream, 5), stream)
        elif _pick(archive, stream, room.parent):
            is_known = _make_child(archive, room, tuning, features, rows, rules, stream)
        else:
            continue
        tried += _try(archive, rows, checks, rules, room, tuning, stream, is_known)
    return tried


@kernel(nogil=True)
def judge_tree(tree, rows, checks, rules, thread, steps, counts, errors):
    """Tune a tree on all rows, and write its nodes and errors under every form of its readout.

    Args:
        tree: tuned in place.
        rows, checks: all rows, and a dense sample of the domain.
        rules: see ``Rules``.
        thread: whose scratch to use.
        steps: evaluations to spend on tuning.
        counts: receives the nodes, (4,).
        errors: receives 1 − R², (4,); infinite where the tree is of no use.

    Returns:
        The mean, square and cross moment, from which readouts follow.
    """
    tuning = new_tuning_room()
    scratch = rows.scratch + thread * rows.stride
    for form in range(4):
        errors[form] = np.inf
    if not tidy(tree, tuning.starts, tuning.readers):
        return 0.0, -1.0, 0.0
    moments = tune_tree(tree, rows, tuning, scratch, steps, np.inf)
    count_nodes(tree, rules.units, new_counter(), counts)
    usable = (
        moments.square > 0.0
        and has_readable_weights(tree)
        and is_steady(tree, moments, rows, tuning, scratch)
        and keeps_range(
            tree, rows, checks, tuning, scratch, checks.scratch + thread * checks.stride
        )
    )
    if usable:
        for form in range(4):
            if rules.scaled and form & 1 == 0:
                continue
            errors[form] = left_over(moments, form, rows.mean, rows.total, rows.n)
    return moments.mean, moments.square, moments.cross
