"""Constants of a graph, and what its nodes make of constants alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from srnet_cli.networks.readers.onnx.folding.operators import OPERATIONS
from srnet_cli.networks.readers.onnx.folding.values import NotDense, Value
from srnet_cli.networks.readers.onnx.graph import Constant, Graph, Node

_SMALL = 1 << 16  # values of constants that are computed beforehand


def constant_value(node: Node) -> Constant:
    """The value of a node that is a constant.

    Raises:
        NotDense: it is text, or sparse.
    """
    for key in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if key in node.attributes:
            value = np.asarray(node.attributes[key])
            if value.dtype.kind in "biuf":
                return value
    raise NotDense("a constant that is not a number")


def known_constants(graph: Graph) -> dict[str, Constant]:
    """The constants of a graph, and what its nodes make of them alone, as far as that is small."""
    known = dict(graph.constants)
    for node in graph.nodes:
        if not all(name in known for name in node.inputs if name):
            continue
        for name, value in zip(node.outputs, _computed(node, known, graph.opset), strict=False):
            if isinstance(value, np.ndarray) and value.size <= _SMALL:
                known[name] = value
    return known


def _computed(node: Node, known: dict[str, Constant], opset: int) -> Sequence[Value]:
    """What a node makes of constants; nothing where they are large or it cannot be computed."""
    arguments = [known[name] if name else None for name in node.inputs]
    if sum(value.size for value in arguments if value is not None) > _SMALL:
        return []
    try:
        if node.op == "Constant":
            return [constant_value(node)]
        return OPERATIONS[node.op](node, arguments, opset) if node.op in OPERATIONS else []
    except Exception:  # what cannot be computed beforehand is computed when the graph runs
        return []
