"""A graph as a stack of dense layers, where it is one.

The graph is walked once, in order. Every tensor that depends on the input is a linear function of
the layer before it, kept as a matrix and an offset, until a nonlinearity makes the next layer of
it. So whatever is linear is folded exactly, in double precision: scaling before the first layer,
reshaping, products with transposed matrices, batch normalisation, convolutions over the whole
input, linear layers in a row. What does not fit raises ``NotDense``, which says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import quoted
from srnet_cli.networks.network import Network
from srnet_cli.networks.readers.onnx.folding.constants import constant_value
from srnet_cli.networks.readers.onnx.folding.elementwise import curved, remember_root, root
from srnet_cli.networks.readers.onnx.folding.operators import OPERATIONS
from srnet_cli.networks.readers.onnx.folding.recognition import recognise
from srnet_cli.networks.readers.onnx.folding.values import (
    Base,
    Curved,
    Linear,
    NotDense,
    Value,
    layer_units,
)
from srnet_cli.networks.readers.onnx.graph import Graph, Node
from srnet_cli.networks.trained import Array, Scaler

_MAX_WORK = 1 << 27  # values that pass through all steps together
_UNREMARKABLE = ("Gemm", "MatMul", "Add", "Constant", "Identity")


@dataclass(frozen=True)
class Folded:
    """A stack of layers.

    Attributes:
        network: the layers; of a softmax at the end the logits.
        layers: the file's name of every layer.
        is_softmax: whether the graph ends in a softmax.
        notes: what was folded.
    """

    network: Network
    layers: tuple[str, ...]
    is_softmax: bool
    notes: tuple[str, ...]


def fold(graph: Graph, source: str, shape: tuple[int, ...], output: str) -> Folded:
    """Fold a graph.

    Args:
        graph: the graph.
        source: name of its input.
        shape: of the input for one row, with the batch's dimension of 1.
        output: name of the tensor to end with.

    Raises:
        NotDense: it is no stack of dense layers.
    """
    return _Walk(graph, source, shape, output).folded()


@dataclass
class _Walk:
    graph: Graph
    source: str
    shape: tuple[int, ...]
    output: str
    values: dict[str, Value] = field(default_factory=dict)
    scaler: Scaler | None = None
    is_softmax: bool = False
    folded_ops: dict[str, None] = field(default_factory=dict)
    work: int = 0

    def folded(self) -> Folded:
        self.values = dict(self.graph.constants)
        self.values[self.source] = self._inputs(self.shape)
        last = self._last()
        for node in self.graph.needed_nodes(self.output):
            if node is last and node.op in ("Softmax", "LogSoftmax"):
                self._end_in_softmax(node)
                continue
            with np.errstate(all="ignore"):
                for name, value in zip(node.outputs, self._run(node), strict=False):
                    self.values[name] = value
        return self._stack()

    def _inputs(self, shape: tuple[int, ...]) -> Linear:
        """The network's inputs, as a tensor of a shape."""
        return layer_units(Base(None, "", self.source, int(np.prod(shape))), shape)

    def _last(self) -> Node | None:
        makers = [node for node in self.graph.nodes if self.output in node.outputs]
        return makers[-1] if makers else None

    def _end_in_softmax(self, node: Node) -> None:
        value = self._value(node.inputs[0])
        if isinstance(value, np.ndarray):
            raise NotDense("a softmax of a constant")
        rank, axis = len(value.shape), node.attributes.get("axis", -1)
        size = int(np.prod(value.shape))
        if rank == 0 or value.shape[axis if -rank <= axis < rank else -1] != size:
            raise NotDense("a softmax over a part of the outputs")
        self.is_softmax = True
        self.values[self.output] = value

    # --- a node -----------------------------------------------------------------------------------

    def _value(self, name: str) -> Value:
        if name not in self.values:
            raise NotDense(f"a second input, {quoted(name)}")
        return self.values[name]

    def _run(self, node: Node) -> Sequence[Value]:
        arguments = [self._value(name) if name else None for name in node.inputs]
        if node.domain == "ai.onnx.ml" and node.op != "Scaler":
            raise NotDense(f"the operator {node.op}")
        if node.op == "Constant":
            return [constant_value(node)]
        if node.op == "Shape" and isinstance(arguments[0], Linear | Curved):
            return [np.array(arguments[0].shape, dtype=np.int64)]
        if all(value is None or isinstance(value, np.ndarray) for value in arguments):
            return self._run_linear(node, arguments)
        if (activation := curved(node, arguments)) is not None:
            return [activation]
        settled = [
            _settled(value) if isinstance(value, Linear | Curved) else value for value in arguments
        ]
        if self.scaler is None and node.op in ("MatMul", "Gemm", "Conv"):
            settled = [self._without_scaling(value) for value in settled]
        self.folded_ops.setdefault(node.op)
        results = self._run_linear(node, settled)
        remember_root(node, settled, results)
        return results

    def _without_scaling(self, value: Any) -> Any:
        """The inputs themselves, where the value is those scaled; the scaling is kept."""
        scaler = _input_scaler(value)
        if scaler is None:
            return value
        self.scaler = scaler
        return self._inputs(value.shape)

    def _run_linear(self, node: Node, arguments: Sequence[Any]) -> Sequence[Value]:
        operation = OPERATIONS.get(node.op)
        if operation is None:
            raise NotDense(f"the operator {node.op}")
        try:
            results = operation(node, arguments, self.graph.opset)
            self.work += sum(v.matrix.size if isinstance(v, Linear) else 0 for v in results)
            if self.work > _MAX_WORK:
                raise NotDense("more linear steps than are folded")
            return results
        except NotDense:
            raise
        except Exception as error:  # a damaged graph, or one that NumPy has no like of
            raise NotDense(f"{node.op} in a form that is not folded") from error

    # --- the layers -------------------------------------------------------------------------------

    def _stack(self) -> Folded:
        value = self._value(self.output)
        if isinstance(value, np.ndarray):
            raise NotDense("an output that does not depend on the input")
        end = _settled(value)
        steps: list[tuple[Linear, str, str]] = []
        if not end.is_units or end.base.source is None:
            steps.append((end, "linear", self.output))
        base = end.base
        while base.source is not None:
            steps.append((base.source, base.activation, base.name))
            base = base.source.base
        tensors, activations, names = zip(*reversed(steps), strict=True)
        network = Network(
            tuple(_weight(tensor) for tensor in tensors),
            tuple(_bias(tensor) for tensor in tensors),
            activations,
            scaler=self.scaler,
        )
        return Folded(network, names, self.is_softmax, self._notes())

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.scaler is not None:
            notes.append("scaling before the first layer is the input scaling")
        names = [op for op in self.folded_ops if op not in _UNREMARKABLE]
        if names:
            notes.append(f"folded into the layers: {', '.join(names)}")
        if self.is_softmax:
            notes.append("the softmax at the end makes probabilities of the outputs, the logits")
        return tuple(notes)


