"""How many nodes a formula has when it is printed: numbers, symbols and operations.

The count is that of SymPy's tree after SymPy's own automatic rules, all of which are followed here:
sums and products take any number of operands; ``x - y`` is a sum with a product by −1 in it, and
``x/y`` a product with a power; equal factors become powers, equal terms one term; whole powers go
into products, numbers into sums; weights of factors become one. What a formula's readout adds is
counted as well.
"""

from __future__ import annotations

import numpy as np

from srnet_cli.cgp.kernels.direct.entries import (
    IS_PRODUCT,
    IS_SUM,
    NUMBER,
    PLAIN,
    PRODUCT,
    SUM,
    USELESS,
    function_key,
    note_number,
    note_numbers,
    product_key,
    product_size,
    push_base,
    subtree_key,
    subtree_size,
    sum_key,
    sum_size,
)
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FIRST_INPUT, SCALED, SHIFTED
from srnet_cli.cgp.kernels.genes import mix
from srnet_cli.cgp.kernels.gradient import ARITIES
from srnet_cli.cgp.kernels.jit import kernel
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

_CANCELS = 1e-6
"""Numbers cancel if their sum is a smaller share of the larger one."""


@kernel(allocates=False)
def _wrap_sum(room, top):
    """Make a sum one base, so that it can be a factor; the number in front stays there."""
    if room.kinds[top] != SUM:
        return
    first, stop = room.firsts[top], room.firsts[top + 1]
    factor = room.factors[top]
    note_numbers(room, top, 1.0)
    key = sum_key(room, first, stop, 1.0, room.constants[top])
    size = sum_size(room, first, stop, 1.0, room.constants[top])
    push_base(room, top, key, size, IS_SUM)
    room.factors[top] = factor


@kernel(allocates=False)
def _raise(room, top, exponent):
    """The subtree on top to a whole power."""
    if room.kinds[top] == NUMBER:
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
    room.kinds[top] = PRODUCT if stop > first else NUMBER
    return True


@kernel(allocates=False)
def _as_terms(room, top):
    """Make a product one term of a sum, and multiply a sum's number into it."""
    first, stop = room.firsts[top], room.firsts[top + 1]
    factor = room.factors[top]
    kind = room.kinds[top]
    if kind == NUMBER:
        room.constants[top] = factor
        room.firsts[top + 1] = first
    elif kind == PRODUCT:
        key = product_key(room, first, stop)
        size = product_size(room, first, stop)
        push_base(room, top, key, size, IS_PRODUCT if stop - first > 1 else PLAIN)
        room.numbers[first] = factor
        room.constants[top] = 0.0
    else:
        for e in range(first, stop):
            room.numbers[e] *= factor
        room.constants[top] *= factor
    room.factors[top] = 1.0
    room.kinds[top] = SUM


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
        room.kinds[top] = NUMBER
        room.factors[top] = room.constants[top]
    elif stop - first == 1 and room.constants[top] == 0.0:
        # One term is no sum; its factors are forgotten.
        factor = room.numbers[first]
        room.kinds[top] = PRODUCT
        room.numbers[first] = 1.0
        room.factors[top] = factor
    return True


@kernel(allocates=False)
def _root(room, top):
    """The square root of the subtree on top."""
    first, stop = room.firsts[top], room.firsts[top + 1]
    factor = room.factors[top]
    is_base = room.kinds[top] == PRODUCT and stop - first == 1 and room.numbers[first] == 1.0
    if is_base and factor > 0.0:
        room.numbers[first] = 0.5
        room.factors[top] = np.sqrt(factor)
        return
    size = subtree_size(room, top, factor)
    note_numbers(room, top, factor)
    push_base(room, top, subtree_key(room, top), size, PLAIN)
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
        size = subtree_size(room, top, factor) + 1
        if code == ABS:
            size = subtree_size(room, top, 1.0) + 1
        elif code == SIGMOID:
            size = subtree_size(room, top, -factor) + 5
        elif code == GAUSSIAN:
            _raise(room, top, 2.0)
            size = subtree_size(room, top, -room.factors[top]) + 1
        note_numbers(room, top, 1.0 if code == ABS else room.factors[top])
        key = function_key(subtree_key(room, top), code)
        push_base(room, top, key, size, PLAIN)
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
    size = (
        1
        + subtree_size(room, top, room.factors[top])
        + subtree_size(room, second, room.factors[second])
    )
    note_numbers(room, top, room.factors[top])
    note_numbers(room, second, room.factors[second])
    key = function_key(subtree_key(room, top) + subtree_key(room, second), code)
    push_base(room, top, key, size, PLAIN)
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
            room.kinds[top] = NUMBER
            room.factors[top] = tree.weights[i]
            room.firsts[top + 1] = room.firsts[top]
            continue
        if code >= FIRST_INPUT:
            top += 1
            push_base(room, top, mix(np.uint64(code)), np.int64(1), PLAIN)
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
    counts[0] = subtree_size(room, 0, room.factors[0])
    # Any number in front that is not 1, and that SymPy does not multiply away.
    counts[SCALED] = subtree_size(room, 0, np.pi)
    shift = 2
    if room.kinds[0] == NUMBER:
        shift = 0
    elif room.kinds[0] == SUM:
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
    if room.kinds[0] == SUM:
        note_number(room, factor * room.constants[0] + b)
        for e in range(room.firsts[0], room.firsts[1]):
            note_number(room, factor * room.numbers[e])
    else:
        note_number(room, factor)
        note_number(room, b)
    return room.printed[0], room.printed[1]
