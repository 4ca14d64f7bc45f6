"""A graph as a stack of dense layers, where it is one.

The graph is walked once, in order. Every tensor that depends on the input is a linear function of
the layer before it, kept as a matrix and an offset, until a nonlinearity makes the next layer of
it. So whatever is linear is folded exactly, in double precision: scaling before the first layer,
reshaping, products with transposed matrices, batch normalisation, convolutions over the whole
input, linear layers in a row. A nonlinearity may be spelled out in several operations, see
``curves``. What does not fit raises ``NotDense``, which says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import quoted
from srnet_cli.networks.network import Network
from srnet_cli.networks.readers.curves import recognise
from srnet_cli.networks.readers.onnx_graph import Constant, Graph, Node
from srnet_cli.networks.trained import Array, Scaler

MAX_VALUES = 1 << 23
"""Of one matrix: a graph that needs a larger one is run, not folded."""

_SMALL = 1 << 16  # values of constants that are computed beforehand
_MAX_WORK = 1 << 27  # values that pass through all steps together

Scalar = Callable[[Array], Array]


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


Value = Constant | Linear | Curved


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
    walk = _Walk(graph, source, shape, output)
    return walk.folded()


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
        width = int(np.prod(self.shape))
        self.values = dict(self.graph.constants)
        self.values[self.source] = _units(Base(None, "", self.source, width), self.shape)
        last = self._last()
        for node in _needed(self.graph, self.output):
            if node is last and node.op in ("Softmax", "LogSoftmax"):
                self._softmax(node)
                continue
            with np.errstate(all="ignore"):
                for name, value in zip(node.outputs, self._run(node), strict=False):
                    self.values[name] = value
        return self._stack()

    def _last(self) -> Node | None:
        makers = [node for node in self.graph.nodes if self.output in node.outputs]
        return makers[-1] if makers else None

    def _softmax(self, node: Node) -> None:
        value = self._value(node.inputs[0])
        if isinstance(value, np.ndarray):
            raise NotDense("a softmax of a constant")
        rank, axis = len(value.shape), node.attributes.get("axis", -1)
        size = int(np.prod(value.shape))
        if rank == 0 or value.shape[axis if -rank <= axis < rank else -1] != size:
            raise NotDense("a softmax over a part of the outputs")
        self.is_softmax = True
        self.values[self.output] = value

    def _stack(self) -> Folded:
        value = self._value(self.output)
        if isinstance(value, np.ndarray):
            raise NotDense("an output that does not depend on the input")
        end = self._settle(value)
        weights: list[Array] = []
        biases: list[Array] = []
        activations: list[str] = []
        names: list[str] = []
        if not end.is_units or end.base.source is None:
            _put(weights, biases, end)
            activations, names = ["linear"], [self.output]
        base = end.base
        while base.source is not None:
            _put(weights, biases, base.source)
            activations.append(base.activation)
            names.append(base.name)
            base = base.source.base
        network = Network(
            tuple(reversed(weights)),
            tuple(reversed(biases)),
            tuple(reversed(activations)),
            scaler=self.scaler,
        )
        return Folded(network, tuple(reversed(names)), self.is_softmax, self._notes())

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.scaler is not None:
            notes.append("scaling before the first layer is the input scaling")
        plain = ("Gemm", "MatMul", "Add", "Constant", "Identity")
        names = [op for op in self.folded_ops if op not in plain]
        if names:
            notes.append(f"folded into the layers: {', '.join(names)}")
        if self.is_softmax:
            notes.append("the softmax at the end makes probabilities of the outputs, the logits")
        return tuple(notes)

    def _value(self, name: str) -> Value:
        if name not in self.values:
            raise NotDense(f"a second input, {quoted(name)}")
        return self.values[name]

    def _settle(self, value: Linear | Curved) -> Linear:
        """The tensor as a linear function; a curved one becomes the next layer."""
        if isinstance(value, Linear):
            return value
        if value.settled is None:
            found, source = recognise(value.function), value.source
            if found is None and source.root is not None:
                source, function = _root(value)
                found = recognise(function)
            if found is None:
                raise NotDense(f"an activation that has no name here, {quoted(value.name)}")
            width = int(np.prod(value.shape))
            units = _units(Base(source, found.activation, value.name, width), value.shape)
            value.settled = units
            if (found.factor, found.offset) != (1.0, 0.0):
                value.settled = Linear(
                    units.base, found.factor * units.matrix, units.offset + found.offset
                )
        return value.settled

    def _run(self, node: Node) -> Sequence[Value]:
        arguments = [self._value(name) if name else None for name in node.inputs]
        if node.domain == "ai.onnx.ml" and node.op != "Scaler":
            raise NotDense(f"the operator {node.op}")
        if node.op == "Constant":
            return [_constant(node)]
        if node.op == "Shape" and isinstance(arguments[0], Linear | Curved):
            return [np.array(arguments[0].shape, dtype=np.int64)]
        if all(value is None or isinstance(value, np.ndarray) for value in arguments):
            return self._linear(node, arguments)
        if (curved := _curved(node, arguments)) is not None:
            return [curved]
        settled = [
            self._settle(value) if isinstance(value, Linear | Curved) else value
            for value in arguments
        ]
        if self.scaler is None and node.op in ("MatMul", "Gemm", "Conv"):
            settled = [self._take_scaling(value) for value in settled]
        self.folded_ops.setdefault(node.op)
        results = self._linear(node, settled)
        _remember_root(node, settled, results)
        return results

    def _take_scaling(self, value: Any) -> Any:
        """The input scaled, where the value is that; the scaling is kept."""
        if not isinstance(value, Linear) or value.base.source is not None or value.is_units:
            return value
        width = value.base.width
        if int(np.prod(value.shape)) != width:
            return value
        matrix, offset = value.matrix.reshape(width, width), value.offset.reshape(width)
        factors = np.diagonal(matrix)
        is_diagonal = np.count_nonzero(matrix) == np.count_nonzero(factors) == width
        if not is_diagonal or not (factors > 0).all():
            return value
        if not offset.any() and (factors == 1.0).all():
            return value
        mean, scale = -offset / factors, 1.0 / factors
        if not (np.isfinite(mean).all() and np.isfinite(scale).all()):
            return value
        self.scaler = Scaler(mean + 0.0, scale)
        return _units(Base(None, "", self.source, width), value.shape)

    def _linear(self, node: Node, arguments: Sequence[Any]) -> Sequence[Value]:
        operation = _OPERATIONS.get(node.op)
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


def known_constants(graph: Graph) -> dict[str, Constant]:
    """The constants of a graph, and what its nodes make of them alone, as far as that is small."""
    known = dict(graph.constants)
    for node in graph.nodes:
        operation = _constant_operation(node)
        if operation is None or not all(name in known for name in node.inputs if name):
            continue
        arguments = [known[name] if name else None for name in node.inputs]
        if sum(value.size for value in arguments if value is not None) > _SMALL:
            continue
        try:
            values = operation(node, arguments, graph.opset)
        except Exception:  # what cannot be computed beforehand is computed when the graph runs
            continue
        for name, value in zip(node.outputs, values, strict=False):
            if isinstance(value, np.ndarray) and value.size <= _SMALL:
                known[name] = value
    return known


def _constant_operation(node: Node) -> Operation | None:
    if node.op == "Constant":
        return lambda node, arguments, opset: [_constant(node)]
    return _OPERATIONS.get(node.op)


def _needed(graph: Graph, output: str) -> list[Node]:
    """The operations that an output depends on, in order."""
    wanted, needed = {output}, []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            needed.append(node)
            wanted.update(node.inputs)
    return needed[::-1]


def _units(base: Base, shape: tuple[int, ...]) -> Linear:
    width = base.width
    if width * width > MAX_VALUES:
        raise NotDense(f"{width} units in one layer, too many for a dense one")
    return Linear(base, np.eye(width).reshape(width, *shape), np.zeros(shape), is_units=True)


def _put(weights: list[Array], biases: list[Array], value: Linear) -> None:
    size = int(np.prod(value.shape))
    weights.append(np.ascontiguousarray(value.matrix.reshape(value.base.width, size).T))
    biases.append(value.offset.reshape(size).copy())


# --- element by element ---------------------------------------------------------------------------


def _erf(values: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(values))


def _named(text: str) -> Scalar:
    from srnet_cli.networks.activations import curve

    return curve(text).value


def _selu(node: Node) -> Scalar:
    alpha = node.attributes.get("alpha", 1.67326319217681884765625)
    gamma = node.attributes.get("gamma", 1.05070102214813232421875)
    elu = _named(f"elu({alpha!r})")
    return lambda z: gamma * elu(z)


def _gelu(node: Node) -> Scalar:
    return _named("gelu_tanh" if node.attributes.get("approximate") == "tanh" else "gelu")


def _celu(node: Node) -> Scalar:
    alpha = node.attributes.get("alpha", 1.0)
    return lambda z: np.where(z > 0.0, z, alpha * np.expm1(np.minimum(z, 0.0) / alpha))


def _threshold(node: Node) -> Scalar:
    alpha = node.attributes.get("alpha", 1.0)
    return lambda z: np.where(z > alpha, z, 0.0)


def _hard_sigmoid(node: Node) -> Scalar:
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    return lambda z: np.clip(alpha * z + beta, 0.0, 1.0)


_UNARY: dict[str, Callable[[Node], Scalar]] = {
    "Relu": lambda node: _named("relu"),
    "Sigmoid": lambda node: _named("sigmoid"),
    "Tanh": lambda node: _named("tanh"),
    "Softplus": lambda node: _named("softplus"),
    "Softsign": lambda node: _named("softsign"),
    "Mish": lambda node: _named("mish"),
    "HardSwish": lambda node: _named("hard_swish"),
    "LeakyRelu": lambda node: _named(f"leaky_relu({node.attributes.get('alpha', 0.01)!r})"),
    "Elu": lambda node: _named(f"elu({node.attributes.get('alpha', 1.0)!r})"),
    "Selu": _selu,
    "Celu": _celu,
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "ThresholdedRelu": _threshold,
    "Exp": lambda node: np.exp,
    "Log": lambda node: np.log,
    "Sqrt": lambda node: np.sqrt,
    "Abs": lambda node: np.abs,
    "Erf": lambda node: _erf,
    "Sin": lambda node: np.sin,
    "Cos": lambda node: np.cos,
    "Reciprocal": lambda node: lambda z: 1.0 / z,
}

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Pow": np.power,
    "Max": np.maximum,
    "Min": np.minimum,
}

NONLINEAR = frozenset({*_UNARY, "Clip", "PRelu", "Pow", "Max", "Min", "Softmax"})
"""Operators that make a layer of what goes in."""


def _curved(node: Node, arguments: Sequence[Any]) -> Curved | None:
    """What an operation gives that acts element by element and is not linear; else None."""
    name = node.outputs[0]
    if node.op in _UNARY:
        return _composed(arguments[0], _UNARY[node.op](node), name)
    if node.op == "Clip":
        low, high = _limits(node, arguments)
        return _composed(arguments[0], lambda z: np.clip(z, low, high), name)
    if node.op == "PRelu":
        slope = _number(arguments[1])
        if slope is None:
            raise NotDense("a PRelu with a slope per unit")
        return _composed(arguments[0], lambda z: np.where(z > 0.0, z, slope * z), name)
    if node.op == "Neg" and isinstance(arguments[0], Curved):
        return _composed(arguments[0], np.negative, name)
    if node.op in _BINARY and len(arguments) == 2:
        return _both(node, arguments[0], arguments[1], name)
    return None


def _both(node: Node, first: Any, second: Any, name: str) -> Curved | None:
    apply, keeps = _BINARY[node.op], node.op in ("Add", "Sub")
    numbers = _number(first), _number(second)
    if numbers[0] is not None or numbers[1] is not None:
        number, value = (numbers[0], second) if numbers[0] is not None else (numbers[1], first)
        is_first = numbers[0] is not None
        stays_linear = keeps or node.op == "Mul" or (node.op == "Div" and not is_first)
        if isinstance(value, Linear) and stays_linear:
            return None
        if is_first:
            return _composed(value, lambda z: apply(number, z), name)
        return _composed(value, lambda z: apply(z, number), name)
    if not isinstance(first, Linear | Curved) or not isinstance(second, Linear | Curved):
        if node.op in ("Pow", "Max", "Min"):
            raise NotDense(f"{node.op} with a number per unit")
        return None
    if isinstance(first, Linear) and isinstance(second, Linear) and keeps:
        return None
    for look in (_source, _root):
        (one, f), (other, g) = look(first), look(second)
        if one is other:
            return Curved(one, _joined(apply, f, g), name)
    return None


def _joined(apply: Callable[[Any, Any], Any], f: Scalar, g: Scalar) -> Scalar:
    return lambda z: apply(f(z), g(z))


def _source(value: Linear | Curved) -> tuple[Linear, Scalar]:
    """The linear tensor that a value is a function of, and the function."""
    return (value.source, value.function) if isinstance(value, Curved) else (value, _same)


def _root(value: Linear | Curved) -> tuple[Linear, Scalar]:
    """The same for the tensor that the linear one was made from by a number or two."""
    source, outer = _source(value)
    if source.root is None:
        return source, outer
    root, inner = source.root
    return root, lambda z: outer(inner(z))


def _remember_root(node: Node, arguments: Sequence[Any], results: Sequence[Value]) -> None:
    """Keep what a tensor was before it was multiplied by a number, or a number was added."""
    values = [value for value in arguments if isinstance(value, Linear)]
    numbers = [_number(value) for value in arguments if not isinstance(value, Linear)]
    result = results[0] if results else None
    if len(values) != 1 or not isinstance(result, Linear) or result is values[0]:
        return
    if result.shape != values[0].shape or None in numbers:
        return
    root, inner = _root(values[0])
    if node.op == "Neg":
        result.root = (root, lambda z: -inner(z))
    elif node.op in ("Add", "Sub", "Mul", "Div") and len(numbers) == 1:
        apply, number = _BINARY[node.op], numbers[0]
        is_first = not isinstance(arguments[0], Linear)
        result.root = (
            root,
            (lambda z: apply(number, inner(z)))
            if is_first
            else (lambda z: apply(inner(z), number)),
        )


def _composed(value: Linear | Curved, outer: Scalar, name: str) -> Curved:
    if isinstance(value, Linear):
        return Curved(value, outer, name)
    inner = value.function
    return Curved(value.source, lambda z: outer(inner(z)), name)


def _same(z: Array) -> Array:
    return z


def _number(value: Any) -> float | None:
    """The number that a constant of one element holds."""
    is_one = isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu"
    return float(value.reshape(())) if is_one else None


def _limits(node: Node, arguments: Sequence[Any]) -> tuple[float, float]:
    given = [*arguments[1:3], None, None][:2]
    defaults = node.attributes.get("min", -np.inf), node.attributes.get("max", np.inf)
    limits = [
        default if value is None else _number(value)
        for value, default in zip(given, defaults, strict=True)
    ]
    if limits[0] is None or limits[1] is None:
        raise NotDense("a Clip whose limits are no constants")
    return limits[0], limits[1]


# --- linear operations: on constants and on matrices alike ----------------------------------------

Operation = Callable[[Node, Sequence[Any], int], Sequence[Value]]


def _each(value: Any, function: Callable[[Array, int], Array]) -> Any:
    """Apply a linear function of tensors, which takes arrays with so many leading dimensions."""
    if isinstance(value, np.ndarray):
        return function(value, 0)
    matrix = function(value.matrix, 1)
    _check_size(matrix.size)
    offset = function(value.offset, 0)
    is_same = value.is_units and matrix.shape[1:] == offset.shape and _is_eye(matrix)
    return Linear(value.base, matrix, offset, is_units=is_same and not offset.any())


def _is_eye(matrix: Array) -> bool:
    units = len(matrix)
    flat = matrix.reshape(units, -1)
    return flat.shape == (units, units) and bool(np.array_equal(flat, np.eye(units)))


def _constant(node: Node) -> Constant:
    for key in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if key in node.attributes:
            return np.asarray(node.attributes[key])
    raise NotDense("a constant that is not a number")


def _identity(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    training = arguments[2] if node.op == "Dropout" and len(arguments) > 2 else None
    if training is not None and bool(np.any(training)):
        ratio = (
            _number(np.asarray(arguments[1], dtype=np.float64)) if arguments[1] is not None else 0.5
        )
        if ratio != 0.0:
            raise NotDense("a Dropout in training mode, which gives random values")
    return [arguments[0]]


def _cast(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value = arguments[0]
    if isinstance(value, np.ndarray):
        from onnx import helper

        return [value.astype(helper.tensor_dtype_to_np_dtype(node.attributes["to"]))]
    if node.attributes["to"] not in (1, 10, 11, 16):
        raise NotDense("a cast of values to whole numbers")
    return [value]


def _add(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    sign = -1.0 if node.op == "Sub" else 1.0
    total = arguments[0]
    for value in arguments[1:]:
        total = _sum(total, value, sign)
    return [total]


def _sum(first: Any, second: Any, sign: float) -> Value:
    shape = np.broadcast_shapes(first.shape, second.shape)
    _check_size(math.prod(shape))
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return first - second if sign < 0 else first + second
    if isinstance(first, Linear) and isinstance(second, Linear):
        _same_base(first, second)
        matrix = _spread(first.matrix, shape) + sign * _spread(second.matrix, shape)
        return Linear(first.base, matrix, first.offset + sign * second.offset)
    if isinstance(first, Linear):
        matrix, offset = _spread(first.matrix, shape), first.offset + sign * second
        is_units = first.is_units and shape == first.shape and not np.any(second)
        return Linear(first.base, matrix, offset, is_units)
    return Linear(second.base, sign * _spread(second.matrix, shape), first + sign * second.offset)


def _check_size(size: int) -> None:
    if size > MAX_VALUES:
        raise NotDense("a linear step too large to be folded")


def _same_base(first: Linear, second: Linear) -> None:
    if first.base is not second.base:
        raise NotDense("branches that meet again, or a layer that is skipped")


def _spread(matrix: Array, shape: tuple[int, ...]) -> Array:
    """The matrix of a tensor that is broadcast to a shape."""
    units = len(matrix)
    missing = len(shape) - (matrix.ndim - 1)
    _check_size(units * math.prod(shape))
    return np.broadcast_to(
        matrix.reshape(units, *[1] * missing, *matrix.shape[1:]), (units, *shape)
    )


def _multiply(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    first, second = arguments
    _check_size(math.prod(np.broadcast_shapes(first.shape, second.shape)))
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        if node.op == "Mul":
            return [first * second]
        whole = first.dtype.kind in "iu" and second.dtype.kind in "iu"
        return [first // second if whole else first / second]
    if isinstance(first, Linear) and isinstance(second, Linear):
        raise NotDense("a product of values that depend on the input")
    if isinstance(second, Linear):
        if node.op == "Div":
            raise NotDense("a division by values that depend on the input")
        first, second = second, first
    factor = second.astype(np.float64)
    shape = np.broadcast_shapes(first.shape, factor.shape)
    matrix = _spread(first.matrix, shape)
    if node.op == "Div":
        return [Linear(first.base, matrix / factor, first.offset / factor)]
    return [Linear(first.base, matrix * factor, first.offset * factor)]


def _negate(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    return [_each(arguments[0], lambda values, lead: -values)]


def _product(first: Any, second: Any) -> Any:
    """The matrix product, of which at most one side depends on the input."""
    if isinstance(first, Linear) and isinstance(second, Linear):
        raise NotDense("a product of values that depend on the input")
    units = max(getattr(getattr(v, "base", None), "width", 1) for v in (first, second))
    _check_size(units * math.prod(first.shape[:-1]) * math.prod(second.shape[-1:]))
    if isinstance(second, np.ndarray):
        factor = second.astype(np.float64)
        if isinstance(first, Linear) and factor.ndim > 2:
            raise NotDense("a product with a stack of matrices")
        return _each(first, lambda values, lead: _matmul(values, factor, lead))
    factor = first.astype(np.float64)
    if factor.ndim > 2:
        raise NotDense("a product with a stack of matrices")
    if len(second.shape) == 1:
        return _each(second, lambda values, lead: values @ factor.T)
    return _each(second, lambda values, lead: np.matmul(factor, values))


def _matmul(values: Array, factor: Array, lead: int) -> Array:
    if lead and values.ndim == 1:
        return values[:, None] @ factor
    return values @ factor


def _matmul_node(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    return [_product(arguments[0], arguments[1])]


def _gemm(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    first, second = arguments[:2]
    if node.attributes.get("transA"):
        first = _each(first, lambda values, lead: np.swapaxes(values, -1, -2))
    if node.attributes.get("transB"):
        second = _each(second, lambda values, lead: np.swapaxes(values, -1, -2))
    alpha, beta = (float(node.attributes.get(key, 1.0)) for key in ("alpha", "beta"))
    total = _each(_product(first, second), lambda values, lead: alpha * values)
    if len(arguments) < 3 or arguments[2] is None:
        return [total]
    offset = _each(arguments[2], lambda values, lead: beta * values)
    return [_sum(total, offset, 1.0)]


def _shape_of(value: Any) -> tuple[int, ...]:
    return tuple(value.shape)


def _reshaped(value: Any, shape: Sequence[int]) -> Value:
    return _each(value, lambda values, lead: values.reshape(*values.shape[:lead], *shape))  # type: ignore[no-any-return]


def _reshape(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value = arguments[0]
    wanted = node.attributes["shape"] if opset < 5 else _whole(arguments[1])
    old = _shape_of(value)
    if not node.attributes.get("allowzero"):
        wanted = [old[axis] if size == 0 else size for axis, size in enumerate(wanted)]
    if -1 in wanted:
        rest = int(np.prod([size for size in wanted if size != -1]))
        wanted = [int(np.prod(old)) // rest if size == -1 else size for size in wanted]
    return [_reshaped(value, [int(size) for size in wanted])]


def _whole(value: Any) -> list[int]:
    if not isinstance(value, np.ndarray):
        raise NotDense("a shape or place that depends on the input")
    return [int(number) for number in value.reshape(-1)]


def _flatten(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    shape, axis = _shape_of(arguments[0]), node.attributes.get("axis", 1)
    axis = axis + len(shape) if axis < 0 else axis
    sizes = [int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))]
    return [_reshaped(arguments[0], sizes)]


def _axes(node: Node, arguments: Sequence[Any]) -> list[int] | None:
    if len(arguments) > 1 and arguments[1] is not None:
        return _whole(arguments[1])
    axes = node.attributes.get("axes")
    return None if axes is None else list(axes)


def _squeeze(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    shape, axes = _shape_of(arguments[0]), _axes(node, arguments)
    rank = len(shape)
    gone = {axis % rank for axis in axes} if axes else {i for i in range(rank) if shape[i] == 1}
    return [_reshaped(arguments[0], [shape[i] for i in range(rank) if i not in gone])]


def _unsqueeze(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    axes = _axes(node, arguments) or []
    shape = list(_shape_of(arguments[0]))
    rank = len(shape) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        shape.insert(axis, 1)
    return [_reshaped(arguments[0], shape)]


def _transpose(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    rank = len(_shape_of(arguments[0]))
    order = list(node.attributes.get("perm", range(rank)[::-1]))

    def turned(values: Array, lead: int) -> Array:
        return values.transpose(*range(lead), *(lead + axis for axis in order))

    return [_each(arguments[0], turned)]


def _concat(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    axis = node.attributes["axis"]
    _check_size(sum(math.prod(value.shape) for value in arguments))
    if all(isinstance(value, np.ndarray) for value in arguments):
        return [np.concatenate(arguments, axis=axis)]
    first = next(value for value in arguments if isinstance(value, Linear))
    axis %= len(first.shape)
    matrices, offsets = [], []
    for value in arguments:
        if isinstance(value, Linear):
            _same_base(first, value)
            matrices.append(value.matrix)
            offsets.append(value.offset)
        else:
            matrices.append(np.zeros((first.base.width, *value.shape)))
            offsets.append(value.astype(np.float64))
    _check_size(sum(matrix.size for matrix in matrices))
    matrix = np.concatenate(matrices, axis=axis + 1)
    return [Linear(first.base, matrix, np.concatenate(offsets, axis=axis))]


def _slice(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    shape = _shape_of(arguments[0])
    if opset < 10:
        starts, ends = list(node.attributes["starts"]), list(node.attributes["ends"])
        axes, steps = node.attributes.get("axes"), None
    else:
        starts, ends = _whole(arguments[1]), _whole(arguments[2])
        axes = _whole(arguments[3]) if len(arguments) > 3 and arguments[3] is not None else None
        steps = _whole(arguments[4]) if len(arguments) > 4 and arguments[4] is not None else None
    axes = list(range(len(starts))) if axes is None else axes
    cuts = [slice(None)] * len(shape)
    for axis, start, end, step in zip(axes, starts, ends, steps or [1] * len(axes), strict=True):
        # What lies far below the first place means "to the very start" when going backwards.
        cuts[axis] = slice(start, None if step < 0 and end < -shape[axis] else end, step)
    return [_each(arguments[0], lambda values, lead: values[(slice(None),) * lead + tuple(cuts)])]


def _gather(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value, places = arguments
    if not isinstance(places, np.ndarray):
        raise NotDense("a place that depends on the input")
    axis = node.attributes.get("axis", 0) % len(_shape_of(value))
    units = value.base.width if isinstance(value, Linear) else 1
    _check_size(units * places.size * math.prod(value.shape) // max(1, value.shape[axis]))
    return [_each(value, lambda values, lead: np.take(values, places, axis=lead + axis))]


def _split(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value, axis = arguments[0], node.attributes.get("axis", 0)
    size = _shape_of(value)[axis]
    axis %= len(_shape_of(value))
    given = node.attributes.get("split")
    if len(arguments) > 1 and arguments[1] is not None:
        given = _whole(arguments[1])
    count = len(node.outputs)
    sizes = given or [-(-size // count)] * (count - 1) + [size - -(-size // count) * (count - 1)]
    ends = np.cumsum(sizes).tolist()

    def part(low: int, high: int) -> Value:
        places = np.arange(low, high)
        return _each(value, lambda values, lead: np.take(values, places, axis=lead + axis))  # type: ignore[no-any-return]

    return [part(end - length, end) for end, length in zip(ends, sizes, strict=True)]


def _reduce(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    rank, axes = len(_shape_of(arguments[0])), _axes(node, arguments)
    chosen = sorted({axis % rank for axis in axes}) if axes else list(range(rank))
    reduce = np.sum if node.op == "ReduceSum" else np.mean
    keep = bool(node.attributes.get("keepdims", 1))

    def reduced(values: Array, lead: int) -> Array:
        return np.asarray(reduce(values, axis=tuple(lead + axis for axis in chosen), keepdims=keep))

    return [_each(arguments[0], reduced)]


def _pool_all(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    def pooled(values: Array, lead: int) -> Array:
        return np.asarray(values.mean(axis=tuple(range(lead + 2, values.ndim)), keepdims=True))

    return [_each(arguments[0], pooled)]


def _normalise(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    value, scale, bias, mean, variance = arguments[:5]
    if node.attributes.get("training_mode"):
        raise NotDense("a batch normalisation in training mode")
    if any(isinstance(part, Linear) for part in (scale, bias, mean, variance)):
        raise NotDense("a batch normalisation that depends on the input")
    epsilon = float(node.attributes.get("epsilon", 1e-5))
    spatial = (-1, *[1] * (len(value.shape) - 2))
    factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    offset = bias.astype(np.float64) - factor * mean.astype(np.float64)
    scaled = _each(value, lambda values, lead: values * factor.reshape(spatial))
    return [_sum(scaled, offset.reshape(spatial), 1.0)]


def _convolve(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    """A convolution over the whole input: every kernel has one place."""
    value, kernels = arguments[:2]
    if not isinstance(value, Linear) or not isinstance(kernels, np.ndarray):
        raise NotDense("a convolution whose kernels depend on the input")
    spatial = value.shape[2:]
    pads = list(node.attributes.get("pads", [0] * 2 * len(spatial)))
    automatic = node.attributes.get("auto_pad", "NOTSET")
    dilations = node.attributes.get("dilations", [1] * len(spatial))
    is_whole = (
        kernels.shape[2:] == spatial
        and not any(pads)
        and (automatic in ("NOTSET", "VALID") or all(size == 1 for size in spatial))
        and (all(step == 1 for step in dilations) or all(size == 1 for size in spatial))
        and node.attributes.get("group", 1) == 1
        and value.shape[0] == 1
    )
    if not is_whole:
        raise NotDense("a convolution")
    factor = kernels.astype(np.float64).reshape(len(kernels), -1)
    shape = (1, len(kernels), *[1] * len(spatial))

    def convolved(values: Array, lead: int) -> Array:
        rows = values.reshape(*values.shape[:lead], -1)
        return (rows @ factor.T).reshape(*values.shape[:lead], *shape)

    total = _each(value, convolved)
    if len(arguments) < 3 or arguments[2] is None:
        return [total]
    bias = arguments[2].astype(np.float64).reshape(-1, *[1] * len(spatial))
    return [_sum(total, bias, 1.0)]


def _scale(node: Node, arguments: Sequence[Any], opset: int) -> Sequence[Value]:
    """The scaler of ONNX's operators for machine learning."""
    offset, factor = (np.array(node.attributes[key], dtype=float) for key in ("offset", "scale"))
    moved = _sum(arguments[0], offset, -1.0)
    return _multiply(Node("Mul", (), (), {}), [moved, factor], opset)


_OPERATIONS: Mapping[str, Operation] = {
    "Identity": _identity,
    "Dropout": _identity,
    "Cast": _cast,
    "Add": _add,
    "Sub": _add,
    "Sum": _add,
    "Mul": _multiply,
    "Div": _multiply,
    "Neg": _negate,
    "MatMul": _matmul_node,
    "Gemm": _gemm,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Concat": _concat,
    "Slice": _slice,
    "Gather": _gather,
    "Split": _split,
    "ReduceMean": _reduce,
    "ReduceSum": _reduce,
    "GlobalAveragePool": _pool_all,
    "BatchNormalization": _normalise,
    "Conv": _convolve,
    "Scaler": _scale,
    "Shape": lambda node, arguments, opset: [np.array(np.shape(arguments[0]), dtype=np.int64)],
}

LINEAR = frozenset(_OPERATIONS)
"""Operators that are folded into the layers around them."""
