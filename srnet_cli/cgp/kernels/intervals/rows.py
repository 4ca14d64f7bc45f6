"""Sums of whole rows, written so that they fill the vector unit and touch memory once."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from srnet_cli.cgp.kernels.cache import JIT_DISABLED

WIDTH = 32
"""Columns of the arrays whose rows are added."""

TOGETHER = 4
"""Rows that ``add_rows`` adds at a time."""


def _adder(rows: int) -> Any:
    """An intrinsic that adds multiples of so many rows, each before the other, to a row."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, to, last, *weights = arguments
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, array).data
        kind = ir.VectorType(ir.DoubleType(), WIDTH)
        size = ir.Constant(to.type, WIDTH)
        fused = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind] * 3), f"llvm.fma.v{WIDTH}f64"
        )

        def place(row: Any) -> Any:
            pointer = builder.gep(data, [builder.mul(row, size)])
            return builder.bitcast(pointer, kind.as_pointer())

        total = builder.load(place(to), align=8)
        for number, weight in enumerate(weights):
            row = builder.sub(last, ir.Constant(to.type, number))
            undefined = ir.Constant(kind, ir.Undefined)
            index = ir.IntType(32)
            single = builder.insert_element(undefined, weight, ir.Constant(index, 0))
            zeros = ir.Constant(ir.VectorType(index, WIDTH), [0] * WIDTH)
            factor = builder.shuffle_vector(single, undefined, zeros)
            total = builder.call(fused, [factor, builder.load(place(row), align=8), total])
        builder.store(total, place(to), align=8)
        return context.get_dummy_value()

    whole = (types.int64,) * 2

    def one(typing_context, array, to, row, a):
        return types.none(array, *whole, types.float64), codegen

    def several(typing_context, array, to, last, p, q, r, s):
        return types.none(array, *whole, *(types.float64,) * TOGETHER), codegen

    return intrinsic(one if rows == 1 else several)


if JIT_DISABLED:

    def add_row(array, to, row, a):
        """Add a multiple of a row to another."""
        array[to] += a * array[row]

    def add_rows(array, to, last, p, q, r, s):
        """Add multiples of a row, and of the three before it, to another."""
        array[to] += p * array[last] + q * array[last - 1]
        array[to] += r * array[last - 2] + s * array[last - 3]

else:
    add_row = _adder(1)
    """Add a multiple of a row to another: (array, to, row, factor); rows are int64."""

    add_rows = _adder(TOGETHER)
    """Add multiples of a row, and of the three before it, to another."""
