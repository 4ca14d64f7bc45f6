"""``.npz`` and ``.safetensors``: srnet's own names of arrays, or those of a PyTorch state dict.

An ``.npz`` file of rows and values, and no weights, is one of ``activations_file``; what a run
keeps as its network is read whatever kind it is of.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from srnet_cli.networks import safetensors_file
from srnet_cli.networks.formats import read_contents
from srnet_cli.networks.layout import check_names, network_of
from srnet_cli.networks.readers.activations_file import holds_values, values_of
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes
from srnet_cli.networks.readers.state import network_of_state, numbers_first
from srnet_cli.networks.recorded import RecordedNetwork

_SILENT = "sigmoid"


def read(file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
    """Read arrays that are named in either way.

    Raises:
        ModelError: the file is damaged, or its arrays are no network.
    """
    suffix = Path(file.path).suffix.lower()
    if suffix != ".npz":
        tensors, _ = safetensors_file.parse(file.data)
        if any("." in name for name in tensors):
            state = safetensors_file.arrays_of_state(tensors)
            return network_of_state(numbers_first(state), wishes, "safetensors", is_ordered=False)
        opaque = safetensors_file.read_opaque(file.data)
        if opaque is not None:
            rows = opaque.rows if isinstance(opaque, RecordedNetwork) else None
            return LoadedNetwork(opaque, "network of a run", rows=rows)
    elif holds_values(file.data):
        return values_of(file.data, wishes)
    contents = read_contents(file.data, suffix)
    check_names(contents.arrays)
    network = network_of(contents, wishes.activation or _SILENT, None)
    says_output = contents.facts.output_activation is not None
    notes = []
    if contents.facts.activation is None and wishes.activation is None and len(network.weights) > 1:
        notes.append(
            f"the file does not name its activation: {_SILENT} is taken; "
            "network.activation names another"
        )
    count = len(network.weights)
    return LoadedNetwork(
        replace(network, output_activation=contents.facts.output_activation or "linear"),
        suffix,
        layers=tuple(f"weight{number}" for number in range(1, count + 1)),
        notes=tuple(notes),
        says_output=says_output,
    )
