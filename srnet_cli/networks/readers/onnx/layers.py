"""Which tensors of a graph that is run are its layers."""

from __future__ import annotations

from srnet_cli.datasets.suggest import listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.onnx.folding.elementwise import NONLINEAR
from srnet_cli.networks.readers.onnx.graph import Graph, Node
from srnet_cli.networks.readers.onnx.request import Request

_POOLS = ("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool")


def hidden_layers(request: Request) -> list[str]:
    """The tensors that are layers: as asked for, or those that all later ones depend on alone.

    Raises:
        ModelError: one that is asked for is not in the graph.
    """
    graph = request.graph
    dependent = _dependent(graph)
    if request.wishes.layers is None:
        return [_pooled(graph, name) for name in _cuts(graph, dependent)]
    for name in request.wishes.layers:
        if name not in dependent:
            near = [tensor for tensor in dependent if tensor not in graph.constants]
            raise ModelError(
                f"no tensor {quoted(name)} depends on the input; there are {listed(near, 12)}"
            )
    return list(request.wishes.layers)


def final_softmax(request: Request) -> Node | None:
    """The softmax that makes the output, if there is one; of classes also a sigmoid."""
    ends = ("Softmax", "LogSoftmax", *(("Sigmoid",) if request.wishes.has_classes else ()))
    for node in request.graph.nodes:
        if request.output.name in node.outputs and node.op in ends:
            return node
    return None


def _dependent(graph: Graph) -> dict[str, None]:
    """The tensors that depend on an input, in order."""
    dependent = dict.fromkeys(port.name for port in graph.inputs)
    for node in graph.nodes:
        if any(name in dependent for name in node.inputs) and node.op not in ("Shape", "Size"):
            dependent.update(dict.fromkeys(filter(None, node.outputs)))
    return dependent


def _cuts(graph: Graph, dependent: dict[str, None]) -> list[str]:
    """The results of nonlinearities that no later tensor bypasses, in order."""
    last_use = {name: place for place, node in enumerate(graph.nodes) for name in node.inputs}
    alive = {port.name for port in graph.inputs}
    cuts: list[str] = []
    for place, node in enumerate(graph.nodes):
        results = [name for name in node.outputs if name in dependent and name in last_use]
        alive.update(results)
        alive = {name for name in alive if last_use.get(name, -1) > place}
        if node.op in NONLINEAR and len(results) == 1 and alive == set(results):
            cuts.append(results[0])
    return cuts


def _pooled(graph: Graph, name: str) -> str:
    """The tensor itself, or what pooling makes of it, where nothing else reads it."""
    readers = [node for node in graph.nodes if name in node.inputs]
    is_pooled = len(readers) == 1 and readers[0].op in _POOLS
    return readers[0].outputs[0] if is_pooled else name
