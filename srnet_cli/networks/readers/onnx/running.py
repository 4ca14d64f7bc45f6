"""Graphs that are no stack of dense layers: they are run as they are in onnxruntime."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from srnet_cli.datasets.suggest import clip, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.graph import Feed, GraphNetwork, Layer
from srnet_cli.networks.readers.loaded import LoadedNetwork
from srnet_cli.networks.readers.onnx.graph import Graph, Port
from srnet_cli.networks.readers.onnx.layers import final_softmax, hidden_layers
from srnet_cli.networks.readers.onnx.models import with_free_batch, with_outputs
from srnet_cli.networks.readers.onnx.request import Form, Request, forms, used_inputs
from srnet_cli.networks.readers.onnx.runnable import check_operators
from srnet_cli.networks.readers.onnx.sizes import Shapes, tensor_shapes

_DOUBLE = 11  # TensorProto.DOUBLE


def read_as_it_is(request: Request, reason: str) -> LoadedNetwork:
    """Keep the graph, with its layers as outputs.

    Args:
        request: what is to be read.
        reason: why no dense layers are made of it, for the notes.

    Raises:
        ModelError: it cannot be run here, or not on rows of numbers.
    """
    ports = used_inputs(request)
    for port in ports:
        if not port.is_float:
            raise ModelError(f"the input {quoted(port.name)} takes whole numbers or text")
    check_operators(request.graph)
    request = replace(request, graph=replace(request.graph, inputs=tuple(ports)))
    form = forms(ports)[0]
    shapes = tensor_shapes(request.graph)
    hidden = hidden_layers(request)
    end = final_softmax(request)
    last = end.inputs[0] if end else request.output.name
    hidden = [name for name in hidden if name not in (request.output.name, last)]
    network = _graph_network(request, form, shapes, [*hidden, last])
    is_softmax = end is not None and end.op != "Sigmoid"
    if is_softmax:
        network = replace(network, output_activation="softmax")
    network.check()
    return LoadedNetwork(
        replace(network, learned=_learned(request.graph)),
        "ONNX",
        inputs=_input_names(ports, form),
        layers=(*hidden, request.output.name),
        shape=form.shapes[0] if len(ports) == 1 and len(form.shapes[0]) != 2 else (),
        notes=_notes(reason, hidden),
        says_output=is_softmax,
    )


def _learned(graph: Graph) -> int:
    constants = graph.constants.values()
    return sum(constant.size for constant in constants if constant.dtype.kind == "f")


def _notes(reason: str, hidden: Sequence[str]) -> tuple[str, ...]:
    note = f"run as it is in onnxruntime: it has {reason}"
    if hidden:
        return (note,)
    return (
        note,
        "no tensor on the way holds all that the output needs: only the output is explained",
    )


def _input_names(ports: Sequence[Port], form: Form) -> tuple[str, ...]:
    """Names for the columns of several inputs."""
    if len(ports) == 1:
        return ()
    return tuple(
        f"{clip(port.name)}_{column}"
        for port, shape in zip(ports, form.shapes, strict=True)
        for column in range(math.prod(shape))
    )


def _graph_network(
    request: Request, form: Form, shapes: Shapes, names: Sequence[str]
) -> GraphNetwork:
    """The graph with its layers as outputs, in the largest batches that it takes."""
    graph = request.graph
    layers = tuple(_layer(name, shapes, form, request.wishes.maps) for name in names)
    input_shapes = [
        tuple(size if size else 1 for size in port.shape or ()) for port in graph.inputs
    ]
    model = with_outputs(graph, names)
    if form.shapes[0][:1] != (1,):
        return _network(model, _feeds(graph, input_shapes, 1), layers, 1)
    free_feeds = _feeds(graph, [(0, *shape[1:]) for shape in input_shapes], 0)
    if any((port.shape or (1,))[0] is None for port in graph.inputs):
        single = _network(model, free_feeds, layers, 1)
    else:
        single = _network(model, _feeds(graph, input_shapes, form.rows), layers, form.rows)
    free = _network(with_free_batch(graph, names), free_feeds, layers, 0)
    return free if _gives_the_same(free, single) else single


def _network(
    model: bytes, feeds: tuple[Feed, ...], layers: tuple[Layer, ...], rows_per_call: int
) -> GraphNetwork:
    width = layers[-1].width
    return GraphNetwork(model, feeds, layers, rows_per_call, np.eye(width, width + 1))


def _feeds(graph: Graph, shapes: Sequence[tuple[int, ...]], rows: int) -> tuple[Feed, ...]:
    """The inputs, for so many rows a call; a shape begins with 0 where it is any number."""
    types = {value.name: value.type.tensor_type.elem_type for value in graph.model.graph.input}
    return tuple(
        Feed(
            port.name,
            shape,
            math.prod(shape[1:] if shape[:1] == (0,) else shape) // max(1, rows),
            "float64" if types[port.name] == _DOUBLE else "float32",
        )
        for port, shape in zip(graph.inputs, shapes, strict=True)
    )


def _layer(name: str, shapes: Shapes, form: Form, maps: str) -> Layer:
    if name not in shapes:
        raise ModelError(f"the shape of the tensor {quoted(name)} cannot be told")
    shape = shapes[name]
    if maps == "mean" and len(shape) > 2 and shape[0] == form.rows:
        return Layer(name, shape[1], channels=shape[1])
    return Layer(name, math.prod(shape) // form.rows)


def _gives_the_same(free: GraphNetwork, single: GraphNetwork) -> bool:
    """Whether a graph gives for rows together what it gives for each alone."""
    rng = np.random.default_rng(0)
    count = max(3, single.rows_per_call + 1)  # not as many as the graph was written for
    rows = rng.uniform(-1.0, 1.0, (count, free.widths[0]))
    try:
        together = free.activations(rows)
    except (ModelError, ValueError):
        return False
    alone = single.activations(rows)
    return all(
        np.allclose(some, others, rtol=1e-4, atol=1e-5, equal_nan=True)
        for some, others in zip(together, alone, strict=True)
    )
