"""Genes: bounds, random values, mutation, and decoding to the active program.

A chromosome is an int32 vector: for every node, column after column, its function gene and
``MAX_ARITY`` connection genes, then one output gene. A connection gene names an input, a constant
or a node of an earlier column within ``levels_back`` columns; the output gene may name any slot.

Random numbers come from a counter: the gene's value is a hash of (key, generation, individual,
layer, gene). So an offspring need not be written down to be evaluated: only the genes that turn
out to be active are ever computed, and the winner's chromosome can be rebuilt afterwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from srnet_cli.cgp.kernels.jit import float_bits, kernel
from srnet_cli.cgp.primitives import MAX_ARITY, PRIMITIVES

NODE_GENES = MAX_ARITY + 1

_ARITIES = np.array([row.arity for row in PRIMITIVES], dtype=np.int64)
_COMMUTATIVE = np.array([row.commutative for row in PRIMITIVES], dtype=np.bool_)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27 = np.uint64(27)
_S30 = np.uint64(30)
_S31 = np.uint64(31)
_S32 = np.uint64(32)
_LOW_32 = np.uint64(0xFFFFFFFF)


class Grid(NamedTuple):
    """The shape of one chromosome.

    Attributes:
        inputs: number of input columns d.
        constants: number of constants c.
        rows, columns: function nodes a column, and columns.
        levels_back: how many columns back a connection may reach; ``columns`` is unlimited.
    """

    inputs: int
    constants: int
    rows: int
    columns: int
    levels_back: int

    @property
    def nodes(self) -> int:
        """Number of function nodes."""
        return self.rows * self.columns

    @property
    def genes(self) -> int:
        """Length of the chromosome."""
        return self.nodes * NODE_GENES + 1


@kernel()
def mix(z):
    """The finaliser of splitmix64 (Steele, Lea & Flood, 2014): one well-mixed uint64 of another."""
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@kernel()
def chromosome_key(key, generation, individual, layer):
    """The counter base of one chromosome's genes, uint64."""
    z = mix(np.uint64(key) + _GOLDEN * np.uint64(generation + 1))
    z = mix(z + _GOLDEN * np.uint64(individual + 1))
    return mix(z + _GOLDEN * np.uint64(layer + 1))


@kernel()
def alternatives(grid, functions, gene):
    """How many values a gene may take."""
    node = gene // NODE_GENES
    leaves = grid.inputs + grid.constants
    if node == grid.rows * grid.columns:
        return leaves + node
    if gene % NODE_GENES == 0:
        return functions
    column = node // grid.rows
    return leaves + min(column, grid.levels_back) * grid.rows


@kernel()
def _slot_of_choice(grid, gene, choice):
    """The slot that the ``choice``-th value of a connection gene names."""
    leaves = grid.inputs + grid.constants
    node = gene // NODE_GENES
    if choice < leaves or node == grid.rows * grid.columns:
        return choice
    column = node // grid.rows
    return choice + (column - min(column, grid.levels_back)) * grid.rows


@kernel()
def _choice_of_slot(grid, gene, slot):
    """The inverse of ``_slot_of_choice``."""
    leaves = grid.inputs + grid.constants
    node = gene // NODE_GENES
    if slot < leaves or node == grid.rows * grid.columns:
        return slot
    column = node // grid.rows
    return slot - (column - min(column, grid.levels_back)) * grid.rows


@kernel()
def offspring_gene(grid, functions, parent, gene, key, mutation):
    """One gene of an offspring: the parent's, or with probability ``mutation`` another value.

    Args:
        grid: shape of the chromosome.
        functions: size of the function set.
        parent: the parent's genes, (genes,) int32.
        gene: which gene.
        key: the offspring's ``chromosome_key``.
        mutation: probability times 2**32, uint64; above 2**32 the gene is drawn afresh among all
            values, as in the first generation.
    """
    random = mix(key + _GOLDEN * np.uint64(gene + 1))
    count = alternatives(grid, functions, gene)
    low = random & _LOW_32
    is_function = gene % NODE_GENES == 0 and gene // NODE_GENES < grid.rows * grid.columns
    if mutation > _LOW_32 + np.uint64(1):
        choice = np.int64((low * np.uint64(count)) >> _S32)
        return choice if is_function else _slot_of_choice(grid, gene, choice)
    value = np.int64(parent[gene])
    if (random >> _S32) >= mutation or count == 1:
        return value
    choice = np.int64((low * np.uint64(count - 1)) >> _S32)
    current = value if is_function else _choice_of_slot(grid, gene, value)
    if choice >= current:
        choice += 1
    return choice if is_function else _slot_of_choice(grid, gene, choice)


