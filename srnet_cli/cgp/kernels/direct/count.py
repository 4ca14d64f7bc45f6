"""How many nodes a formula has when it is printed: numbers, symbols and operations.

The count is that of SymPy's tree after SymPy's own automatic rules, all of which are followed here:
sums and products take any number of operands; ``x - y`` is a sum with a product by −1 in it, and
``x/y`` a product with a power; equal factors become powers, equal terms one term; whole powers go
into products, numbers into sums; weights of factors become one. What a formula's readout adds is
counted as well.

A subtree is a number times a *product* of powers, or a *sum* of terms, both kept as lists whose
entries are compared by hashes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.numbers import is_round
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FIRST_INPUT, MAX_TREE, SCALED, SHIFTED
from srnet_cli.cgp.kernels.genes import mix
from srnet_cli.cgp.kernels.gradient import ARITIES
from srnet_cli.cgp.kernels.jit import float_bits, kernel
from srnet_cli.cgp.kernels.opcodes import (
    ABS,
    ADD,
    CUBE,
    DIV,
    GAUSSIAN,
    INVERSE,
    MUL,
    SIGMOID,
    SQRT,
    SQUARE,
    SUB,
)

_NUMBER, _PRODUCT, _SUM = 0, 1, 2
"""Kinds of subtrees."""

USELESS = 1 << 20
"""Formulas parts of which cancel have as many nodes, or more."""

_PLAIN, _IS_SUM, _IS_PRODUCT = 0, 1, 2
"""Marks of entries: whether what is raised or added is itself a sum or a product."""

_CANCELS = 1e-6
"""Numbers cancel if their sum is a smaller share of the larger one."""

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
def _product_size(room, first, stop):
    """Nodes of a product without the number in front."""
    total = 0
    for e in range(first, stop):
        total += _power_size(room.sizes[e], room.numbers[e])
    return total if stop - first == 1 else total + 1


@kernel(allocates=False)
def _product_key(room, first, stop):
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
    return size + 1 if mark == _IS_PRODUCT else size + 2


@kernel(allocates=False)
def _sum_size(room, first, stop, factor, constant):
    """Nodes of a sum, the number in front multiplied into it."""
    total = 1
    for e in range(first, stop):
        total += _term_size(room.sizes[e], room.marks[e], factor * room.numbers[e])
    return total + 1 if constant != 0.0 else total


@kernel(allocates=False)
def _sum_key(room, first, stop, factor, constant):
    """Hash of a sum, the number in front multiplied into it, whatever the order of its terms."""
    key = _mixed(np.uint64(11), factor * constant)
    for e in range(first, stop):
        key += _mixed(room.keys[e], factor * room.numbers[e])
    return mix(key)


@kernel(allocates=False)
def _size(room, top, factor):
    """Nodes of a subtree, printed with this number in front."""
    kind = room.kinds[top]
    first, stop = room.firsts[top], room.firsts[top + 1]
    if kind == _NUMBER:
        return np.int64(1)
    if kind == _SUM:
        return _sum_size(room, first, stop, factor, room.constants[top])
    size = _product_size(room, first, stop)
    if factor == 1.0:
        return size
    if stop - first == 1 and room.marks[first] == _IS_SUM and room.numbers[first] == 1.0:
        # A reciprocal of a reciprocal, or the like: a shorter formula says the same.
        return np.int64(USELESS)
    return size + 1 if stop - first > 1 else size + 2


@kernel(allocates=False)
def _note(room, value):
    """Count a number that is printed."""
    if value != 0.0 and abs(value) != 1.0:
        room.printed[0] += 1
        if not is_round(value):
            room.printed[1] += 1


@kernel(allocates=False)
def _note_numbers(room, top, factor):
    """Count the numbers of a subtree, printed with this number in front."""
    if room.kinds[top] != _SUM:
        _note(room, factor)
        return
    _note(room, factor * room.constants[top])
    for e in range(room.firsts[top], room.firsts[top + 1]):
        _note(room, factor * room.numbers[e])


@kernel(allocates=False)
def _key(room, top):
    """Hash of a subtree, the number in front included."""
    kind = room.kinds[top]
    first, stop = room.firsts[top], room.firsts[top + 1]
    if kind == _NUMBER:
        return _mixed(np.uint64(3), room.factors[top])
    if kind == _SUM:
        return _sum_key(room, first, stop, room.factors[top], room.constants[top])
    return _mixed(_product_key(room, first, stop), room.factors[top])


@kernel(allocates=False)
def _push(room, top, key, size, mark):
    """Put a subtree that is one base on the stack."""
    first = room.firsts[top]
    room.kinds[top] = _PRODUCT
    room.factors[top] = 1.0
    room.keys[first] = key
    room.numbers[first] = 1.0
    room.sizes[first] = size
    room.marks[first] = mark
    room.firsts[top + 1] = first + 1


@kernel(allocates=False)
def _wrap_sum(room, top):
    """Make a sum one base, so that it can be a factor; the number in front stays there."""
    if room.kinds[top] != _SUM:
        return
    first, stop = room.firsts[top], room.firsts[top + 1]
    factor = room.factors[top]
    _note_numbers(room, top, 1.0)
    key = _sum_key(room, first, stop, 1.0, room.constants[top])
    size = _sum_size(room, first, stop, 1.0, room.constants[top])
    _push(room, top, key, size, _IS_SUM)
    room.factors[top] = factor


@kernel(allocates=False)
def _raise(room, top, exponent):
    """The subtree on top to a whole power."""
    if room.kinds[top] == _NUMBER:
        room.factors[top] = room.factors[top] ** exponent
        return
    _wrap_sum(room, top)
    room.factors[top] = room.factors[top] ** exponent
    for e in range(room.firsts[top], room.firsts[top + 1]):
        room.numbers[e] *= exponent


@kernel(allocates=False)
def _drop_entry(room, at, stop):
    """Close the gap that an entry leaves."""
    for e in range(at, stop - 1):
        room.keys[e] = room.keys[e + 1]
        room.numbers[e] = room.numbers[e + 1]
        room.sizes[e] = room.sizes[e + 1]
        room.marks[e] = room.marks[e + 1]


@kernel(allocates=False)
def _merge(room, first, middle, stop):
    """Add the numbers of equal entries of two lists that follow each other.

    Returns:
        The new end; −1 where two entries cancel: a shorter formula says the same.
    """
    at = middle
    while at < stop:
        merged = False
        for e in range(first, middle):
            if room.keys[e] != room.keys[at]:
                continue
            before = max(abs(room.numbers[e]), abs(room.numbers[at]))
            room.numbers[e] += room.numbers[at]
            _drop_entry(room, at, stop)
            stop -= 1
            if abs(room.numbers[e]) <= _CANCELS * before:
                return -1
            merged = True
            break
        if not merged:
            at += 1
    return stop


@kernel(allocates=False)
def _append_entries(room, start, end, first, middle):
    """Move entries behind those of another list and merge equal ones; see ``_merge``."""
    stop = middle
    for e in range(start, end):
        room.keys[stop] = room.keys[e]
        room.numbers[stop] = room.numbers[e]
        room.sizes[stop] = room.sizes[e]
        room.marks[stop] = room.marks[e]
        stop += 1
    return _merge(room, first, middle, stop)


@kernel(allocates=False)
def _multiply(room, top):
    """The product of the two subtrees from ``top`` on; False where factors cancel."""
    second = top + 1
    _wrap_sum(room, second)
    # Before the first one is wrapped, which moves its end.
    start, end = room.firsts[second], room.firsts[second + 1]
    _wrap_sum(room, top)
    first = room.firsts[top]
    stop = _append_entries(room, start, end, first, room.firsts[top + 1])
    if stop < 0:
        return False
    room.factors[top] *= room.factors[second]
    room.firsts[top + 1] = stop
    room.kinds[top] = _PRODUCT if stop > first else _NUMBER
    return True


@kernel(allocates=False)
def _as_terms(room, top):
    """Make a product one term of a sum, and multiply a sum's number into it."""
    first, stop = room.firsts[top], room.firsts[top + 1]
    factor = room.factors[top]
    kind = room.kinds[top]
    if kind == _NUMBER:
        room.constants[top] = factor
        room.firsts[top + 1] = first
    elif kind == _PRODUCT:
        key = _product_key(room, first, stop)
        size = _product_size(room, first, stop)
        _push(room, top, key, size, _IS_PRODUCT if stop - first > 1 else _PLAIN)
        room.numbers[first] = factor
        room.constants[top] = 0.0
    else:
        for e in range(first, stop):
            room.numbers[e] *= factor
        room.constants[top] *= factor
    room.factors[top] = 1.0
    room.kinds[top] = _SUM


