"""Subtrees as SymPy would hold them: a number times a product of powers, or a sum of terms.

Products and sums take any number of operands, kept as lists of entries that are compared by their
hashes: of a product the bases with their exponents, of a sum the terms with their coefficients.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.numbers import is_round
from srnet_cli.cgp.kernels.direct.tree import MAX_TREE
from srnet_cli.cgp.kernels.genes import mix
from srnet_cli.cgp.kernels.jit import float_bits, kernel

NUMBER, PRODUCT, SUM = 0, 1, 2
"""Kinds of subtrees."""

USELESS = 1 << 20
"""Formulas parts of which cancel have as many nodes, or more."""

PLAIN, IS_SUM, IS_PRODUCT = 0, 1, 2
"""Marks of entries: whether what is raised or added is itself a sum or a product."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Counter(NamedTuple):
    """Room to count in: a stack of subtrees, and the entries of their lists one after another.

    Attributes:
        kinds: whether a subtree is a number, a product or a sum.
        firsts: where its entries begin; they end where the next begin.
        factors: the number in front; of a number, its value.
        constants: the number that a sum ends with.
        keys, numbers, sizes, marks: of entries: the hash of a base or term, its exponent or
            coefficient, its nodes without that, and whether it is a sum or a product.
        printed: of all that lies within entries, the numbers that are printed, other than 1 and −1,
            and how many of these are not round, see ``numbers``, (2,).
    """

    kinds: NDArray[np.int64]
    firsts: NDArray[np.int64]
    factors: NDArray[np.float64]
    constants: NDArray[np.float64]
    keys: NDArray[np.uint64]
    numbers: NDArray[np.float64]
    sizes: NDArray[np.int64]
    marks: NDArray[np.int64]
    printed: NDArray[np.int64]


@kernel()
def new_counter():
    """Room to count in."""
    return Counter(
        np.zeros(MAX_TREE + 1, dtype=np.int64),
        np.zeros(MAX_TREE + 2, dtype=np.int64),
        np.ones(MAX_TREE + 1),
        np.zeros(MAX_TREE + 1),
        np.zeros(2 * MAX_TREE + 2, dtype=np.uint64),
        np.zeros(2 * MAX_TREE + 2),
        np.zeros(2 * MAX_TREE + 2, dtype=np.int64),
        np.zeros(2 * MAX_TREE + 2, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
    )


@kernel(allocates=False)
def _mixed(key, value):
    """Hash of a hash and a number."""
    return mix(key + _GOLDEN * mix(np.uint64(float_bits(value)) + np.uint64(1)))


@kernel(allocates=False)
def _power_size(size, exponent):
    """Nodes of a base of this size to an exponent."""
    return size if exponent == 1.0 else size + 2


@kernel(allocates=False)
def product_size(room, first, stop):
    """Nodes of a product without the number in front."""
    total = 0
    for e in range(first, stop):
        total += _power_size(room.sizes[e], room.numbers[e])
    return total if stop - first == 1 else total + 1


@kernel(allocates=False)
def product_key(room, first, stop):
    """Hash of a product without the number in front, whatever the order of its factors."""
    if stop - first == 1 and room.numbers[first] == 1.0:
        return room.keys[first]
    key = np.uint64(7)
    for e in range(first, stop):
        key += _mixed(room.keys[e], room.numbers[e])
    return mix(key)


@kernel(allocates=False)
def _term_size(size, mark, coefficient):
    """Nodes of a term of a sum with its coefficient."""
    if coefficient == 1.0:
        return size
    return size + 1 if mark == IS_PRODUCT else size + 2


@kernel(allocates=False)
def sum_size(room, first, stop, factor, constant):
    """Nodes of a sum, the number in front multiplied into it."""
    total = 1
    for e in range(first, stop):
        total += _term_size(room.sizes[e], room.marks[e], factor * room.numbers[e])
    return total + 1 if constant != 0.0 else total


@kernel(allocates=False)
def sum_key(room, first, stop, factor, constant):
    """Hash of a sum, the number in front multiplied into it, whatever the order of its terms."""
    key = _mixed(np.uint64(11), factor * constant)
    for e in range(first, stop):
        key += _mixed(room.keys[e], factor * room.numbers[e])
    return mix(key)


@kernel(allocates=False)
def subtree_size(room, top, factor):
    """Nodes of a subtree, printed with this number in front."""
    kind = room.kinds[top]
    first, stop = room.firsts[top], room.firsts[top + 1]
    if kind == NUMBER:
        return np.int64(1)
    if kind == SUM:
        return sum_size(room, first, stop, factor, room.constants[top])
    size = product_size(room, first, stop)
    if factor == 1.0:
        return size
    if stop - first == 1 and room.marks[first] == IS_SUM and room.numbers[first] == 1.0:
        # A reciprocal of a reciprocal, or the like: a shorter formula says the same.
        return np.int64(USELESS)
    return size + 1 if stop - first > 1 else size + 2


@kernel(allocates=False)
def subtree_key(room, top):
    """Hash of a subtree, the number in front included."""
    kind = room.kinds[top]
    first, stop = room.firsts[top], room.firsts[top + 1]
    if kind == NUMBER:
        return _mixed(np.uint64(3), room.factors[top])
    if kind == SUM:
        return sum_key(room, first, stop, room.factors[top], room.constants[top])
    return _mixed(product_key(room, first, stop), room.factors[top])


@kernel(allocates=False)
def function_key(operands, code):
    """Hash of a function by those of its operands, added where their order does not matter."""
    return mix(operands + _GOLDEN * np.uint64(code + 20))


@kernel(allocates=False)
def note_number(room, value):
    """Count a number that is printed."""
    if value != 0.0 and abs(value) != 1.0:
        room.printed[0] += 1
        if not is_round(value):
            room.printed[1] += 1


@kernel(allocates=False)
def note_numbers(room, top, factor):
    """Count the numbers of a subtree, printed with this number in front."""
    if room.kinds[top] != SUM:
        note_number(room, factor)
        return
    note_number(room, factor * room.constants[top])
    for e in range(room.firsts[top], room.firsts[top + 1]):
        note_number(room, factor * room.numbers[e])


@kernel(allocates=False)
def push_base(room, top, key, size, mark):
    """Put a subtree that is one base on the stack."""
    first = room.firsts[top]
    room.kinds[top] = PRODUCT
    room.factors[top] = 1.0
    room.keys[first] = key
    room.numbers[first] = 1.0
    room.sizes[first] = size
    room.marks[first] = mark
    room.firsts[top + 1] = first + 1
