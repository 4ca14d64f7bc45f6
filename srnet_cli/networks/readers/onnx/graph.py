"""ONNX files as plain values: nodes with attributes, constants, inputs and outputs with shapes."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.suggest import listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import MAX_BYTES, NetworkFile, require
from srnet_cli.networks.readers.onnx.protobuf_scan import check_model

Constant = NDArray[Any]

FLOAT_TYPES = (1, 10, 11, 16)
"""float, float16, double and bfloat16 in ``TensorProto.DataType``."""

_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
_EXTERNAL = 1  # TensorProto.EXTERNAL


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes:
        op: its type, such as ``Gemm``.
        inputs, outputs: names of tensors; an input left out is empty.
        attributes: plain values; graphs are None.
        domain: empty for ONNX's own operators.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    domain: str = ""


@dataclass(frozen=True)
class Port:
    """An input or output of the graph; a free dimension is None, an unknown shape too."""

    name: str
    shape: tuple[int | None, ...] | None
    is_float: bool


@dataclass(frozen=True)
class Graph:
    """A graph in the order of execution.

    Attributes:
        nodes: the operations.
        constants: tensors with a value, by name.
        inputs, outputs: what goes in and comes out.
        opset: version of ONNX's own operators.
        model: the parsed ``onnx.ModelProto``, its external data read in.
    """

    nodes: tuple[Node, ...]
    constants: Mapping[str, Constant]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    opset: int
    model: Any

    @property
    def operators(self) -> str:
        """The kinds of operations in it, for messages."""
        return listed(list(dict.fromkeys(node.op for node in self.nodes)), 8)

    def needed_nodes(self, output: str) -> list[Node]:
        """The operations that a tensor depends on, in order."""
        wanted, needed = {output}, []
        for node in reversed(self.nodes):
            if wanted.intersection(node.outputs):
                needed.append(node)
                wanted.update(node.inputs)
        return needed[::-1]

    def needed_tensors(self, output: str) -> set[str]:
        """The names of the tensors that a tensor depends on, and its own."""
        return {output}.union(*(node.inputs for node in self.needed_nodes(output)))


def read_graph(file: NetworkFile) -> Graph:
    """Parse an ONNX file.

    Raises:
        ModelError: it is damaged, too large, or has what is never read.
    """
    check_model(file.data)
    onnx = require("onnx", "onnx", "an ONNX file")
    try:
        model = onnx.load_model_from_string(file.data)
    except Exception as error:  # protobuf's own, whichever of its backends is in use
        raise ModelError("not a whole ONNX file", hint="export or copy it again") from error
    graph = model.graph
    if model.functions or graph.sparse_initializer:
        raise ModelError("the graph has functions or sparse tensors of its own, which are not read")
    _check_names(graph)
    _sort(graph)
    for tensor in _tensors(graph):
        _take_in(tensor, file.path.parent)
    constants = {tensor.name: _array(tensor) for tensor in graph.initializer}
    opsets = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    return Graph(
        nodes=tuple(_node(node) for node in graph.node),
        constants=constants,
        inputs=tuple(_port(value) for value in graph.input if value.name not in constants),
        outputs=tuple(_port(value) for value in graph.output),
        opset=max(opsets, default=1),
        model=model,
    )


def _check_names(graph: Any) -> None:
    """Check that all names are texts: those that are not UTF-8 are read as bytes.

    Raises:
        ModelError: one is not.
    """
    values = (*graph.input, *graph.output, *graph.value_info, *_tensors(graph))
    names = [value.name for value in values]
    for node in graph.node:
        names += [node.name, node.op_type, node.domain, *node.input, *node.output]
        names += [attribute.name for attribute in node.attribute]
    if not all(isinstance(name, str) for name in names):
        raise ModelError(
            "not a whole ONNX file: a name in it is no text", hint="export or copy it again"
        )


def _sort(graph: Any) -> None:
    """Bring the nodes into an order in which they can run; some writers care for none.

    Raises:
        ModelError: there is no such order.
    """
    known = {"", *(value.name for value in (*graph.input, *graph.initializer))}
    readers: dict[str, list[int]] = {}
    missing: list[int] = []
    for place, node in enumerate(graph.node):
        awaited = set(node.input) - known
        missing.append(len(awaited))
        for name in awaited:
            readers.setdefault(name, []).append(place)
    ready = [place for place, count in enumerate(missing) if count == 0]
    heapq.heapify(ready)  # the earliest first, so that a graph in order stays as it is
    order: list[int] = []
    while ready:
        order.append(heapq.heappop(ready))
        for name in set(graph.node[order[-1]].output):
            for place in readers.pop(name, ()):
                missing[place] -= 1
                if missing[place] == 0:
                    heapq.heappush(ready, place)
    if len(order) < len(missing):
        names = listed(sorted(readers), 4)
        raise ModelError(f"the graph uses tensors that nothing in it gives, or a loop: {names}")
    if order != sorted(order):
        nodes = [
            type(graph.node[place]).FromString(graph.node[place].SerializeToString())
            for place in order
        ]
        del graph.node[:]
        graph.node.extend(nodes)


def _tensors(graph: Any) -> list[Any]:
    """Every tensor of a graph, those of constants too."""
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    inner = [attribute.t for attribute in attributes if attribute.HasField("t")]
    return [*graph.initializer, *inner, *(t for a in attributes for t in a.tensors)]


def _take_in(tensor: Any, folder: Path) -> None:
    """Read what a tensor keeps in a file beside the network's, which may lie nowhere else."""
    if tensor.data_location != _EXTERNAL:
        return
    facts = {entry.key: entry.value for entry in tensor.external_data}
    name = facts.get("location", "")
    try:
        offset, length = int(facts.get("offset", 0)), int(facts.get("length", -1))
        path, home = (folder / name).resolve(strict=True), folder.resolve(strict=True)
        if not name or "\0" in name or home not in path.parents or not path.is_file():
            raise ValueError(name)
        size = path.stat().st_size
        length = size - offset if length < 0 else length
        if offset < 0 or offset + length > size or length > MAX_BYTES:
            raise ValueError(name)
        with path.open("rb") as data:
            data.seek(offset)
            tensor.raw_data = data.read(length)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the tensor {quoted(tensor.name)} is said to lie in {quoted(name)}, which is no part "
            "of a file in the network's folder",
            hint="save the network as one file: onnx.save(onnx.load(path), new_path)",
        ) from error
    tensor.data_location = 0
    del tensor.external_data[:]