FRESH = np.uint64(1 << 33)
"""The ``mutation`` that draws every gene afresh."""


@kernel()
def write_offspring(grid, functions, parent, key, mutation, child):
    """Write all genes of an offspring into ``child``, (genes,) int32."""
    for gene in range(child.shape[0]):
        child[gene] = offspring_gene(grid, functions, parent, gene, key, mutation)


@kernel()
def decode_offspring(grid, opcodes, parent, key, mutation, ops, args, place):
    """Decode the active program of an offspring without writing its chromosome.

    Args:
        grid: shape of the chromosome.
        opcodes: the function set, (functions,) int64.
        parent, key, mutation: see ``offspring_gene``.
        ops: receives the opcodes, at least (nodes,).
        args: receives the operand slots, at least (nodes, 2).
        place: scratch, (nodes,) int64.

    Returns:
        (count, output): number of instructions, and the slot that is the expression.
    """
    leaves = grid.inputs + grid.constants
    nodes = grid.rows * grid.columns
    functions = opcodes.shape[0]
    output = offspring_gene(grid, functions, parent, nodes * NODE_GENES, key, mutation)
    if output < leaves:
        return 0, output
    last = output - leaves
    for node in range(last):
        place[node] = 0
    place[last] = 1
    count = 0
    # Operands lie in earlier columns, so one walk from the output down meets every active node
    # after all of its users. Instructions are written backwards and turned around afterwards.
    for node in range(last, -1, -1):
        if place[node] == 0:
            continue
        gene = node * NODE_GENES
        opcode = opcodes[offspring_gene(grid, functions, parent, gene, key, mutation)]
        left = offspring_gene(grid, functions, parent, gene + 1, key, mutation)
        right = left
        if left >= leaves:
            place[left - leaves] = 1
        if _ARITIES[opcode] == 2:
            right = offspring_gene(grid, functions, parent, gene + 2, key, mutation)
            if right >= leaves:
                place[right - leaves] = 1
        ops[count] = opcode
        args[count, 0] = left
        args[count, 1] = right
        count += 1
        place[node] = count
    for i in range(count // 2):
        j = count - 1 - i
        ops[i], ops[j] = ops[j], ops[i]
        args[i, 0], args[j, 0] = args[j, 0], args[i, 0]
        args[i, 1], args[j, 1] = args[j, 1], args[i, 1]
    for i in range(count):
        for side in range(2):
            slot = args[i, side]
            if slot >= leaves:
                args[i, side] = leaves + count - place[slot - leaves]
        if _COMMUTATIVE[ops[i]] and args[i, 0] > args[i, 1]:
            args[i, 0], args[i, 1] = args[i, 1], args[i, 0]
    return count, leaves + count - 1


@kernel()
def phenotype_hash(seed, ops, args, count, output, constants, inputs):
    """A 64-bit hash of a program and of the constants that it reads."""
    h = mix(np.uint64(seed) + np.uint64(output) + _GOLDEN * np.uint64(count + 1))
    for i in range(count):
        word = (ops[i] * 65536 + args[i, 0]) * 65536 + args[i, 1]
        h = mix(h + _GOLDEN + np.uint64(word))
    for c in range(constants.shape[0]):
        used = output == inputs + c
        for i in range(count):
            used = used or args[i, 0] == inputs + c or args[i, 1] == inputs + c
        if used:
            h = mix(h + np.uint64(float_bits(constants[c])) + np.uint64(c))
    return h
