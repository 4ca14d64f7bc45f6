"""Sums and products in lanes, bit by bit against exact arithmetic in the order that is promised."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from srnet_cli.cgp.kernels import lanes
from srnet_cli.cgp.kernels.interpreter import BLOCK
from srnet_cli.cgp.kernels.jit import JIT_DISABLED, kernel
from srnet_cli.cgp.kernels.mnncgp.layout import padded

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="the order is that of compiled code")

STRIDE = 160
COUNTS = [1, 7, 31, 32, 33, 64, 100, 127, 128]


@kernel()
def fused(x, y, z):
    return lanes.multiply_add(x, y, z)


def exact_fma(x, y, z):
    return float(Fraction(x) * Fraction(y) + Fraction(z))


def laned_sum(width, pairs):
    """Products added lane by lane, then the lanes as a tree."""
    totals = [0.0] * width
    for i, (x, y) in enumerate(pairs):
        at = i % width
        totals[at] = totals[at] + x if y is None else exact_fma(x, y, totals[at])
    while len(totals) > 1:
        half = len(totals) // 2
        totals = [low + high for low, high in zip(totals[:half], totals[half:], strict=True)]
    return totals[0]


def width_of(count):
    return {1: 32, 2: 32, 3: 32, 4: 32, 5: 16, 6: 16, 7: 16}[count]


def memory_of(n, columns):
    """Columns of n values, NaN behind each."""
    rng = np.random.default_rng(n)
    memory = np.full((columns + 1) * STRIDE, np.nan)
    for j in range(columns + 1):
        memory[j * STRIDE : j * STRIDE + n] = rng.normal(size=n) * 10 ** rng.uniform(-3, 3, n)
    return memory


def test_multiply_add_rounds_once():
    rng = np.random.default_rng(0)
    x, y, z = rng.normal(size=(3, 200))
    z[:100] = -(x * y)[:100]  # what is left is the product's own rounding
    found = [fused(*values) for values in zip(x, y, z, strict=True)]
    assert found == [exact_fma(*values) for values in zip(x, y, z, strict=True)]


@pytest.mark.parametrize("n", COUNTS)
@pytest.mark.parametrize(
    ("columns", "moments"), [*((k, True) for k in range(1, 6)), *((k, False) for k in range(1, 5))]
)
def test_sums_are_taken_in_the_promised_order(n, columns, moments):
    add = (lanes.add_moments if moments else lanes.add_products)[columns - 1]

    @kernel()
    def call(memory, n, p, sums):
        add(memory, n, 0, STRIDE, STRIDE, p, sums, 2)

    memory, p = memory_of(n, columns), 0.3
    sums = np.arange(10.0)
    call(memory, n, p, sums)
    g = (memory[:n] - p).tolist()
    products = [
        list(zip(g, memory[j * STRIDE : j * STRIDE + n].tolist(), strict=True))
        for j in range(1, columns + 1)
    ]
    if moments:
        products = [[(x, None) for x in g], [(x, x) for x in g], *products]
    width = width_of(len(products))
    expected = np.arange(10.0)
    for i, pairs in enumerate(products):
        expected[2 + i] += laned_sum(width, pairs)
    assert sums.tolist() == expected.tolist()


@pytest.mark.parametrize("n", COUNTS)
def test_single_sums_are_taken_in_the_promised_order(n):
    @kernel()
    def inner(memory, n):
        return lanes.inner_product(memory, n, 0, STRIDE)

    @kernel()
    def squares(memory, n, p, q):
        return lanes.residual_square(memory, n, 0, STRIDE, p, q)

    memory = memory_of(n, 1)
    f, a = memory[:n].tolist(), memory[STRIDE : STRIDE + n].tolist()
    assert inner(memory, n) == laned_sum(32, list(zip(f, a, strict=True)))
    left = [exact_fma(0.7, x, -0.2) - y for x, y in zip(f, a, strict=True)]
    assert squares(memory, n, 0.7, -0.2) == laned_sum(32, [(r, r) for r in left])


def test_blocks_hold_whole_lanes():
    assert BLOCK % lanes.LANES == 0
    for n in range(1, BLOCK + 1):
        assert n <= padded(n) <= BLOCK
        assert padded(n) % lanes.LANES == 0