def _array(tensor: Any) -> Constant:
    from onnx import numpy_helper

    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # whatever a damaged tensor does to the parser
        raise ModelError(f"the tensor {quoted(tensor.name)} is damaged") from error


def _node(node: Any) -> Node:
    if node.domain not in _DOMAINS:
        raise ModelError(
            f"the graph has the operator {quoted(node.op_type)} of {quoted(node.domain)}, "
            "which only its maker's program can run",
            hint="export it with ONNX's own operators",
        )
    attributes = {attribute.name: _attribute(attribute) for attribute in node.attribute}
    return Node(node.op_type, tuple(node.input), tuple(node.output), attributes, node.domain)


def _attribute(attribute: Any) -> Any:
    from onnx import AttributeProto, helper

    if attribute.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS):
        return None
    if attribute.type == AttributeProto.TENSOR:
        return _array(attribute.t)
    try:
        value = helper.get_attribute_value(attribute)
    except ValueError as error:
        raise ModelError(f"the attribute {quoted(attribute.name)} is damaged") from error
    if attribute.type == AttributeProto.FLOAT:
        return float(str(np.float32(value)))  # 0.1 rather than 0.10000000149
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _port(value: Any) -> Port:
    tensor = value.type.tensor_type
    shape = None
    if tensor.HasField("shape"):
        sizes = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in tensor.shape.dim]
        shape = tuple(size if size > 0 else None for size in sizes)
    return Port(value.name, shape, tensor.elem_type in FLOAT_TYPES)
