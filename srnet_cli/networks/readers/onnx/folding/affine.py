"""Sums and products: Add, Sub, Sum, Mul, Div, Neg, MatMul, Gemm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.folding.arithmetic import (
    apply,
    matrix_product,
    product,
    quotient,
    signed_sum,
)
from srnet_cli.networks.readers.onnx.folding.values import Operations, Value
from srnet_cli.networks.readers.onnx.graph import Node
from srnet_cli.networks.trained import Array


def _add(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    sign = -1.0 if node.op == "Sub" else 1.0
    total = arguments[0]
    for value in arguments[1:]:
        total = signed_sum(total, value, sign)
    return [total]


def _multiply(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    first, second = arguments
    return [product(first, second)]


def _divide(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    first, second = arguments
    return [quotient(first, second)]


def _negate(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    return [apply(arguments[0], lambda values, lead: -values)]


def _matmul(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    return [matrix_product(arguments[0], arguments[1])]


def _gemm(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    first, second = arguments[:2]
    if node.attributes.get("transA"):
        first = apply(first, _transposed)
    if node.attributes.get("transB"):
        second = apply(second, _transposed)
    alpha, beta = (float(node.attributes.get(key, 1.0)) for key in ("alpha", "beta"))
    total = apply(matrix_product(first, second), lambda values, lead: alpha * values)
    if len(arguments) < 3 or arguments[2] is None:
        return [total]
    offset = apply(arguments[2], lambda values, lead: beta * values)
    return [signed_sum(total, offset, 1.0)]


def _transposed(values: Array, lead: int) -> Array:
    return np.swapaxes(values, -1, -2)


OPERATIONS: Operations = {
    "Add": _add,
    "Sub": _add,
    "Sum": _add,
    "Mul": _multiply,
    "Div": _divide,
    "Neg": _negate,
    "MatMul": _matmul,
    "Gemm": _gemm,
}
