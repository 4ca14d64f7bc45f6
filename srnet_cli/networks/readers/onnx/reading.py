"""Reading an ONNX file: dense layers where it is such, else the graph as it is."""

from __future__ import annotations

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes
from srnet_cli.networks.readers.onnx.dense import read_dense
from srnet_cli.networks.readers.onnx.folding.values import NotDense
from srnet_cli.networks.readers.onnx.graph import read_graph
from srnet_cli.networks.readers.onnx.request import Request, check_dependence, chosen_output
from srnet_cli.networks.readers.onnx.running import read_as_it_is


def read(file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
    """Read an ONNX graph, as dense layers where it is such, else as it is.

    Raises:
        ModelError: the file is damaged, or a graph of which no network can be made.
    """
    graph = read_graph(file)
    request = Request(graph, chosen_output(graph, wishes), wishes)
    if not graph.inputs:
        raise ModelError("the graph has no input", hint="export the network with its input")
    check_dependence(request)
    if wishes.layers is not None or wishes.maps != "flatten":
        return read_as_it_is(request, "layers or maps of its own are asked for")
    try:
        return read_dense(request)
    except NotDense as error:
        reason = str(error)
    return read_as_it_is(request, reason)
