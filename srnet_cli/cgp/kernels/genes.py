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

from srnet_cli.cgp.kernels.functions import ARITIES, COMMUTATIVE
from srnet_cli.cgp.kernels.jit import float_bits, kernel
from srnet_cli.primitives import MAX_ARITY

NODE_GENES = MAX_ARITY + 1

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_ONE = np.uint64(1)
_S27 = np.uint64(27)
_S28 = np.uint64(28)
_S30 = np.uint64(30)
_S31 = np.uint64(31)
_S32 = np.uint64(32)
_S56 = np.uint64(56)
_LOW_32 = np.uint64(0xFFFFFFFF)


class Grid(NamedTuple):
    """The shape of one chromosome.

    Attributes:
        inputs: number of input columns d.
        constants: number of constants c.
        rows, columns: function nodes per column, and columns.
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


@kernel(allocates=False)
def mix(z):
    """The finaliser of splitmix64 (Steele, Lea & Flood, 2014): one well-mixed uint64 of another."""
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@kernel(allocates=False)
def chromosome_key(key, generation, individual, layer):
    """The counter base of one chromosome's genes, uint64."""
    z = mix(np.uint64(key) + _GOLDEN * np.uint64(generation + 1))
    z = mix(z + _GOLDEN * np.uint64(individual + 1))
    return mix(z + _GOLDEN * np.uint64(layer + 1))


@kernel(allocates=False)
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


@kernel(allocates=False)
def _slot_of_choice(grid, gene, choice):
    """The slot that the ``choice``-th value of a connection gene names."""
    leaves = grid.inputs + grid.constants
    node = gene // NODE_GENES
    if choice < leaves or node == grid.rows * grid.columns:
        return choice
    column = node // grid.rows
    return choice + (column - min(column, grid.levels_back)) * grid.rows


@kernel(allocates=False)
def _choice_of_slot(grid, gene, slot):
    """The inverse of ``_slot_of_choice``."""
    leaves = grid.inputs + grid.constants
    node = gene // NODE_GENES
    if slot < leaves or node == grid.rows * grid.columns:
        return slot
    column = node // grid.rows
    return slot - (column - min(column, grid.levels_back)) * grid.rows


@kernel(inline=True, allocates=False)
def _changed(random, count, current, mutation):
    """Which of ``count`` values a gene takes, from its 64 random bits."""
    low = random & _LOW_32
    if mutation > _LOW_32 + _ONE:
        return np.int64((low * np.uint64(count)) >> _S32)
    other = np.int64((low * np.uint64(count - 1)) >> _S32)
    other += other >= current
    return other if ((random >> _S32) < mutation) & (count > 1) else current


@kernel(allocates=False)
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
    value = np.int64(parent[gene])
    if gene % NODE_GENES == 0 and gene // NODE_GENES < grid.rows * grid.columns:
        return _changed(random, count, value, mutation)
    current = _choice_of_slot(grid, gene, value)
    return _slot_of_choice(grid, gene, _changed(random, count, current, mutation))


@kernel(inline=True, allocates=False)
def _operand(parent, gene, leaves, reach, hidden, key, mutation):
    """The slot that a connection gene of an offspring names.

    Args:
        parent, gene, key, mutation: see ``offspring_gene``.
        leaves: number of inputs and constants.
        reach: nodes that the gene may name; they follow ``hidden`` ones that it may not.
    """
    random = mix(key + _GOLDEN * np.uint64(gene + 1))
    value = np.int64(parent[gene])
    current = value if value < leaves else value - hidden
    choice = _changed(random, leaves + reach, current, mutation)
    return choice if choice < leaves else choice + hidden


FRESH = np.uint64(1 << 33)
"""The ``mutation`` that draws every gene afresh."""


@kernel(allocates=False)
def write_offspring(grid, functions, parent, key, mutation, child):
    """Write all genes of an offspring into ``child``, (genes,) int32."""
    for gene in range(child.shape[0]):
        child[gene] = offspring_gene(grid, functions, parent, gene, key, mutation)


@kernel(allocates=False)
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
    column = last // grid.rows
    for node in range(last, -1, -1):
        if node < column * grid.rows:
            column -= 1
        if place[node] == 0:
            continue
        reach = min(column, grid.levels_back) * grid.rows
        hidden = column * grid.rows - reach
        gene = node * NODE_GENES
        random = mix(key + _GOLDEN * np.uint64(gene + 1))
        opcode = opcodes[_changed(random, functions, np.int64(parent[gene]), mutation)]
        left = _operand(parent, gene + 1, leaves, reach, hidden, key, mutation)
        right = left
        if left >= leaves:
            place[left - leaves] = 1
        if ARITIES[opcode] == 2:
            right = _operand(parent, gene + 2, leaves, reach, hidden, key, mutation)
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
        if COMMUTATIVE[ops[i]] and args[i, 0] > args[i, 1]:
            args[i, 0], args[i, 1] = args[i, 1], args[i, 0]
    return count, leaves + count - 1


@kernel(allocates=False)
def phenotype_hashes(ops, args, count, output, constants, inputs):
    """A 128-bit hash, as two uint64, of a program and of the constants that it reads."""
    start = np.uint64(output) + _GOLDEN * np.uint64(count + 1)
    low = mix(start)
    high = mix(start + _ONE)
    leaves = inputs + constants.shape[0]
    reads_constants = inputs <= output < leaves
    for i in range(count):
        left = args[i, 0]
        right = args[i, 1]
        reads_constants |= (inputs <= left < leaves) | (inputs <= right < leaves)
        # 28 bits a slot: more than the widest layer and the largest grid together need.
        word = np.uint64(ops[i]) << _S56 | np.uint64(left) << _S28 | np.uint64(right)
        low = mix(low + _GOLDEN + word)
        high = mix(high + _GOLDEN + word)
    if not reads_constants:
        return low, high
    for c in range(constants.shape[0]):
        used = output == inputs + c
        for i in range(count):
            used = used or args[i, 0] == inputs + c or args[i, 1] == inputs + c
        if used:
            word = np.uint64(float_bits(constants[c])) + np.uint64(c)
            low = mix(low + word)
            high = mix(high + word)
    return low, high
