"""The jit policy: bits of numbers, and arithmetic that neither raises nor warns."""

from __future__ import annotations

import struct

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.cgp.kernels.jit import JIT_DISABLED, align_stack, bits_float, float_bits, kernel


@kernel()
def to_bits(x):
    """Bits of a number, from within a kernel."""
    return float_bits(x)


@kernel()
def from_bits(bits):
    """The number of the bits, from within a kernel."""
    return bits_float(bits)


@kernel()
def quotient(a, b):
    """An unprotected division."""
    return a / b


@pytest.mark.nojit
@given(st.floats(width=64, allow_nan=False))
def test_bits_are_those_of_memory(x):
    """A number and its bits are each other's, as the bytes in memory say."""
    (bits,) = struct.unpack("<q", struct.pack("<d", x))
    assert to_bits(x) == bits
    back = from_bits(bits)
    assert back == x
    assert np.signbit(back) == np.signbit(x)


@pytest.mark.nojit
def test_divisions_by_zero_are_values():
    """1/0 is infinite and 0/0 is not a number, without an exception or a warning."""
    zero = np.float64(0.0)
    assert quotient(np.float64(1.0), zero) == np.inf
    assert quotient(np.float64(-1.0), zero) == -np.inf
    assert np.isnan(quotient(zero, zero))


@pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled")
def test_a_kernel_that_asks_for_it_has_its_stack_aligned():
    """The request reaches LLVM, which an empty set of attributes keeps it from."""

    @numba.njit
    def aligned(x):
        align_stack()
        return x + 1.0

    @numba.njit
    def plain(x):
        return x + 1.0

    for function, expected in ((aligned, True), (plain, False)):
        assert function(1.0) == 2.0
        (code,) = function.inspect_llvm().values()
        assert ("alignstack=64" in code) == expected
