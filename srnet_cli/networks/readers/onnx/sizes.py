"""The shape of every tensor before a graph runs, and how much memory it may take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import clip, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.onnx.folding.constants import known_constants
from srnet_cli.networks.readers.onnx.graph import Graph

Shapes = dict[str, tuple[int, ...]]

_MAX_TENSOR = 1 << 24
_MAX_RUN = 1 << 26  # values of all tensors of one row
_UNSIZED = ("Shape", "ZipMap")
_WITH_SECOND_OUTPUTS = ("LSTM", "GRU", "RNN", "Dropout", "BatchNormalization", "MaxPool")


def tensor_shapes(graph: Graph) -> Shapes:
    """The shape of every tensor for one row, as far as it can be told.

    Raises:
        ModelError: shapes do not fit, or take too much memory.
    """
    import onnx

    model = _model_for_a_row(graph)
    try:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except Exception as error:  # of its own kinds
        raise ModelError(
            f"the shapes of the graph do not fit: {clip(str(error).strip(), 160)}"
        ) from error
    shapes: Shapes = {}
    for value in [*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output]:
        tensor = value.type.tensor_type
        if tensor.HasField("shape") and all(dim.dim_value > 0 for dim in tensor.shape.dim):
            shapes[value.name] = tuple(dim.dim_value for dim in tensor.shape.dim)
    _check_memory(graph, shapes)
    return shapes


def _model_for_a_row(graph: Graph) -> Any:
    """The model for one row where it takes any number, and without the shapes that it claims."""
    import onnx

    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    del model.graph.value_info[:]
    _put_constants(model, graph)
    for value in model.graph.input:
        for dim in value.type.tensor_type.shape.dim[:1]:
            if dim.dim_value <= 0:
                dim.dim_value = 1
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    return model


def _put_constants(model: Any, graph: Graph) -> None:
    """Put what nodes make of constants alone, such as shapes, into the model in their place."""
    from onnx import numpy_helper

    known = known_constants(graph)
    kept = [node for node in model.graph.node if not all(n in known for n in node.output)]
    nodes = [type(node).FromString(node.SerializeToString()) for node in kept]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    for name, value in known.items():
        if name not in graph.constants:
            model.graph.initializer.append(
                numpy_helper.from_array(np.ascontiguousarray(value), name)
            )


def _check_memory(graph: Graph, shapes: Shapes) -> None:
    total, known = 0, known_constants(graph)
    for node in graph.nodes:
        for name in filter(None, node.outputs):
            if name not in shapes and name not in known and node.op not in _UNSIZED:
                if node.op in _WITH_SECOND_OUTPUTS:
                    continue
                raise ModelError(
                    f"the shape of the tensor {quoted(name)} cannot be told before the graph runs",
                    hint="export the network with all sizes fixed but the first",
                )
            size = math.prod(shapes.get(name, ()))
            total += size
            if size > _MAX_TENSOR or total > _MAX_RUN:
                raise ModelError(
                    f"the tensor {quoted(name)} would take {size} values for one row, too many"
                )
