"""Models that run: a graph with other outputs, and as many rows as there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srnet_cli.networks.readers.onnx.graph import Graph


def with_outputs(graph: Graph, names: Sequence[str]) -> bytes:
    """The model with these tensors as its outputs."""
    return _serialised(_model(graph, names))


def with_free_batch(graph: Graph, names: Sequence[str]) -> bytes:
    """The same, taking any number of rows: whether it does so rightly is for others to see."""
    model = _model(graph, names)
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        if dims:
            dims[0].ClearField("dim_value")
            dims[0].dim_param = "rows"
    return _serialised(model)


def _serialised(model: Any) -> bytes:
    return model.SerializeToString(deterministic=True)  # type: ignore[no-any-return]


def _model(graph: Graph, names: Sequence[str]) -> Any:
    import onnx

    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    del model.graph.value_info[:]
    del model.graph.output[:]
    del model.metadata_props[:]
    used = {port.name for port in graph.inputs} | set(graph.constants)
    kept_inputs = [value for value in model.graph.input if value.name in used]
    del model.graph.input[:]
    model.graph.input.extend(kept_inputs)
    for name in dict.fromkeys(names):
        model.graph.output.add().name = name
    kept_nodes = _needed_nodes(model, names)
    del model.graph.node[:]
    model.graph.node.extend(kept_nodes)
    return model


def _needed_nodes(model: Any, names: Sequence[str]) -> list[Any]:
    """Copies of the nodes that some tensors depend on, in order."""
    import onnx

    wanted, nodes = set(names), []
    for node in reversed(model.graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            nodes.append(node)
    return [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes[::-1]]
