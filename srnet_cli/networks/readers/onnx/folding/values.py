"""What the tensors of a graph are while it is folded: constants, linear functions, curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.graph import Constant, Node
from srnet_cli.networks.trained import Array

MAX_VALUES = 1 << 23
"""Of one matrix: a graph that needs a larger one is run, not folded."""

Scalar = Callable[[Array], Array]
"""A function of one number, element by element."""


class NotDense(Exception):
    """The graph is no stack of dense layers; the message says what it has."""


@dataclass(eq=False)
class Base:
    """A layer's units, of which later tensors are linear functions.

    Attributes:
        source: the tensor that the activation is taken of; None for the input.
        activation: its name.
        name: of the tensor in the file.
        width: number of units.
    """

    source: Linear | None
    activation: str
    name: str
    width: int


@dataclass(eq=False)
class Linear:
    """A tensor that is linear in the units of a base.

    Attributes:
        base: the layer.
        matrix: (units, *shape), what every unit adds.
        offset: (*shape).
        is_units: whether it is the units themselves.
        root: the tensor that it is a number times, plus a number, and that function of it.
    """

    base: Base
    matrix: Array
    offset: Array
    is_units: bool = False
    root: tuple[Linear, Scalar] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor."""
        return self.offset.shape


@dataclass(eq=False)
class Curved:
    """A tensor that is a function of another, element by element.

    Attributes:
        source: the other.
        function: of one number.
        name: of the tensor in the file.
        settled: the layer that it has become, once it has.
    """

    source: Linear
    function: Scalar
    name: str
    settled: Linear | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor."""
        return self.source.shape


Value = Constant | Linear | Curved

Operation = Callable[[Node, Sequence[Any], int], Sequence[Value]]
"""What a linear operator does: it takes the node, its arguments and the version of the operators.

An argument is a constant or linear, and None where an optional one is missing. What the operator
cannot do to a linear tensor raises ``NotDense``.
"""

Operations = Mapping[str, Operation]
"""A family of operators, by their names in ONNX."""


def layer_units(base: Base, shape: tuple[int, ...]) -> Linear:
    """The units of a layer themselves, as a tensor of a shape.

    Raises:
        NotDense: there are too many.
    """
    width = base.width
    if width * width > MAX_VALUES:
        raise NotDense(f"{width} units in one layer, too many for a dense one")
    return Linear(base, np.eye(width).reshape(width, *shape), np.zeros(shape), is_units=True)


def check_size(size: int) -> None:
    """Check how many values a step would have, before it is taken.

    Raises:
        NotDense: too many.
    """
    if size > MAX_VALUES:
        raise NotDense("a linear step too large to be folded")


def check_same_base(first: Linear, second: Linear) -> None:
    """Check that two tensors are functions of the same layer.

    Raises:
        NotDense: they are not.
    """
    if first.base is not second.base:
        raise NotDense("branches that meet again, or a layer that is skipped")
