"""Lineages: independent (1+1) searches over weighted chromosomes, several in parallel.

A lineage starts from a given chromosome or from the best of some random ones. An offspring differs
from its parent in at least one active gene (Goldman & Punch, 2015) or in edge weights; the weights
of every offspring are tuned (``tuning``) before it is judged, and it replaces a parent that it
equals, so that inactive genes drift. Random numbers come from a counter of the lineage's own: the
result does not depend on the number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.draws import below, normal, uniform
from srnet_cli.cgp.kernels.genes import NODE_GENES
from srnet_cli.cgp.kernels.jit import JIT_DISABLED, kernel
from srnet_cli.cgp.kernels.limits import Limits, breaks_limits
from srnet_cli.cgp.kernels.seeding import Origin, random_gene, seed_chromosome
from srnet_cli.cgp.kernels.tuning import Rows, new_workspace, tune
from srnet_cli.cgp.kernels.weighted import decode_weighted, is_active

_PERTURBED = 0.15
_PARSIMONY = 0.01
_TRIES = 1000


class Budget(NamedTuple):
    """How much is spent on every lineage.

    Attributes:
        seeds: random chromosomes tried first, (l,) int64.
        offspring: offspring made, (l,) int64.
        steps: evaluations spent on tuning an offspring; on what a lineage starts from, twice that.
        longest: instructions an expression may have.
        limits: what else an expression may look like.
    """

    seeds: NDArray[np.int64]
    offspring: NDArray[np.int64]
    steps: int
    longest: int
    limits: Limits


@kernel()
def _perturb(edges, place, stream):
    """Perturb about half of the active edges' weights; returns whether any edge was."""
    changed = False
    for node in range(place.shape[0]):
        if place[node] > 0 and uniform(stream) < 0.5:
            side = below(stream, 2)
            weight = edges[node, side] * np.exp(normal(stream)) + 0.1 * normal(stream)
            edges[node, side] = -weight if uniform(stream) < 0.2 else weight
            changed = True
    return changed


@kernel()
def _mutate(origin, parent, place, genes, edges, stream):
    """Change one or two active genes and the inactive ones hit before them, or perturb weights.

    Args:
        origin: see ``seeding``.
        parent, place: the parent's genes, and its nodes as ``decode_weighted`` left them.
        genes, edges: a copy of the parent, which becomes the offspring.
        stream: random numbers.
    """
    if uniform(stream) < _PERTURBED and _perturb(edges, place, stream):
        return
    changes = 1 + below(stream, 2)
    for _ in range(_TRIES):
        gene = below(stream, genes.shape[0])
        value = random_gene(origin.grid, origin.opcodes.shape[0], gene, stream)
        # A second change must not undo the first.
        if value == genes[gene] or value == parent[gene]:
            continue
        genes[gene] = value
        node = gene // NODE_GENES
        side = gene % NODE_GENES - 1
        if node < edges.shape[0] and side >= 0:
            edges[node, side] = 1.0 if uniform(stream) < 0.5 else normal(stream)
        if is_active(origin.opcodes, parent, place, gene):
            changes -= 1
            if changes == 0:
                return


@kernel()
def _copy(genes, edges, to_genes, to_edges):
    """Copy a chromosome. Loops, because assignments to slices take long to compile."""
    for gene in range(genes.shape[0]):
        to_genes[gene] = genes[gene]
    for node in range(edges.shape[0]):
        for side in range(2):
            to_edges[node, side] = edges[node, side]


@kernel()
def _judge(rows, origin, genes, edges, budget, steps, room):
    """Tune a chromosome's weights in place.

    Returns:
        (explained, score): what it explains, −1 if it is of no use; and what a lineage minimises,
        the squares that are left and a little for every instruction.
    """
    count, output = decode_weighted(
        origin.grid, origin.opcodes, genes, edges,
        room.ops, room.args, room.weights, room.nodes, room.place,
    )  # fmt: skip
    # What decoding has noted of the nodes is of no more use here.
    if count > budget.longest or breaks_limits(
        budget.limits, room.ops, room.args, count, rows.slots.shape[0], room.place
    ):
        return -1.0, np.inf
    explained = tune(rows, room, count, output, steps)
    for k in range(count):
        for side in range(2):
            edges[room.nodes[k], side] = room.weights[k, side]
    if explained < 0.0:
        return -1.0, np.inf
    unexplained = max(rows.total - explained, 1e-15 * rows.total)
    return explained, unexplained * (1.0 + _PARSIMONY * count)


@kernel()
def _run_lineage(rows, origin, genes, edges, stream, budget, lineage, room):
    """Run one lineage; ``genes`` and ``edges`` receive its best. Returns what that explains."""
    seeds = budget.seeds[lineage]
    child_genes = genes.copy()
    child_edges = edges.copy()
    best = -1.0
    score = np.inf
    # One loop for all, so that the compiler meets what judges them once.
    for attempt in range(1 + seeds + budget.offspring[lineage]):
        is_offspring = attempt > seeds
        if is_offspring:
            decode_weighted(
                origin.grid, origin.opcodes, genes, edges,
                room.ops, room.args, room.weights, room.nodes, room.place,
            )  # fmt: skip
            _copy(genes, edges, child_genes, child_edges)
            _mutate(origin, genes, room.place, child_genes, child_edges, stream)
        elif attempt > 0:
            seed_chromosome(origin, child_genes, child_edges, stream)
        spent = budget.steps if is_offspring else 2 * budget.steps
        explained, now = _judge(rows, origin, child_genes, child_edges, budget, spent, room)
        drifts = is_offspring and explained >= 0.0 and now == score
        if attempt == 0 or now < score or drifts:
            best, score = explained, now
            _copy(child_genes, child_edges, genes, edges)
    return best


@kernel(nogil=True)
def _run_share(rows, origin, genes, edges, streams, budget, thread, threads, result):
    """Run every ``threads``-th lineage, from number ``thread`` on."""
    room = new_workspace(rows, edges.shape[1], thread)
    for lineage in range(thread, genes.shape[0], threads):
        result[lineage] = _run_lineage(
            rows, origin, genes[lineage], edges[lineage], streams[lineage], budget, lineage, room
        )


def run_lineages(
    rows: Rows,
    origin: Origin,
    genes: NDArray[np.int32],
    edges: NDArray[np.float64],
    streams: NDArray[np.uint64],
    budget: Budget,
    threads: int,
) -> NDArray[np.float64]:
    """Run several lineages.

    Args:
        rows: what expressions are tuned against.
        origin: what random chromosomes are made from.
        genes, edges: start and then best of every lineage, (l, genes) int32 and (l, nodes, 2).
        streams: random numbers of every lineage, (l, 1) uint64.
        budget: how much to spend.
        threads: threads to use, at most those that ``rows`` has scratch for.

    Returns:
        What each lineage's best explains, −1 where it is of no use, (l,).
    """
    result = np.empty(len(genes))

    def run(thread: int) -> None:
        _run_share(rows, origin, genes, edges, streams, budget, thread, threads, result)

    # The first call compiles, and that only the main thread can be kept from going on with.
    if JIT_DISABLED or not _run_share.signatures:
        for thread in range(threads):
            run(thread)
        return result
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))
    return result
