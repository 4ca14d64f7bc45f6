"""Archives: the best trees at every complexity.

An archive is one in the manner of MAP-Elites (Mouret & Clune, 2015): a *cell* for every number of
printed nodes, with a few *places* for the best trees of that size. It remembers which formulas have
been met.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.tree import FORMS, MAX_TREE, Tree, copy_tree
from srnet_cli.cgp.kernels.draws import below, uniform
from srnet_cli.cgp.kernels.genes import mix
from srnet_cli.cgp.kernels.jit import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

_SAME = 1e-7
"""Errors that differ by a smaller share are of formulas that say the same."""

_DRAWS = 64
"""Empty places that a random draw may come upon before the first member is taken."""

_RETRY_CHANCE = 0.25


class Archive(NamedTuple):
    """Trees in cells of places; in a place that is free the length is 0.

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
def is_worth_trying(archive, tree, stream):
    """Whether a formula is new, as far as is remembered; from now on it is not.

    One that has weights to tune is now and then tried again, from other weights.
    """
    key, is_tunable = _structure(tree)
    at = np.int64(key & np.uint64(archive.seen.shape[0] - 1))
    if archive.seen[at] == key:
        return is_tunable and uniform(stream) < _RETRY_CHANCE
    archive.seen[at] = key
    return True


@kernel(allocates=False)
def pick_member(archive, stream, tree):
    """Copy a random member, or the better of two of a random cell; False if there is none."""
    cells, places = archive.errors.shape
    for _ in range(_DRAWS):
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
def offer(archive, cell, error, tree, form):
    """Give a tree the place of who says the same, or else of the worst if that is worse."""
    chosen, is_same = 0, False
    for place in range(archive.errors.shape[1]):
        now = archive.errors[cell, place]
        if abs(now - error) <= _SAME * error:
            chosen, is_same = place, True
            break
        if now > archive.errors[cell, chosen]:
            chosen = place
    if is_same or error < archive.errors[cell, chosen]:
        copy_tree(tree, member(archive, cell, chosen))
        archive.heads[cell, chosen, 1] = form
        archive.errors[cell, chosen] = error


@kernel(allocates=False)
def worst_of_cell(archive, cell):
    """The greatest error in a cell; infinite while one of its places is free."""
    worst = 0.0
    for place in range(archive.errors.shape[1]):
        worst = max(worst, archive.errors[cell, place])
    return worst


@kernel(allocates=False)
def worst_of_sizes(archive, counts):
    """The greatest error in the cells that a tree would have under the forms of its readout."""
    worst = 0.0
    for form in range(FORMS):
        if counts[form] < archive.errors.shape[0]:
            worst = max(worst, worst_of_cell(archive, counts[form]))
    return worst
