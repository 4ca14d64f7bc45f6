"""PyTorch modules in memory: dense layers where they are such, else they are called.

``torch.fx`` traces the module. A chain of steps that are known here becomes a stack of dense
layers; of any other graph the layers are the values that come after a nonlinearity and that all
later ones depend on alone, as of ONNX graphs. A module that cannot be traced is called for its
output only. Arrays are handed over by DLPack, which asks nothing of the NumPy that PyTorch was
built with.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import clip
from srnet_cli.errors import ModelError
from srnet_cli.networks.callables import network_of_layers
from srnet_cli.networks.readers.loaded import LoadedNetwork
from srnet_cli.networks.readers.stack import Stack
from srnet_cli.networks.trained import Array, TrainedNetwork

_ACTIVATIONS: dict[str, str] = {
    "relu": "relu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "softplus": "softplus",
    "softsign": "softsign",
    "silu": "silu",
    "mish": "mish",
    "selu": "selu",
    "relu6": "relu6",
    "hardswish": "hard_swish",
    "hardsigmoid": "hard_sigmoid",
    "leakyrelu": "leaky_relu({negative_slope})",
    "elu": "elu({alpha})",
    "gelu": "gelu",
    "softmax": "softmax",
    "logsoftmax": "softmax",
}
_OTHER_NONLINEAR = ("hardtanh", "prelu", "celu", "glu", "tanhshrink", "softmin", "maxpool")
_NOTHING = ("identity", "dropout", "alphadropout", "dropout1d", "flatten")
_CONFIRMED_ROWS = 50
_TOLERANCE = 1e-5


def network_of_module(module: Any, X: Array) -> LoadedNetwork:
    """A network from a module; the module itself is left as it is.

    Args:
        module: a ``torch.nn.Module`` that takes a tensor (n, d).
        X: rows that it takes, (n, d).

    Raises:
        ModelError: it does not take them, or gives no tensor.
    """
    torch = import_module("torch")
    module = copy.deepcopy(module).eval().cpu()
    learned = sum(parameter.numel() for parameter in module.parameters())
    dtype = next((parameter.dtype for parameter in module.parameters()), torch.float32)
    call = _caller(module, dtype)
    try:
        reference = call(X[:_CONFIRMED_ROWS])
    except Exception as error:  # whatever a module makes of rows that it does not take
        raise ModelError(
            f"the module does not take rows of {X.shape[1]} columns: {clip(str(error), 160)}",
            hint="give rows in the shape that it takes, flattened only where it reshapes them",
        ) from error
    graph = _traced(module)
    loaded = None if graph is None else _dense(graph, module, reference[-1], X)
    if loaded is not None:
        return loaded
    names: list[str] = []
    note = "the module cannot be traced: only its output is explained"
    if graph is not None:
        names = _cuts(graph, module)
        call = _caller(module, dtype, graph, names)
        note = "the module is no stack of dense layers, and is called as it is"
    return LoadedNetwork(
        network_of_layers(call, X, learned=learned),
        "PyTorch module",
        layers=(*names, "output"),
        notes=(note,),
        rows=X,
    )


def _caller(
    module: Any, dtype: Any, graph: Any = None, names: Sequence[str] = ()
) -> Callable[[Array], list[Array]]:
    """A function of rows to the values of some nodes and the output, a row of units each."""
    torch = import_module("torch")

    def call(rows: Array) -> list[Array]:
        tensor = torch.from_dlpack(np.ascontiguousarray(rows)).to(dtype)
        with torch.no_grad():
            values = [module(tensor)] if graph is None else _run(graph, module, tensor, names)
        if not all(isinstance(value, torch.Tensor) for value in values):
            raise ModelError(f"the module gives a {type(values[-1]).__name__}, not one tensor")
        arrays = [np.from_dlpack(v.detach().to(torch.float64).contiguous()) for v in values]
        return [np.array(array).reshape(len(rows), -1) for array in arrays]

    return call


def _run(graph: Any, module: Any, tensor: Any, names: Sequence[str]) -> list[Any]:
    """The values of nodes by name, and of the output."""
    fx = import_module("torch.fx")
    interpreter = fx.Interpreter(fx.GraphModule(module, graph), garbage_collect_values=False)
    output = interpreter.run(tensor)
    by_name = {node.name: value for node, value in interpreter.env.items()}
    return [*(by_name[name] for name in names), output]


def _traced(module: Any) -> Any | None:
    """The graph of a module of one input, None where it cannot be traced."""
    fx = import_module("torch.fx")
    try:
        graph = fx.Tracer().trace(module)
    except Exception:  # whatever control flow does to the tracer
        return None
    inputs = [node for node in graph.nodes if node.op == "placeholder"]
    return graph if len(inputs) == 1 else None


def _dense(graph: Any, module: Any, reference: Array, X: Array) -> LoadedNetwork | None:
    """The module as dense layers, None where it is no such thing."""
    nodes = [node for node in graph.nodes if node.op != "output"]
    steps, stack = nodes[1:], Stack()
    if any([before] != node.all_input_nodes for before, node in pairwise(nodes)):
        return None
    if not all(_is_stacked(node, module, stack) for node in steps) or not stack.weights:
        return None
    try:
        network = stack.network()
    except ModelError:
        return None
    if not _confirmed(network, reference, X[: len(reference)]):
        return None
    return LoadedNetwork(
        network,
        "PyTorch module",
        layers=tuple(stack.names),
        notes=tuple(stack.notes),
        rows=X,
        says_output=stack.ends_in_softmax,
    )


def _confirmed(network: TrainedNetwork, reference: Array, X: Array) -> bool:
    """Whether the layers give what the module gives."""
    is_classifier = network.output_activation == "softmax"
    outputs = network.probabilities(X) if is_classifier else network.predict(X)
    if is_classifier and (reference <= 0).all():  # the module gives their logarithms
        reference = np.exp(reference)
    size = np.abs(reference).max(initial=1e-3)
    return outputs.shape == reference.shape and bool(
        np.abs(outputs - reference).max(initial=0.0) <= _TOLERANCE * size
    )


def _is_stacked(node: Any, module: Any, stack: Stack) -> bool:
    """Put a step on the stack; False where that cannot be done."""
    kind, part = _kind(node, module)
    try:
        if kind == "linear" and part is not None:
            weight = _array(part.weight)
            bias = np.zeros(len(weight)) if part.bias is None else _array(part.bias)
            stack.dense(weight, bias, str(node.target))
        elif kind == "batchnorm1d" and part is not None and part.running_mean is not None:
            spread = np.sqrt(_array(part.running_var) + part.eps)
            factor = (1.0 if part.weight is None else _array(part.weight)) / spread
            offset = 0.0 if part.bias is None else _array(part.bias)
            stack.scale(factor, offset - factor * _array(part.running_mean), str(node.target))
        elif kind in _ACTIVATIONS:
            facts = {"negative_slope": 0.01, "alpha": 1.0}
            arguments = {**facts, **(vars(part) if part is not None else node.kwargs)}
            if kind == "softplus" and (arguments.get("beta", 1) != 1):
                return False
            if kind == "gelu" and arguments.get("approximate", "none") != "none":
                return False
            stack.activate(_ACTIVATIONS[kind].format(**arguments), node.name)
        else:
            return kind in _NOTHING
    except ModelError:
        return False
    return True


def _kind(node: Any, module: Any) -> tuple[str, Any]:
    """What a node does, as one word, and the module that does it, if one does."""
    if node.op == "call_module":
        part = module.get_submodule(node.target)
        return type(part).__name__.lower(), part
    target = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    return target.replace("_", "").lower(), None


def _cuts(graph: Any, module: Any) -> list[str]:
    """The names of nonlinearities that no later step bypasses, in order."""
    nodes = list(graph.nodes)
    last_use = {used: place for place, node in enumerate(nodes) for used in node.all_input_nodes}
    alive: set[Any] = set()
    cuts: list[Any] = []
    for place, node in enumerate(nodes):
        if node.op != "output":
            alive.add(node)
        alive = {name for name in alive if last_use.get(name, -1) > place}
        kind, _ = _kind(node, module)
        is_nonlinear = kind in _ACTIVATIONS or kind.startswith(_OTHER_NONLINEAR)
        if is_nonlinear and alive == {node}:
            cuts.append(node)
    ends = nodes[-1].all_input_nodes
    return [node.name for node in cuts if node not in ends]


def _array(tensor: Any) -> Array:
    torch = import_module("torch")
    return np.array(np.from_dlpack(tensor.detach().to(torch.float64).contiguous()))