def _settled(value: Linear | Curved) -> Linear:
    """The tensor as a linear function; a curved one becomes the next layer.

    Raises:
        NotDense: its function is no activation that has a name.
    """
    if isinstance(value, Linear):
        return value
    if value.settled is None:
        value.settled = _next_layer(value)
    return value.settled


def _next_layer(value: Curved) -> Linear:
    recognised, source = recognise(value.function), value.source
    if recognised is None and source.root is not None:
        source, function = root(value)
        recognised = recognise(function)
    if recognised is None:
        raise NotDense(f"an activation that has no name here, {quoted(value.name)}")
    activation, factor, offset = recognised
    width = int(np.prod(value.shape))
    units = layer_units(Base(source, activation, value.name, width), value.shape)
    if (factor, offset) == (1.0, 0.0):
        return units
    return Linear(units.base, factor * units.matrix, units.offset + offset)


def _input_scaler(value: Any) -> Scaler | None:
    """The scaling and shifting of every input alone that a value is; None where it is no such."""
    if not isinstance(value, Linear) or value.base.source is not None or value.is_units:
        return None
    width = value.base.width
    if int(np.prod(value.shape)) != width:
        return None
    matrix, offset = value.matrix.reshape(width, width), value.offset.reshape(width)
    factors = np.diagonal(matrix)
    is_diagonal = np.count_nonzero(matrix) == np.count_nonzero(factors) == width
    if not is_diagonal or not (factors > 0).all():
        return None
    if not offset.any() and (factors == 1.0).all():
        return None
    mean, scale = -offset / factors, 1.0 / factors
    if not (np.isfinite(mean).all() and np.isfinite(scale).all()):
        return None
    return Scaler(mean + 0.0, scale)


def _weight(tensor: Linear) -> Array:
    size = int(np.prod(tensor.shape))
    return np.ascontiguousarray(tensor.matrix.reshape(tensor.base.width, size).T)


def _bias(tensor: Linear) -> Array:
    return tensor.offset.reshape(-1).copy()
