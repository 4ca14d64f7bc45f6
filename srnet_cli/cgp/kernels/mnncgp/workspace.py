"""The arrays that a search works on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.genes import Grid
from srnet_cli.cgp.kernels.limits import Limits
from srnet_cli.cgp.kernels.mnncgp.layout import Layout
from srnet_cli.cgp.kernels.mnncgp.sums import sums_length
from srnet_cli.cgp.kernels.mnncgp.tickets import new_board

MEMORY_SLOTS = 1 << 20

Array = NDArray[np.float64]


class Rules(NamedTuple):
    """What makes and judges individuals, the same for a whole search.

    Attributes:
        shape: of the chromosomes; its ``inputs`` is replaced by each layer's own.
        opcodes: the function set, (functions,) int64.
        limits: what an expression may look like; the loss of what breaks them is infinite.
        key: uint64 that all random numbers are made from.
        mutation: see ``genotype.mutation_threshold``.
        neutral: whether a composite of equal fitness replaces the parent.
        prune: whether hopeless chromosomes are dropped; does not change results.
    """

    shape: Grid
    opcodes: NDArray[np.int64]
    limits: Limits
    key: np.uint64
    mutation: np.uint64
    neutral: bool
    prune: bool


class Stretch(NamedTuple):
    """Generations to run at once.

    Attributes:
        begin: number of the first; generation 0 makes the first individuals.
        generations: how many.
        stop_fitness: the search ends at a fitness of at most this.
    """

    begin: int
    generations: int
    stop_fitness: float


class Parent(NamedTuple):
    """The state of the strategy: with the generation's number it is all a search needs to go on.

    With L layers, G genes in the longest chromosome, c constants and M the greatest width:

    Attributes:
        genes: (L, G) int32; a chromosome of fewer genes leaves the rest unused.
        constants: (L, c).
        weights, bias: readouts, (L, M).
        losses: mean squared error of each layer of the composition, (L,).
        fitness: (1,), infinite before the first generation.
    """

    genes: NDArray[np.int32]
    constants: Array
    weights: Array
    bias: Array
    losses: Array
    fitness: Array


class Workspace(NamedTuple):
    """Buffers of a search that hold nothing between generations but remembered losses.

    With P individuals, L layers, N nodes per chromosome, T threads, and M the greatest width.
    """

    ops: NDArray[np.int32]  # (P, L, N)
    args: NDArray[np.int32]  # (P, L, N, 2)
    counts: NDArray[np.int64]  # (P, L) instructions, -1 of what breaks a limit
    outputs: NDArray[np.int64]  # (P, L)
    hashes: NDArray[np.uint64]  # (P, L, 2)
    place: NDArray[np.int64]  # (T, N)
    slots: NDArray[np.int64]  # (T, leaves)
    sums: Array  # (P, sums_length) of every chromosome, over directions
    queue: NDArray[np.int64]  # (P,) one individual of every phenotype
    queued: NDArray[np.int64]  # (1,) length of the queue
    board: NDArray[np.int64]  # tickets for the work of a phase, see ``tickets``
    task: NDArray[np.int64]  # (4,) the phase that tickets are for: see ``generation``
    order: NDArray[np.int64]  # (P,) those that may still win, the most promising first
    progress: NDArray[np.int64]  # (P,) steps already in the sums
    bounds: Array  # (P,) least squared error a chromosome can have
    errors: Array  # (P,) squared error, infinite for one that was dropped
    best: Array  # (T, 8) least error each thread has seen, a cache line apart
    first: NDArray[np.int64]  # hash table of the generation's phenotypes
    chain: NDArray[np.uint64]  # (2,) hash of the composite so far
    composed: NDArray[np.uint64]  # (L, 2) the composite that is written in memory
    known: NDArray[np.uint64]  # (slots, 4) phenotypes behind a composite: hash, bound and error
    block_error: Array  # (blocks,)
    winner_sums: Array  # (3 + M,) of a winner on the fit rows, over units
    winners: NDArray[np.int64]  # (L,)
    new_weights: Array  # (L, M)
    new_bias: Array  # (L, M)
    new_losses: Array  # (L,)


def allocate(
    layout: Layout, population: int, nodes: int, constants: int, threads: int
) -> Workspace:
    """Allocate the buffers of a search."""
    layers, blocks = layout.lengths.shape
    widest = int(layout.widths[1:].max())
    table = 1 << (2 * population).bit_length()
    leaves = int(layout.widths[:-1].max()) + constants
    return Workspace(
        ops=np.empty((population, layers, nodes), dtype=np.int32),
        args=np.empty((population, layers, nodes, 2), dtype=np.int32),
        counts=np.empty((population, layers), dtype=np.int64),
        outputs=np.empty((population, layers), dtype=np.int64),
        hashes=np.empty((population, layers, 2), dtype=np.uint64),
        place=np.empty((threads, nodes), dtype=np.int64),
        slots=np.zeros((threads, leaves), dtype=np.int64),
        sums=np.empty((population, sums_length(int(layout.directions.max())))),
        queue=np.empty(population, dtype=np.int64),
        queued=np.empty(1, dtype=np.int64),
        board=new_board(),
        task=np.zeros(4, dtype=np.int64),
        order=np.empty(population, dtype=np.int64),
        progress=np.empty(population, dtype=np.int64),
        bounds=np.empty(population),
        errors=np.empty(population),
        best=np.empty((threads, 8)),
        first=np.empty(table, dtype=np.int64),
        chain=np.empty(2, dtype=np.uint64),
        composed=np.zeros((layers, 2), dtype=np.uint64),
        known=np.zeros((MEMORY_SLOTS, 4), dtype=np.uint64),
        block_error=np.empty(blocks),
        winner_sums=np.empty(3 + widest),
        winners=np.empty(layers, dtype=np.int64),
        new_weights=np.zeros((layers, widest)),
        new_bias=np.zeros((layers, widest)),
        new_losses=np.zeros(layers),
    )
