"""Arithmetic whose every rounding is fixed, written so that it still fills the vector unit.

Left to LLVM, which products are fused with a sum and in which order a sum is taken depends on what
a function is inlined into, and so on which kernels a process has compiled or loaded before: the
last bits would differ between two processes, and with them, sooner or later, the search. Here the
order is part of the program: fused multiply-adds are asked for by name, and sums are taken in a
number of lanes that is fixed, and the lanes added up as a tree.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from srnet_cli.cgp.kernels.cache import JIT_DISABLED

LANES = 32
"""Rows summed at once at the most. Reading a column goes on to a multiple of it, so that as many
values must lie behind the last one; what they are does not matter."""

_MOST_ACCUMULATORS = 128  # sums times lanes: what fits into the vector registers
_INDEX = ir.IntType(32)

# (builder, f, columns, p, q) -> pairs to be multiplied and summed; None stands for 1.
Terms = Callable[..., list[tuple[Any, Any]]]


def _vector(element: Any, lanes: int) -> Any:
    return ir.VectorType(element, lanes)


def _fused(builder: Any, x: Any, y: Any, z: Any) -> Any:
    """x*y + z, rounded once."""
    kind = x.type
    suffix = f"v{kind.count}f64" if isinstance(kind, ir.VectorType) else "f64"
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(kind, [kind] * 3), f"llvm.fma.{suffix}"
    )
    return builder.call(function, [x, y, z])


def _splat(builder: Any, value: Any, lanes: int) -> Any:
    kind = _vector(value.type, lanes)
    undefined = ir.Constant(kind, ir.Undefined)
    single = builder.insert_element(undefined, value, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(
        single, undefined, ir.Constant(_vector(_INDEX, lanes), [0] * lanes)
    )


def _load(builder: Any, data: Any, offset: Any, lanes: int) -> Any:
    place = builder.gep(data, [offset])
    kind = _vector(ir.DoubleType(), lanes)
    return builder.load(builder.bitcast(place, kind.as_pointer()), align=8)


def _tree(builder: Any, vector: Any) -> Any:
    """Add up the lanes: halves onto each other until one is left."""
    width = vector.type.count
    while width > 1:
        width //= 2
        undefined = ir.Constant(vector.type, ir.Undefined)
        halves = [
            builder.shuffle_vector(
                vector,
                undefined,
                ir.Constant(_vector(_INDEX, width), list(range(start, start + width))),
            )
            for start in (0, width)
        ]
        vector = builder.fadd(*halves)
    return builder.extract_element(vector, ir.Constant(_INDEX, 0))


def _lanes(count: int) -> int:
    lanes = LANES
    while lanes * count > _MOST_ACCUMULATORS:
        lanes //= 2
    return lanes


def _sum_up(
    builder: Any, terms: Terms, count: int, data: Any, n: Any, f: Any, columns: list[Any],
    numbers: list[Any],
) -> list[Any]:  # fmt: skip
    """Sum ``count`` products over n rows."""
    lanes = _lanes(count)
    zero = ir.Constant(_vector(ir.DoubleType(), lanes), [0.0] * lanes)
    numbers = [_splat(builder, number, lanes) for number in numbers]
    totals = [cgutils.alloca_once_value(builder, zero) for _ in range(count)]

    def step(row: Any, mask: Any) -> None:
        first, *others = (_load(builder, data, builder.add(at, row), lanes) for at in (f, *columns))
        for total, pair in zip(totals, terms(builder, first, others, *numbers), strict=True):
            x, y = (
                value if value is None or mask is None else builder.select(mask, value, zero)
                for value in pair
            )
            old = builder.load(total)
            builder.store(builder.fadd(old, x) if y is None else _fused(builder, x, y, old), total)

    size = ir.Constant(n.type, lanes)
    whole = builder.sub(n, builder.srem(n, size))
    with cgutils.for_range_slice(builder, n.type(0), whole, size, n.type) as (row, _):
        step(row, None)
    with builder.if_then(builder.icmp_signed("<", whole, n)):
        numbered = ir.Constant(_vector(n.type, lanes), list(range(lanes)))
        remaining = _splat(builder, builder.sub(n, whole), lanes)
        step(whole, builder.icmp_signed("<", numbered, remaining))
    return [_tree(builder, builder.load(total)) for total in totals]


def _moments(builder: Any, f: Any, columns: list[Any], p: Any) -> list[tuple[Any, Any]]:
    g = builder.fsub(f, p)
    return [(g, None), (g, g), *((g, column) for column in columns)]


def _products(builder: Any, f: Any, columns: list[Any], p: Any) -> list[tuple[Any, Any]]:
    return _moments(builder, f, columns, p)[2:]


def _inner(_builder: Any, f: Any, columns: list[Any]) -> list[tuple[Any, Any]]:
    return [(f, columns[0])]


def _residual(builder: Any, f: Any, columns: list[Any], p: Any, q: Any) -> list[tuple[Any, Any]]:
    r = builder.fsub(_fused(builder, p, f, q), columns[0])
    return [(r, r)]


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return cgutils.create_struct_proxy(kind)(context, builder, array).data


def _adder(terms: Terms, columns: int, count: int) -> Any:
    """An intrinsic that adds sums with so many columns to ``sums`` from ``at`` on."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, n, f, start, stride, p, sums, at = arguments
        data = _data(context, builder, signature.args[0], memory)
        offsets = [start]
        for _ in range(columns - 1):
            offsets.append(builder.add(offsets[-1], stride))
        results = _sum_up(builder, terms, count, data, n, f, offsets, [p])
        place = builder.gep(_data(context, builder, signature.args[6], sums), [at])
        for i, result in enumerate(results):
            entry = builder.gep(place, [ir.Constant(at.type, i)])
            builder.store(builder.fadd(builder.load(entry), result), entry)
        return context.get_dummy_value()

    def typed(typing_context, memory, n, f, start, stride, p, sums, at):
        whole = types.int64
        given = (memory, whole, whole, whole, whole, types.float64, sums, whole)
        return types.none(*given), codegen

    return intrinsic(typed)


