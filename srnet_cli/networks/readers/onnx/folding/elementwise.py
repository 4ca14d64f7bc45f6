"""What acts on every element alone, as a function of one linear tensor.

An activation may be spelled out in several operations: they are composed here, until the whole is
recognised, see ``recognition``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srnet_cli.networks.readers.onnx.folding.activations import ACTIVATIONS
from srnet_cli.networks.readers.onnx.folding.arguments import number
from srnet_cli.networks.readers.onnx.folding.values import Curved, Linear, NotDense, Scalar, Value
from srnet_cli.networks.readers.onnx.graph import Node
from srnet_cli.networks.trained import Array

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Pow": np.power,
    "Max": np.maximum,
    "Min": np.minimum,
}
_NEVER_LINEAR = ("Pow", "Max", "Min")

NONLINEAR = frozenset({*ACTIVATIONS, *_NEVER_LINEAR, "Softmax"})
"""Operators that make a layer of what goes in."""


def curved(node: Node, arguments: Sequence[Any]) -> Curved | None:
    """What an operation gives that acts element by element and is not linear; else None.

    Raises:
        NotDense: it acts on every unit in another way.
    """
    name = node.outputs[0]
    if node.op in ACTIVATIONS and isinstance(arguments[0], Linear | Curved):
        return _composed(arguments[0], ACTIVATIONS[node.op](node, arguments), name)
    if node.op == "Neg" and isinstance(arguments[0], Curved):
        return _composed(arguments[0], np.negative, name)
    if node.op in _BINARY and len(arguments) == 2:
        return _combined(node, arguments[0], arguments[1], name)
    return None


def _combined(node: Node, first: Any, second: Any, name: str) -> Curved | None:
    """What an operation makes of two tensors, where it is a function of a single linear one."""
    first_number, second_number = number(first), number(second)
    if first_number is not None:
        stays_linear = node.op in ("Add", "Sub", "Mul")
        function = _after_number(node.op, first_number)
        return None if _is_linear(second) and stays_linear else _composed(second, function, name)
    if second_number is not None:
        stays_linear = node.op in ("Add", "Sub", "Mul", "Div")
        function = _before_number(node.op, second_number)
        return None if _is_linear(first) and stays_linear else _composed(first, function, name)
    if not isinstance(first, Linear | Curved) or not isinstance(second, Linear | Curved):
        if node.op in _NEVER_LINEAR:
            raise NotDense(f"{node.op} with a number per unit")
        return None
    if _is_linear(first) and _is_linear(second) and node.op in ("Add", "Sub"):
        return None
    for origin in (_source, root):
        (first_origin, f), (second_origin, g) = origin(first), origin(second)
        if first_origin is second_origin:
            return Curved(first_origin, _joined(_BINARY[node.op], f, g), name)
    return None


def _is_linear(value: Any) -> bool:
    return isinstance(value, Linear)


def _after_number(op: str, constant: float) -> Scalar:
    apply = _BINARY[op]
    return lambda z: apply(constant, z)


def _before_number(op: str, constant: float) -> Scalar:
    apply = _BINARY[op]
    return lambda z: apply(z, constant)


def _joined(apply: Callable[[Any, Any], Any], f: Scalar, g: Scalar) -> Scalar:
    return lambda z: apply(f(z), g(z))


def _composed(value: Linear | Curved, outer: Scalar, name: str) -> Curved:
    source, inner = _source(value)
    return Curved(source, _chained(outer, inner), name)


def _chained(outer: Scalar, inner: Scalar) -> Scalar:
    return lambda z: outer(inner(z))


def _source(value: Linear | Curved) -> tuple[Linear, Scalar]:
    """The linear tensor that a value is a function of, and the function."""
    return (value.source, value.function) if isinstance(value, Curved) else (value, _unchanged)


def _unchanged(z: Array) -> Array:
    return z


def root(value: Linear | Curved) -> tuple[Linear, Scalar]:
    """The tensor that a value's source is a number times, plus a number, and the function of it."""
    source, outer = _source(value)
    if source.root is None:
        return source, outer
    origin, inner = source.root
    return origin, _chained(outer, inner)


def remember_root(node: Node, arguments: Sequence[Any], results: Sequence[Value]) -> None:
    """Keep what a tensor was before it was multiplied by a number, or a number was added."""
    tensors = [value for value in arguments if isinstance(value, Linear)]
    numbers = [number(value) for value in arguments if not isinstance(value, Linear)]
    result = results[0] if results else None
    if len(tensors) != 1 or not isinstance(result, Linear) or result is tensors[0]:
        return
    if result.shape != tensors[0].shape or None in numbers:
        return
    origin, inner = root(tensors[0])
    if node.op == "Neg":
        result.root = (origin, _chained(np.negative, inner))
    elif node.op in ("Add", "Sub", "Mul", "Div") and len(numbers) == 1 and numbers[0] is not None:
        is_before = isinstance(arguments[0], Linear)
        step = (_before_number if is_before else _after_number)(node.op, numbers[0])
        result.root = (origin, _chained(step, inner))
