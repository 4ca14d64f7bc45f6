"""Random chromosomes with weighted edges, made for what the units of a network are.

A unit sees a weighted sum of the units before it, and a random chromosome seldom holds one. So
most chromosomes made here are functions of such sums.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.draws import below, normal, uniform
from srnet_cli.cgp.kernels.functions import ARITIES
from srnet_cli.cgp.kernels.genes import NODE_GENES, Grid, alternatives
from srnet_cli.cgp.kernels.jit import kernel
from srnet_cli.primitives import BY_NAME

_DIV = BY_NAME["div"].opcode

MOST_SUMMANDS = 12
"""Inputs that a weighted sum has at most."""

_RANDOM_SUMMANDS = 8
_MOST_WRAPS = 4


class Origin(NamedTuple):
    """What random chromosomes are made from.

    Attributes:
        grid: their shape: a single row with unlimited levels-back, and the one constant 1.
        opcodes: the function set, (functions,) int64.
        add: the gene that means addition, −1 where the set has none.
        centre, spread: mean and positive standard deviation of every input, (d,).
        directions: weighted sums worth trying, weights and offset, of mean 0 and spread 1 on the
            rows, (k, d + 1); no more than ``MOST_SUMMANDS`` weights of one are not 0.
    """

    grid: Grid
    opcodes: NDArray[np.int64]
    add: int
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    directions: NDArray[np.float64]


@kernel()
def random_gene(grid, functions, gene, stream):
    """A random value of a gene, all values alike (unlimited levels-back)."""
    return below(stream, alternatives(grid, functions, gene))


@kernel()
def _random_chromosome(origin, genes, edges, stream):
    """Fill a chromosome with random genes and weights."""
    for gene in range(genes.shape[0]):
        genes[gene] = random_gene(origin.grid, origin.opcodes.shape[0], gene, stream)
    for node in range(edges.shape[0]):
        for side in range(2):
            edges[node, side] = normal(stream) if uniform(stream) < 0.5 else 1.0


@kernel()
def _function(opcodes, arity, stream):
    """A random function of the given arity, as a gene; −1 where the set has none."""
    start = below(stream, opcodes.shape[0])
    for k in range(opcodes.shape[0]):
        choice = (start + k) % opcodes.shape[0]
        if ARITIES[opcodes[choice]] == arity:
            return choice
    return -1


@kernel()
def _gene_of(opcodes, opcode):
    """The gene that means a primitive, −1 where the function set lacks it."""
    for k in range(opcodes.shape[0]):
        if opcodes[k] == opcode:
            return k
    return -1


@kernel()
def _place_node(genes, edges, node, function, left, right, w_left, w_right):
    """Write a node with its connections and their weights."""
    genes[node * NODE_GENES] = function
    genes[node * NODE_GENES + 1] = left
    genes[node * NODE_GENES + 2] = right
    edges[node, 0] = w_left
    edges[node, 1] = w_right


@kernel()
def _weighted_sum(origin, genes, edges, node, stream):
    """Write Σ w_i x_i + b, from ``node`` on, as many nodes as summands; returns the next free node.

    Half of the sums follow a given direction, if there is any. The others are over some or all
    inputs, at most ``_RANDOM_SUMMANDS``; their steepness is log-normal about a spread of one, and
    they are centred within that.
    """
    inputs = origin.grid.inputs
    known = origin.directions.shape[0]
    steepness = np.exp(1.2 * normal(stream))
    offset = steepness * normal(stream)
    summands = min(inputs, _RANDOM_SUMMANDS)
    if inputs > 1 and uniform(stream) < 0.5:
        summands = 1 + below(stream, summands)
    start = below(stream, inputs)
    size = steepness / np.sqrt(np.float64(summands))
    direction = -1
    if known > 0 and uniform(stream) < 0.5:
        direction = below(stream, known)
        summands = inputs
        offset += steepness * origin.directions[direction, inputs]
    previous = -1
    w_previous = 1.0
    for k in range(summands):
        slot = (start + k) % inputs
        if direction >= 0:
            weight = steepness * origin.directions[direction, slot]
            if weight == 0.0:
                continue
        else:
            weight = size * normal(stream) / origin.spread[slot]
            offset -= weight * origin.centre[slot]
        if previous < 0:
            previous = slot
            w_previous = weight
            continue
        _place_node(genes, edges, node, origin.add, previous, slot, w_previous, weight)
        previous = inputs + origin.grid.constants + node
        w_previous = 1.0
        node += 1
    _place_node(genes, edges, node, origin.add, previous, inputs, w_previous, offset)
    return node + 1


@kernel()
def _wrap(origin, genes, edges, node, stream):
    """Apply up to ``_MOST_WRAPS`` functions to the node before; returns the next free node.

    Every other one repeats the one before: repeated squares make the steep functions that
    saturated units are.
    """
    leaves = origin.grid.inputs + origin.grid.constants
    function = -1
    for _ in range(below(stream, _MOST_WRAPS + 1)):
        if function < 0 or uniform(stream) < 0.5:
            function = _function(origin.opcodes, 1, stream)
        if function < 0:
            return node
        before = leaves + node - 1
        _place_node(genes, edges, node, function, before, before, 1.0, 1.0)
        node += 1
    return node


@kernel()
def _bound(origin, genes, edges, node, weighted_sum, stream):
    """Divide by the value so far plus a constant: x / (u + b), x being 1, the sum or u itself.

    Quotients of this kind level off as activations do. Returns the next free node, two further.
    """
    leaves = origin.grid.inputs + origin.grid.constants
    constant = origin.grid.inputs
    value = leaves + node - 1
    divide = _gene_of(origin.opcodes, _DIV)
    if divide < 0:
        return node
    _place_node(genes, edges, node, origin.add, value, constant, 1.0, np.exp(normal(stream)))
    which = below(stream, 3)
    top = constant if which == 0 else (weighted_sum if which == 1 else value)
    _place_node(genes, edges, node + 1, divide, top, leaves + node, 1.0, 1.0)
    return node + 2


@kernel()
def seed_nodes(inputs):
    """The most nodes that ``seed_chromosome`` needs: two wrapped sums, joined and wrapped.

    The other kind, a wrapped sum, its quotient and that wrapped, needs fewer.
    """
    return 2 * (min(inputs, MOST_SUMMANDS) + _MOST_WRAPS) + 1 + _MOST_WRAPS


@kernel()
def seed_chromosome(origin, genes, edges, stream):
    """Write a random chromosome.

    One in four is any; the others are a function of one weighted sum of inputs, the quotient of
    the sum or one by such a function and a constant, or a random function of two such functions.
    Without addition, or with too few nodes for that, all are any.

    Args:
        origin: what it is made from.
        genes, edges: receive the chromosome, (genes,) int32 and (nodes, 2).
        stream: random numbers, see ``draws``.
    """
    grid = origin.grid
    _random_chromosome(origin, genes, edges, stream)
    nodes = grid.rows * grid.columns
    kind = below(stream, 4)
    if origin.add < 0 or kind == 0 or seed_nodes(grid.inputs) > nodes:
        return
    leaves = grid.inputs + grid.constants
    node = _weighted_sum(origin, genes, edges, 0, stream)
    weighted_sum = leaves + node - 1
    node = _wrap(origin, genes, edges, node, stream)
    if kind == 2:
        node = _bound(origin, genes, edges, node, weighted_sum, stream)
        node = _wrap(origin, genes, edges, node, stream)
    if kind == 3:
        first = leaves + node - 1
        node = _weighted_sum(origin, genes, edges, node, stream)
        node = _wrap(origin, genes, edges, node, stream)
        join = _function(origin.opcodes, 2, stream)
        _place_node(genes, edges, node, join, first, leaves + node - 1, 1.0, 1.0)
        node = _wrap(origin, genes, edges, node + 1, stream)
    genes[nodes * NODE_GENES] = leaves + node - 1
