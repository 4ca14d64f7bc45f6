"""Chromosomes with a weight on every edge: decoding, and which genes are active."""

from __future__ import annotations

from srnet_cli.cgp.kernels.functions import ARITIES
from srnet_cli.cgp.kernels.genes import NODE_GENES
from srnet_cli.cgp.kernels.jit import kernel


@kernel()
def _mark_active(grid, opcodes, genes, last, active):
    """Set ``active`` to 1 at the node ``last`` and all it is computed from, and else to 0."""
    leaves = grid.inputs + grid.constants
    for node in range(grid.rows * grid.columns):
        active[node] = 0
    active[last] = 1
    for node in range(last, -1, -1):
        if active[node] == 0:
            continue
        gene = node * NODE_GENES
        for side in range(ARITIES[opcodes[genes[gene]]]):
            slot = genes[gene + 1 + side]
            if slot >= leaves:
                active[slot - leaves] = 1


@kernel()
def decode_weighted(grid, opcodes, genes, edges, ops, args, weights, nodes, place):
    """Decode a chromosome and the weights of its active edges.

    The second operand of an instruction of one operand repeats the first.

    Args:
        grid, opcodes, genes: shape, function set (functions,) int64, and genes (genes,) int32.
        edges: weights of all edges, (nodes, 2).
        ops, args, weights: receive the program, (nodes,), (nodes, 2) and (nodes, 2).
        nodes: receives the node of every instruction, (nodes,) int64.
        place: receives for every node its instruction's number, from 1, or 0, (nodes,) int64.

    Returns:
        (count, output): number of instructions, and the slot that is the expression.
    """
    leaves = grid.inputs + grid.constants
    total = grid.rows * grid.columns
    output = int(genes[total * NODE_GENES])
    if output < leaves:
        for node in range(total):
            place[node] = 0
        return 0, output
    _mark_active(grid, opcodes, genes, output - leaves, place)
    count = 0
    for node in range(output - leaves + 1):
        if place[node] == 0:
            continue
        gene = node * NODE_GENES
        ops[count] = opcodes[genes[gene]]
        nodes[count] = node
        for side in range(2):
            slot = int(genes[gene + 1 + side])
            if side >= ARITIES[ops[count]]:
                slot = args[count, 0]
            elif slot >= leaves:
                slot = leaves + place[slot - leaves] - 1
            args[count, side] = slot
            weights[count, side] = edges[node, side]
        count += 1
        place[node] = count
    return count, leaves + count - 1


@kernel()
def is_active(opcodes, genes, place, gene):
    """Whether a gene can change the phenotype.

    Args:
        opcodes, genes: function set and genes.
        place: as ``decode_weighted`` left it.
        gene: which gene.
    """
    node = gene // NODE_GENES
    if node == place.shape[0]:
        return True
    if place[node] == 0:
        return False
    return gene % NODE_GENES <= ARITIES[opcodes[genes[node * NODE_GENES]]]
