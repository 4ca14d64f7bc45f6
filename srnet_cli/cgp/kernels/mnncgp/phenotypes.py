"""Phenotypes seen before: equal ones of a generation, and those remembered from earlier ones.

A chromosome's error depends on its phenotype and on what it reads. What layer l reads is made by
the winners of the layers before it, so a phenotype is remembered together with a hash of theirs
(the *chain*): in the first layer it holds for the whole search, later for as long as the same
winners come up, which good ones do.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.genes import mix
from srnet_cli.cgp.kernels.jit import bits_float, float_bits, kernel
from srnet_cli.cgp.kernels.mnncgp.workspace import MEMORY_SLOTS

# An entry of ``known``: half a cache line, because looking it up is waiting for memory.
LOW, HIGH, BOUND, ERROR = range(4)


@kernel(allocates=False)
def start_chain(work):
    """Begin a composite."""
    work.chain[0] = np.uint64(0)
    work.chain[1] = np.uint64(1)


@kernel(allocates=False)
def _chained(layer, individual, work):
    """The hash of a chromosome together with the winners before it, in two halves."""
    low = mix(work.chain[0] + work.hashes[individual, layer, 0])
    return low, mix(work.chain[1] + work.hashes[individual, layer, 1])


@kernel(allocates=False)
def extend_chain(layer, winner, work):
    """Append a layer's winner to the composite."""
    low, high = _chained(layer, winner, work)
    work.chain[0] = low
    work.chain[1] = high


@kernel(allocates=False)
def is_composed(layer, work):
    """Whether the composite so far is the one last written; if not, it is taken to be from now."""
    same = True
    for half in range(2):
        same &= work.composed[layer, half] == work.chain[half]
        work.composed[layer, half] = work.chain[half]
    return same


@kernel(allocates=False)
def distinct(layer, individuals, work):
    """Queue the first individual of every phenotype and reset what is known; returns how many.

    Those that break a limit are not queued, and so have an infinite error.
    """
    table = work.first
    mask = np.uint64(table.shape[0] - 1)
    for at in range(table.shape[0]):
        table[at] = -1
    queued = 0
    for i in range(individuals):
        work.errors[i] = np.inf
        work.bounds[i] = 0.0
        work.progress[i] = 0
        if work.counts[i, layer] < 0:
            continue
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
    return queued


@kernel(allocates=False)
def recall(layer, queued, work):
    """Take over what is remembered of the queue: errors and bounds; list the others.

    Returns:
        How many are listed in ``order``.
    """
    listed = 0
    for q in range(queued):
        i = work.queue[q]
        low, high = _chained(layer, i, work)
        at = low & np.uint64(MEMORY_SLOTS - 1)
        known = work.known[at]
        if known[LOW] == low and known[HIGH] == high:
            work.bounds[i] = bits_float(np.int64(known[BOUND]))
            work.errors[i] = bits_float(np.int64(known[ERROR]))
            work.best[0, 0] = min(work.best[0, 0], work.errors[i])
        else:
            work.order[listed] = i
            listed += 1
    return listed


@kernel(allocates=False)
def remember(layer, queued, work):
    """Remember what was found out about the queue."""
    for q in range(queued):
        i = work.queue[q]
        low, high = _chained(layer, i, work)
        at = low & np.uint64(MEMORY_SLOTS - 1)
        known = work.known[at]
        known[LOW] = low
        known[HIGH] = high
        known[BOUND] = np.uint64(float_bits(work.bounds[i]))
        known[ERROR] = np.uint64(float_bits(work.errors[i]))
