"""Tensors as views of numbers in a row, as PyTorch stores them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import ModelError


def from_bfloat16(data: bytes) -> NDArray[Any]:
    """Numbers of 16 bits, the upper halves of float32, as float32; half a number is cut off."""
    halves = np.frombuffer(data[: len(data) // 2 * 2], dtype="<u2").astype("<u4") << 16
    return halves.view("<f4")


def strided_copy(
    numbers: NDArray[Any], offset: int, shape: Sequence[int], strides: Sequence[int], most: int
) -> NDArray[Any]:
    """An array of its own, of numbers that lie ``strides`` apart.

    Args:
        numbers: those that are stored, (n,).
        offset: where the first one lies.
        shape: of the tensor.
        strides: as many; counted in numbers, not in bytes.
        most: bytes that the array may take.

    Raises:
        ModelError: the shape is impossible, or reaches beyond the numbers that are there.
    """
    if len(shape) != len(strides):
        raise ModelError("a tensor has another number of strides than of dimensions")
    if min(shape, default=0) < 0 or min(strides, default=0) < 0 or offset < 0:
        raise ModelError("a tensor has an impossible shape")
    if 0 in shape:
        return _empty(shape, numbers)
    last = offset + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
    if last >= len(numbers) or math.prod(shape) * numbers.itemsize > most:
        raise ModelError("a tensor is larger than its numbers")
    steps = [step * numbers.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(numbers[offset:], tuple(shape), steps).copy()


def _empty(shape: Sequence[int], numbers: NDArray[Any]) -> NDArray[Any]:
    try:
        return np.empty(tuple(shape), dtype=numbers.dtype)
    except (ValueError, OverflowError) as error:
        raise ModelError("a tensor has an impossible shape") from error
