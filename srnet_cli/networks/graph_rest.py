"""The rest of a graph: what it computes from a layer on, as a network of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from srnet_cli.errors import ModelError
from srnet_cli.networks.graph import Feed, GraphNetwork, Layer, run_session
from srnet_cli.networks.trained import Array

_ROWS = 256


def can_begin_at(network: GraphNetwork, layer: int) -> bool:
    """Whether a layer's units, counted from 1, are all that the graph computes there: means of maps
    are not."""
    return network.layers[layer - 1].channels == 0


class GraphRest:
    """What a graph computes from the units of a layer on.

    Where the rest of the graph reads its inputs too, past the layer, it is given them as well.

    Args:
        network: the graph.
        layer: the layer, from 1; ``can_begin_at`` it.

    Raises:
        ModelError: onnx or onnxruntime is missing, or the graph cannot be cut there.
    """

    def __init__(self, network: GraphNetwork, layer: int) -> None:
        begin, self._network = network.layers[layer - 1], network
        model, reached = _cut(network, begin.name, [each.name for each in network.layers[layer:]])
        starts = np.cumsum([0, *(feed.size for feed in network.feeds)])
        self._columns = [
            column
            for feed, start in zip(network.feeds, starts.tolist(), strict=False)
            if feed.name in reached
            for column in range(start, start + feed.size)
        ]
        feed, rows = _feed(network, begin)
        self._rest = replace(
            network,
            model=model,
            feeds=(feed, *(each for each in network.feeds if each.name in reached)),
            layers=network.layers[layer:],
            rows_per_call=rows,
            scaler=None,
        )

    def __call__(self, units: Array, X: Array) -> Array:
        """The network's outputs, (n, m_L).

        Args:
            units: of the layer, (n, m_l).
            X: raw rows, (n, d), of which the rest takes what it reads itself.
        """
        if self._columns:
            units = np.hstack([units, self._network.inputs(X)[:, self._columns]])
        return self._rest.predict(units)


def _feed(network: GraphNetwork, layer: Layer) -> tuple[Feed, int]:
    """(the layer's tensor as an input, how many rows a call takes)."""
    rows = network.rows_per_call
    if rows:
        values = _values(network, layer.name, rows)
        return Feed(layer.name, values.shape, layer.width, str(values.dtype)), rows
    values = _values(network, layer.name, _ROWS)
    if values.shape[:1] == (_ROWS,):
        return Feed(layer.name, (0, *values.shape[1:]), layer.width, str(values.dtype)), 0
    return Feed(layer.name, values.shape, layer.width, str(values.dtype)), _ROWS


def _values(network: GraphNetwork, name: str, rows: int) -> Any:
    """A tensor of the graph at so many rows of zeros."""
    feeds = {
        feed.name: np.zeros(
            (rows, *feed.shape[1:]) if feed.shape[:1] == (0,) else feed.shape, feed.dtype
        )
        for feed in network.feeds
    }
    return np.asarray(run_session(network.model).run([name], feeds)[0])


def _cut(network: GraphNetwork, name: str, outputs: list[str]) -> tuple[bytes, set[str]]:
    """(the graph from a tensor to others, which of its own inputs it still reads)."""
    try:
        onnx = import_module("onnx")
    except ImportError as error:
        raise ModelError(
            "cutting a graph needs the package onnx", hint="pip install 'srnet[onnx]'"
        ) from error
    model = onnx.load_from_string(network.model)
    graph = model.graph
    makers = {made: place for place, node in enumerate(graph.node) for made in node.output}
    names, needed = list(outputs), {name, ""}
    used: set[int] = set()
    while names:
        wanted = names.pop()
        if wanted in needed:
            continue
        needed.add(wanted)
        place = makers.get(wanted)
        if place is not None and place not in used:
            used.add(place)
            names += _reads(graph.node[place])
    nodes = [graph.node[place] for place in sorted(used)]
    for node in nodes:  # one that is needed for something else must not make the tensor again
        for place, made in enumerate(node.output):
            if made == name:
                node.output[place] = f"{name} as it was"
    dtype = _values(network, name, network.rows_per_call or 1).dtype
    kind = onnx.helper.np_dtype_to_tensor_dtype(dtype)
    inputs = [value for value in graph.input if value.name in needed - {name}]
    constants = [value for value in graph.initializer if value.name in needed]
    rest = onnx.helper.make_graph(
        nodes,
        graph.name or "rest",
        [onnx.helper.make_tensor_value_info(name, kind, None), *inputs],
        [value for value in graph.output if value.name in outputs],
        constants,
    )
    rest.sparse_initializer.extend(graph.sparse_initializer)
    model.graph.CopyFrom(rest)
    reached = {value.name for value in inputs} - {value.name for value in constants}
    return bytes(model.SerializeToString()), reached


def _reads(node: Any) -> Iterator[str]:
    """The tensors that a node reads, those that graphs inside it read included."""
    yield from (name for name in node.input if name)
    for attribute in node.attribute:
        for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            for node_inside in inner.node:
                yield from _reads(node_inside)
            yield from (output.name for output in inner.output)