@kernel(allocates=False)
def _add(room, top):
    """The sum of the two subtrees from ``top`` on; False where terms cancel."""
    second = top + 1
    start = room.firsts[second]
    _as_terms(room, second)
    end = room.firsts[second + 1]
    _as_terms(room, top)
    first = room.firsts[top]
    stop = _append_entries(room, start, end, first, room.firsts[top + 1])
    if stop < 0:
        return False
    room.constants[top] += room.constants[second]
    room.firsts[top + 1] = stop
    if stop == first:
        room.kinds[top] = _NUMBER
        room.factors[top] = room.constants[top]
    elif stop - first == 1 and room.constants[top] == 0.0:
        # One term is no sum; its factors are forgotten.
        factor = room.numbers[first]
        room.kinds[top] = _PRODUCT
        room.numbers[first] = 1.0
        room.factors[top] = factor
    return True


@kernel(allocates=False)
def _root(room, top):
    """The square root of the subtree on top."""
    first, stop = room.firsts[top], room.firsts[top + 1]
    factor = room.factors[top]
    is_base = room.kinds[top] == _PRODUCT and stop - first == 1 and room.numbers[first] == 1.0
    if is_base and factor > 0.0:
        room.numbers[first] = 0.5
        room.factors[top] = np.sqrt(factor)
        return
    size = _size(room, top, factor)
    _note_numbers(room, top, factor)
    _push(room, top, _key(room, top), size, _PLAIN)
    room.numbers[first] = 0.5


