"""What a node is told beside its tensor: numbers, places, axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.folding.values import NotDense
from srnet_cli.networks.readers.onnx.graph import Node


def number(value: Any) -> float | None:
    """The number that a constant of one element holds; None for all else."""
    is_number = isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu"
    return float(value.reshape(())) if is_number else None


def whole_numbers(value: Any) -> list[int]:
    """The numbers of a constant that is a shape or a list of places.

    Raises:
        NotDense: it is no constant.
    """
    if not isinstance(value, np.ndarray):
        raise NotDense("a shape or place that depends on the input")
    return [int(element) for element in value.reshape(-1)]


def optional_whole_numbers(arguments: Sequence[Any], place: int) -> list[int] | None:
    """The same for an argument that may be missing."""
    is_given = len(arguments) > place and arguments[place] is not None
    return whole_numbers(arguments[place]) if is_given else None


def axes(node: Node, arguments: Sequence[Any]) -> list[int] | None:
    """The axes that a node names: an argument in newer versions, an attribute in older ones."""
    named = optional_whole_numbers(arguments, 1)
    if named is not None:
        return named
    attribute = node.attributes.get("axes")
    return None if attribute is None else list(attribute)
