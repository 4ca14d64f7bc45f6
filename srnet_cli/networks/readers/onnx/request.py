"""What is to be read of a graph: which output, from which inputs, and how rows go in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from srnet_cli.datasets.suggest import clip, listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.onnx.graph import Graph, Port

_MAX_INPUTS = 100_000


class Form(NamedTuple):
    """How rows go in.

    Attributes:
        shapes: of every input in one call.
        rows: in one call.
    """

    shapes: tuple[tuple[int, ...], ...]
    rows: int


@dataclass(frozen=True)
class Request:
    """What is to be read.

    Attributes:
        graph: the graph.
        output: the tensor to explain.
        wishes: what the config says.
    """

    graph: Graph
    output: Port
    wishes: Wishes


def chosen_output(graph: Graph, wishes: Wishes) -> Port:
    """The output to explain.

    Raises:
        ModelError: there are several, and the config names none, or one that there is not.
    """
    if len(wishes.outputs) > 1:
        raise ModelError("an ONNX network is explained one output at a time; name one")
    if wishes.outputs:
        return _named_output(graph, wishes.outputs[0])
    usable = [port for port in graph.outputs if port.is_float] or list(graph.outputs)
    if not usable:
        raise ModelError("the graph has no output", hint="export the network with its output")
    if len(usable) > 1:
        raise ModelError(
            f"the graph has {len(usable)} outputs ({_output_names(graph)})",
            hint="network.outputs chooses, such as outputs: [" + clip(usable[0].name) + "]",
        )
    return usable[0]


def _named_output(graph: Graph, name: str) -> Port:
    """The output, or the tensor on the way, that has a name."""
    outputs = {port.name: port for port in graph.outputs}
    if name in outputs:
        return outputs[name]
    if any(name in node.outputs for node in graph.nodes):
        return Port(name, None, is_float=True)
    raise ModelError(f"there is no output {quoted(name)}; there are {_output_names(graph)}")


def _output_names(graph: Graph) -> str:
    return listed(list(dict.fromkeys(port.name for port in graph.outputs)), 12)


def check_dependence(request: Request) -> None:
    """Check that the output depends on an input.

    Raises:
        ModelError: it does not.
    """
    if not used_inputs(request):
        raise ModelError(
            f"the output {quoted(request.output.name)} does not depend on the input",
            hint="there is nothing to explain: the graph always gives the same",
        )


def used_inputs(request: Request) -> list[Port]:
    """The inputs that the output depends on."""
    needed = request.graph.needed_tensors(request.output.name)
    return [port for port in request.graph.inputs if port.name in needed]


def forms(ports: Sequence[Port]) -> list[Form]:
    """The ways in which rows may go in, the likeliest first.

    Raises:
        ModelError: shapes are unknown, or have free dimensions beside the batch's.
    """
    shapes = [_known_shape(port) for port in ports]
    if sum(math.prod(size or 1 for size in shape) for shape in shapes) > _MAX_INPUTS:
        raise ModelError(f"the network has more than {_MAX_INPUTS} inputs")
    single = tuple((1, *(size or 1 for size in shape[1:])) if shape else () for shape in shapes)
    whole = tuple(tuple(size or 1 for size in shape) for shape in shapes)
    batches = {shape[0] if shape else 0 for shape in shapes}
    if len(batches) == 1 and 0 not in batches and all(len(shape) > 1 for shape in shapes):
        batch = batches.pop()
        if batch is None or batch == 1:
            return [Form(single, 1)]
        return [Form(single, batch), Form(whole, 1)]
    return [Form(whole, 1)]


def _known_shape(port: Port) -> tuple[int | None, ...]:
    """The shape of an input, of which the first dimension alone may be free."""
    if port.shape is None:
        raise ModelError(f"the shape of the input {quoted(port.name)} is not known")
    if None in port.shape[1:]:
        written = " × ".join("?" if size is None else str(size) for size in port.shape)
        raise ModelError(
            f"the input {quoted(port.name)} has the free dimensions {written}",
            hint="export the network with all sizes fixed but the first",
        )
    return port.shape