def _single(terms: Terms) -> Any:
    """An intrinsic that gives one sum with one column and, but for ``_inner``, the numbers p, q."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, n, f, column, *numbers = arguments
        data = _data(context, builder, signature.args[0], memory)
        return _sum_up(builder, terms, 1, data, n, f, [column], numbers)[0]

    whole = (types.int64,) * 3

    def plain(typing_context, memory, n, f, column):
        return types.float64(memory, *whole), codegen

    def with_numbers(typing_context, memory, n, f, column, p, q):
        return types.float64(memory, *whole, types.float64, types.float64), codegen

    return intrinsic(plain if terms is _inner else with_numbers)


if JIT_DISABLED:

    def multiply_add(x: float, y: float, z: float) -> float:
        """x*y + z, rounded twice: good enough where only speed is lost without compilation."""
        return x * y + z

    def fused_multiply_add(x: float, y: float, z: float) -> float:
        """x*y + z, rounded once."""
        if not (np.isfinite(x) and np.isfinite(y) and np.isfinite(z)):
            return x * y + z
        return float(Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)))

    def _slow_adder(columns: int, moments: bool) -> Any:
        def add(memory, n, f, start, stride, p, sums, at):
            g = memory[f : f + n] - p
            products = [g @ memory[c : c + n] for c in start + stride * np.arange(columns)]
            values = [g.sum(), g @ g, *products] if moments else products
            sums[at : at + len(values)] += values

        return add

    add_moments = tuple(_slow_adder(k, True) for k in range(1, 6))
    add_products = tuple(_slow_adder(k, False) for k in range(1, 5))

    def inner_product(memory, n, f, column):
        """Σf·a."""
        return memory[f : f + n] @ memory[column : column + n]

    def residual_square(memory, n, f, column, p, q):
        """Σ(p·f + q − a)²."""
        return np.sum((p * memory[f : f + n] + q - memory[column : column + n]) ** 2)

else:

    @intrinsic
    def multiply_add(typing_context, x, y, z):
        """x*y + z, rounded once."""

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _fused(builder, *arguments)

        return types.float64(types.float64, types.float64, types.float64), codegen

    fused_multiply_add = multiply_add

    add_moments = tuple(_adder(_moments, k, 2 + k) for k in range(1, 6))
    """With 1 … 5 columns a_j: add Σg, Σg², Σg·a_1 … of g = f − p to ``sums`` from ``at`` on.

    Called with (memory, n, f, columns, stride, p, sums, at), offsets in memory."""

    add_products = tuple(_adder(_products, k, k) for k in range(1, 5))
    """With 1 … 4 columns: the same without Σg and Σg²."""

    inner_product = _single(_inner)
    residual_square = _single(_residual)
