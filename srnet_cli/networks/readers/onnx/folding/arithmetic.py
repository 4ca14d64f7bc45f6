"""Linear arithmetic on constants and on linear tensors alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.folding.values import (
    Linear,
    NotDense,
    Value,
    check_same_base,
    check_size,
)
from srnet_cli.networks.trained import Array


def apply(value: Any, function: Callable[[Array, int], Array]) -> Value:
    """Apply a linear function of tensors.

    Args:
        value: a constant or a linear tensor.
        function: takes an array, and how many leading dimensions do not belong to the tensor.
    """
    if isinstance(value, np.ndarray):
        return function(value, 0)
    matrix = function(value.matrix, 1)
    check_size(matrix.size)
    offset = function(value.offset, 0)
    is_same = value.is_units and matrix.shape[1:] == offset.shape and _is_identity(matrix)
    return Linear(value.base, matrix, offset, is_units=is_same and not offset.any())


def _is_identity(matrix: Array) -> bool:
    units = len(matrix)
    flat = matrix.reshape(units, -1)
    return flat.shape == (units, units) and bool(np.array_equal(flat, np.eye(units)))


def signed_sum(first: Any, second: Any, sign: float) -> Value:
    """``first + sign·second``, broadcast."""
    shape = np.broadcast_shapes(first.shape, second.shape)
    check_size(math.prod(shape))
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return first - second if sign < 0 else first + second
    if isinstance(first, Linear) and isinstance(second, Linear):
        check_same_base(first, second)
        matrix = _broadcast(first.matrix, shape) + sign * _broadcast(second.matrix, shape)
        return Linear(first.base, matrix, first.offset + sign * second.offset)
    if isinstance(first, Linear):
        matrix, offset = _broadcast(first.matrix, shape), first.offset + sign * second
        is_units = first.is_units and shape == first.shape and not np.any(second)
        return Linear(first.base, matrix, offset, is_units)
    matrix = sign * _broadcast(second.matrix, shape)
    return Linear(second.base, matrix, first + sign * second.offset)


def _broadcast(matrix: Array, shape: tuple[int, ...]) -> Array:
    """The matrix of a tensor that is broadcast to a shape."""
    units = len(matrix)
    missing = len(shape) - (matrix.ndim - 1)
    check_size(units * math.prod(shape))
    return np.broadcast_to(
        matrix.reshape(units, *[1] * missing, *matrix.shape[1:]), (units, *shape)
    )


def product(first: Any, second: Any) -> Value:
    """The product element by element, broadcast; at most one factor depends on the input."""
    check_size(math.prod(np.broadcast_shapes(first.shape, second.shape)))
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return first * second
    _check_factors(first, second)
    if isinstance(second, Linear):
        first, second = second, first
    factor = second.astype(np.float64)
    matrix = _broadcast(first.matrix, np.broadcast_shapes(first.shape, factor.shape))
    return Linear(first.base, matrix * factor, first.offset * factor)


def quotient(first: Any, second: Any) -> Value:
    """The quotient element by element, broadcast; of whole numbers it is whole."""
    check_size(math.prod(np.broadcast_shapes(first.shape, second.shape)))
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        are_whole = first.dtype.kind in "iu" and second.dtype.kind in "iu"
        return first // second if are_whole else first / second
    _check_factors(first, second)
    if isinstance(second, Linear):
        raise NotDense("a division by values that depend on the input")
    divisor = second.astype(np.float64)
    matrix = _broadcast(first.matrix, np.broadcast_shapes(first.shape, divisor.shape))
    return Linear(first.base, matrix / divisor, first.offset / divisor)


def matrix_product(first: Any, second: Any) -> Value:
    """The matrix product, of which at most one side depends on the input."""
    _check_factors(first, second)
    units = max(getattr(getattr(v, "base", None), "width", 1) for v in (first, second))
    check_size(units * math.prod(first.shape[:-1]) * math.prod(second.shape[-1:]))
    if isinstance(second, np.ndarray):
        factor = second.astype(np.float64)
        if isinstance(first, Linear) and factor.ndim > 2:
            raise NotDense("a product with a stack of matrices")
        return apply(first, lambda values, lead: _times_matrix(values, factor, lead))
    factor = first.astype(np.float64)
    if factor.ndim > 2:
        raise NotDense("a product with a stack of matrices")
    if len(second.shape) == 1:
        return apply(second, lambda values, lead: values @ factor.T)
    return apply(second, lambda values, lead: np.matmul(factor, values))


def _times_matrix(values: Array, factor: Array, lead: int) -> Array:
    if lead and values.ndim == 1:
        return values[:, None] @ factor
    return values @ factor


def _check_factors(first: Any, second: Any) -> None:
    if isinstance(first, Linear) and isinstance(second, Linear):
        raise NotDense("a product of values that depend on the input")
