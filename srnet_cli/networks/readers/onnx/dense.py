"""The network as dense layers, where onnxruntime confirms them."""

from __future__ import annotations

from dataclasses import replace

from srnet_cli.networks.network import Network
from srnet_cli.networks.readers.loaded import LoadedNetwork
from srnet_cli.networks.readers.onnx.confirming import is_confirmed
from srnet_cli.networks.readers.onnx.folding.folder import fold
from srnet_cli.networks.readers.onnx.folding.values import NotDense
from srnet_cli.networks.readers.onnx.graph import Port
from srnet_cli.networks.readers.onnx.request import Form, Request, forms, used_inputs


def read_dense(request: Request) -> LoadedNetwork:
    """Make dense layers of the graph.

    Raises:
        ModelError: its inputs are none that rows could go into.
        NotDense: it is no stack of dense layers.
    """
    used = used_inputs(request)
    if len(used) > 1:
        raise NotDense(f"{len(used)} inputs")
    reasons = []
    for form in forms(used):
        try:
            return _read_in_form(request, used[0], form)
        except NotDense as error:
            reasons.append(str(error))
    raise NotDense(reasons[0])


def _read_in_form(request: Request, port: Port, form: Form) -> LoadedNetwork:
    shape = form.shapes[0]
    folded = fold(request.graph, port.name, shape, request.output.name)
    network: Network = folded.network
    network.check()
    if not is_confirmed(request, port, form, folded):
        raise NotDense("results that onnxruntime does not confirm")
    if folded.is_softmax:
        network = replace(network, output_activation="softmax")
    is_vector = len(shape) == 2 and shape[0] == 1
    return LoadedNetwork(
        network,
        "ONNX",
        layers=folded.layers,
        shape=() if is_vector else shape,
        notes=folded.notes,
        says_output=folded.is_softmax,
    )
