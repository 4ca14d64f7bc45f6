"""Islands of the direct search: an archive, and a run of offspring on it.

Offspring of random members are tuned on the island's own rows, and go to the cells that their sizes
name, under every form of their readout. So lineages live at every length, and each length has its
own competition.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.archive import (
    is_worth_trying,
    member,
    offer,
    pick_member,
    worst_of_cell,
    worst_of_sizes,
)
from srnet_cli.cgp.kernels.direct.count import count_nodes, count_numbers
from srnet_cli.cgp.kernels.direct.entries import Counter, new_counter
from srnet_cli.cgp.kernels.direct.graft import Features, graft, grow_features, new_features
from srnet_cli.cgp.kernels.direct.judging import error_under, is_allowed, is_steady, keeps_range
from srnet_cli.cgp.kernels.direct.mutation import SHAKE, change, pick_change
from srnet_cli.cgp.kernels.direct.numbers import BARE, ROUND
from srnet_cli.cgp.kernels.direct.rounding import round_tree, strip_tree
from srnet_cli.cgp.kernels.direct.tree import (
    FORMS,
    MAX_TREE,
    SCALED,
    SHIFTED,
    Tree,
    append_random,
    copy_tree,
    has_readable_weights,
    new_tree,
    tidy,
)
from srnet_cli.cgp.kernels.direct.tuning import TuningRoom, new_tuning_room, tune_tree
from srnet_cli.cgp.kernels.draws import below, uniform
from srnet_cli.cgp.kernels.jit import kernel

_FAR = 4.0
"""Trees with so many times the error of those they compete with are not tuned to the end."""

_GRAFT_CHANCE = 0.15
_SECOND_CHANGE_CHANCE = 0.3


class Room(NamedTuple):
    """What one thread works in.

    Attributes:
        parent, donor, child, spare: trees.
        counts: printed nodes of the child under every form of its readout, (FORMS,).
        counter: what these are counted in.
        tuning: what trees are tuned in.
        features: what may be grafted.
        scratch, check_scratch: offsets of the thread's scratch among the rows, and among the
            sample of the domain.
    """

    parent: Tree
    donor: Tree
    child: Tree
    spare: Tree
    counts: NDArray[np.int64]
    counter: Counter
    tuning: TuningRoom
    features: Features
    scratch: int
    check_scratch: int


@kernel(allocates=False)
def _copy_given(given, cell, tree):
    """Copy the first member of a cell; apart, as a view must not reach what counts references."""
    copy_tree(member(given, cell, 0), tree)


@kernel(inline=True, allocates=False)
def _try(archive, room, rows, checks, rules, stream, may_repeat):
    """Tidy, tune and judge the child, and give it places; returns whether it was tuned.

    Args:
        archive: where it competes.
        room: holds the child.
        rows, checks, rules: as for ``run_island``.
        stream: random numbers.
        may_repeat: whether it is tried even if it has been met before.
    """
    child, counter, tuning, scratch = room.child, room.counter, room.tuning, room.scratch
    cells = archive.errors.shape[0]
    if rules.numbers == BARE:
        strip_tree(child)
    if not tidy(child, tuning.starts, tuning.readers):
        return False
    count_nodes(child, rules.units, counter, room.counts)
    if room.counts[0] >= cells and room.counts[SHIFTED] >= cells:
        return False
    if not may_repeat and not is_worth_trying(archive, child, stream):
        return False
    if not is_allowed(child, rows, rules, tuning):
        return False
    wanted = _FAR * worst_of_sizes(archive, room.counts)
    steps = 0 if rules.numbers == BARE else rules.steps
    moments = tune_tree(child, rows, tuning, scratch, steps, wanted)
    if rules.numbers == ROUND and moments.square > 0.0:
        moments = round_tree(child, rows, tuning, scratch)
        # Round numbers may make others in print, as x + 0.6·x does, which prints 1.6.
        if moments.square > 0.0 and count_numbers(child, rules.units, counter, 1.0, 0.0)[1] > 0:
            return True
    if moments.square < 0.0 or not has_readable_weights(child):
        return True
    count_nodes(child, rules.units, counter, room.counts)
    is_sound = False
    for form in range(FORMS):
        cell = room.counts[form]
        if cell >= cells or (rules.scaled and not form & SCALED):
            continue
        error = error_under(form, moments, rows, rules)
        if not error < worst_of_cell(archive, cell) or not error < 1.0:
            continue
        if not is_sound and not (
            is_steady(child, moments, rows, tuning, scratch)
            and keeps_range(child, rows, checks, tuning, scratch, room.check_scratch)
        ):
            return True
        is_sound = True
        offer(archive, cell, error, child, form)
    return True


@kernel(inline=True, allocates=False)
def _make_child(archive, room, rows, rules, stream):
    """Make an offspring of random members; returns whether its weights alone are others."""
    starts, alphabet = room.tuning.starts, rules.alphabet
    pick_member(archive, stream, room.donor)
    if uniform(stream) < _GRAFT_CHANCE and rules.can_graft:
        graft(
            tree=room.parent,
            child=room.child,
            spare=room.spare,
            features=room.features,
            rows=rows,
            room=room.tuning,
            scratch=room.scratch,
            stream=stream,
        )
        return False
    kind = pick_change(stream)
    change(
        kind=kind,
        tree=room.parent,
        child=room.child,
        donor=room.donor,
        starts=starts,
        alphabet=alphabet,
        stream=stream,
    )
    if uniform(stream) < _SECOND_CHANGE_CHANCE and 0 < room.child.head[0] <= MAX_TREE:
        copy_tree(room.child, room.spare)
        change(
            kind=pick_change(stream),
            tree=room.spare,
            child=room.child,
            donor=room.donor,
            starts=starts,
            alphabet=alphabet,
            stream=stream,
        )
    return kind == SHAKE


@kernel(nogil=True)
def run_island(archive, given, rows, checks, rules, stream, thread, seeds, offspring):
    """Offer given trees to an island, then so many random trees, and make so many offspring.

    Args:
        archive: changed in place.
        given: trees to begin with, in the first places of its cells.
        rows, checks: the island's rows, and a dense sample of the domain.
        rules: see ``judging.Rules``.
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
        counts=np.zeros(FORMS, dtype=np.int64),
        counter=new_counter(),
        tuning=new_tuning_room(),
        features=new_features(),
        scratch=rows.scratch + thread * rows.stride,
        check_scratch=checks.scratch + thread * checks.stride,
    )
    grow_features(
        features=room.features,
        alphabet=rules.alphabet,
        rows=rows,
        room=room.tuning,
        tree=room.spare,
        scratch=room.scratch,
        stream=stream,
    )
    ready = given.heads.shape[0]
    tuned = 0
    for attempt in range(ready + seeds + offspring):
        may_repeat = attempt < ready
        if may_repeat:
            _copy_given(given, attempt, room.child)
        elif attempt < ready + seeds:
            room.child.head[0] = 0
            room.child.head[1] = SCALED | SHIFTED
            append_random(room.child, rules.alphabet, below(stream, 5), stream)
        elif pick_member(archive, stream, room.parent):
            may_repeat = _make_child(archive, room, rows, rules, stream)
        else:
            continue
        tuned += _try(archive, room, rows, checks, rules, stream, may_repeat)
    return tuned
