"""The jit policy, stated once: how kernels are compiled and values reinterpreted as bits.

* ``error_model="numpy"``: 1/0 is inf, not an exception, as in an unprotected expression.
* No fastmath where it could change a result: fused products and reordered sums are asked for by
  name (``lanes``), so that no rounding depends on what LLVM makes of a function.
* Compiled kernels are kept on disk (``cache``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from srnet_cli.cgp.kernels.cache import CACHE_FOLDER, JIT_DISABLED, KernelCache, is_compiled

__all__ = [
    "CACHE_FOLDER",
    "JIT_DISABLED",
    "align_stack",
    "bits_float",
    "float_bits",
    "is_compiled",
    "kernel",
]

_CACHE_LINE = 64


def kernel(
    *,
    fastmath: set[str] | bool = False,
    inline: bool = False,
    nogil: bool = False,
    allocates: bool = True,
) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a kernel: compile lazily under the policy of this module.

    Args:
        fastmath: LLVM fast-math flags of this function alone, which must not change its result.
        inline: whether its body replaces every call. A call that passes tuples of arrays costs
            more than a block of arithmetic, so what is called once a block is inlined.
        nogil: whether other threads may run Python meanwhile.
        allocates: whether the function makes arrays. One that does not is spared counting the
            references to arrays that it slices: atomic additions, which cost as much as a short
            block of arithmetic, and more where threads share the array.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        if JIT_DISABLED:
            return np.errstate(all="ignore")(function)
        compiled = numba.njit(
            error_model="numpy",
            fastmath=fastmath,
            inline="always" if inline else "never",
            nogil=nogil,
            _nrt=allocates,
        )(function)
        if CACHE_FOLDER is not None:
            compiled._cache = KernelCache(function)
        return compiled

    return decorate


if JIT_DISABLED:

    def align_stack() -> None:
        """Let what the calling kernel keeps on the stack begin at a cache line."""

    def float_bits(x: float) -> np.int64:
        """The bits of a float64 as int64."""
        return np.float64(x).view(np.int64)

    def bits_float(bits: int) -> np.float64:
        """The float64 with the given bits."""
        return np.int64(bits).view(np.float64)

else:

    @intrinsic
    def align_stack(typing_context):
        """Let what the calling kernel keeps on the stack begin at a cache line.

        LLVM keeps there what does not fit into registers. By itself it aligns that to half a vector
        register, so that vectors lie across cache lines, and at worst across two pages: which ones
        depends on how deep the caller's stack is. For long kernels whose loops are vectorised.
        """

        def codegen(context, builder, signature, args):
            attributes = builder.function.attributes
            attributes.add("uwtable")  # llvmlite writes none where the set itself is empty
            attributes.alignstack = _CACHE_LINE
            return context.get_dummy_value()

        return types.none(), codegen

    @intrinsic
    def float_bits(typing_context, x):
        """The bits of a float64 as int64; LLVM vectorises it, a call through memory it does not."""

        def codegen(context, builder, signature, args):
            return builder.bitcast(args[0], ir.IntType(64))

        return types.int64(types.float64), codegen

    @intrinsic
    def bits_float(typing_context, bits):
        """The float64 with the given bits."""

        def codegen(context, builder, signature, args):
            return builder.bitcast(args[0], ir.DoubleType())

        return types.float64(types.int64), codegen