@kernel(allocates=False)
def _function(room, top, code):
    """A function of one operand, that on top."""
    if code == SQUARE:
        _raise(room, top, 2.0)
    elif code == CUBE:
        _raise(room, top, 3.0)
    elif code == INVERSE:
        _raise(room, top, -1.0)
    elif code == SQRT:
        _root(room, top)
    else:
        factor = room.factors[top]
        size = _size(room, top, factor) + 1
        if code == ABS:
            size = _size(room, top, 1.0) + 1
        elif code == SIGMOID:
            size = _size(room, top, -factor) + 5
        elif code == GAUSSIAN:
            _raise(room, top, 2.0)
            size = _size(room, top, -room.factors[top]) + 1
        _note_numbers(room, top, 1.0 if code == ABS else room.factors[top])
        key = mix(_key(room, top) + _GOLDEN * np.uint64(code + 20))
        _push(room, top, key, size, _PLAIN)
        if code == ABS:
            room.factors[top] = abs(factor)


@kernel(allocates=False)
def _combine(room, top, code):
    """A function of the two operands from ``top`` on; False where parts of them cancel."""
    second = top + 1
    if code == ADD:
        return _add(room, top)
    if code == SUB:
        room.factors[second] = -room.factors[second]
        return _add(room, top)
    if code == MUL:
        return _multiply(room, top)
    if code == DIV:
        _raise(room, second, -1.0)
        return _multiply(room, top)
    # The least or the greatest of two.
    size = 1 + _size(room, top, room.factors[top]) + _size(room, second, room.factors[second])
    _note_numbers(room, top, room.factors[top])
    _note_numbers(room, second, room.factors[second])
    key = mix(_key(room, top) + _key(room, second) + _GOLDEN * np.uint64(code + 20))
    _push(room, top, key, size, _PLAIN)
    return True


@kernel(allocates=False)
def _collect(tree, units, room):
    """Collect a tidy tree into the subtree at the bottom of the stack; False if parts cancel."""
    top = -1
    room.firsts[0] = 0
    room.printed[:] = 0
    for i in range(tree.head[0]):
        code = tree.codes[i]
        if code == CONSTANT:
            top += 1
            room.kinds[top] = _NUMBER
            room.factors[top] = tree.weights[i]
            room.firsts[top + 1] = room.firsts[top]
            continue
        if code >= FIRST_INPUT:
            top += 1
            _push(room, top, mix(np.uint64(code)), np.int64(1), _PLAIN)
            room.factors[top] = units[code - FIRST_INPUT]
        elif ARITIES[code] == 1:
            _function(room, top, code)
        else:
            top -= 1
            if not _combine(room, top, code):
                return False
        room.factors[top] *= tree.weights[i]
    return True


@kernel(allocates=False)
def count_nodes(tree, units, room, counts):
    """Count the nodes of a formula under every form of its readout.

    Args:
        tree: a tidy tree.
        units: what every input is multiplied by before the tree reads it, (d,).
        room: see ``new_counter``.
        counts: receives the nodes of f, w·f, f + b, w·f + b, (FORMS,); ``USELESS`` if parts cancel.
    """
    if not _collect(tree, units, room):
        counts[:] = USELESS
        return
    counts[0] = _size(room, 0, room.factors[0])
    # Any number in front that is not 1, and that SymPy does not multiply away.
    counts[SCALED] = _size(room, 0, np.pi)
    shift = 2
    if room.kinds[0] == _NUMBER:
        shift = 0
    elif room.kinds[0] == _SUM:
        shift = 0 if room.constants[0] != 0.0 else 1
    counts[SHIFTED] = counts[0] + shift
    counts[SCALED | SHIFTED] = counts[SCALED] + shift


@kernel(allocates=False)
def count_numbers(tree, units, room, w, b):
    """How many numbers w·f + b prints, other than 1 and −1, and how many of these are not round.

    Args:
        tree, units, room: as for ``count_nodes``.
        w, b: the readout.

    Returns:
        Both; ``USELESS`` if parts cancel.
    """
    if not _collect(tree, units, room):
        return np.int64(USELESS), np.int64(USELESS)
    factor = w * room.factors[0]
    if room.kinds[0] == _SUM:
        _note(room, factor * room.constants[0] + b)
        for e in range(room.firsts[0], room.firsts[1]):
            _note(room, factor * room.numbers[e])
    else:
        _note(room, factor)
        _note(room, b)
    return room.printed[0], room.printed[1]
