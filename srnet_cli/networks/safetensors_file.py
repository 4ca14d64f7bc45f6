"""Networks in ``.safetensors``: the format srnet itself writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from srnet_cli.config.activation_names import parse_activation
from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import OutputActivation
from srnet_cli.networks.graph import Feed, GraphNetwork, Layer
from srnet_cli.networks.layout import (
    IGNORED,
    MAX_ARRAYS,
    SCALING,
    Contents,
    Facts,
    arrays_of,
    as_float64,
    check_names,
    scaler_of,
    scaling_arrays,
    wrong_type,
)
from srnet_cli.networks.network import Network
from srnet_cli.networks.opaque import OpaqueNetwork
from srnet_cli.networks.recorded import RecordedNetwork
from srnet_cli.networks.trained import Array, TrainedNetwork

Tensors = Mapping[str, dict[str, Any]]

FORMAT = 3
"""Version of what the metadata say; files of a newer version are refused."""

_METADATA = "srnet"  # one key, as safetensors writes several in random order
_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 128 * MAX_ARRAYS
_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


_GRAPH = "graph"
_RECORDED = "recorded"
_DENSE_FORMATS = (1, 2)  # the older where that can say it, so that older programs can read it
_GRAPH_FORMAT = 2
_RECORDED_FORMAT = 3


def write(network: TrainedNetwork) -> bytes:
    """Give a network as the bytes of a safetensors file; equal networks give equal bytes."""
    if isinstance(network, GraphNetwork):
        return _write_graph(network)
    if isinstance(network, RecordedNetwork):
        return _write_recorded(network)
    assert isinstance(network, Network)
    facts = {
        "format": _DENSE_FORMATS[not isinstance(network.activation, str)],
        "activation": network.activation,
        "output_activation": network.output_activation,
    }
    return save(arrays_of(network), metadata={_METADATA: json.dumps(facts, sort_keys=True)})


def _write_graph(network: GraphNetwork) -> bytes:
    arrays: dict[str, np.ndarray[Any, np.dtype[Any]]] = {
        _GRAPH: np.frombuffer(network.model, dtype=np.uint8),
        "readout": np.ascontiguousarray(network.readout),
        **scaling_arrays(network),
    }
    facts = {
        "format": _GRAPH_FORMAT,
        "kind": _GRAPH,
        "feeds": [asdict(feed) for feed in network.feeds],
        "layers": [asdict(layer) for layer in network.layers],
        "rows_per_call": network.rows_per_call,
        "learned": network.learned,
        "output_activation": network.output_activation,
    }
    return save(arrays, metadata={_METADATA: json.dumps(facts, sort_keys=True)})


def _write_recorded(network: RecordedNetwork) -> bytes:
    layers = {f"layer{number}": layer for number, layer in enumerate(network.layers, 1)}
    arrays = {"rows": network.rows, **layers, "readout": network.readout}
    arrays |= scaling_arrays(network)
    facts = {
        "format": _RECORDED_FORMAT,
        "kind": _RECORDED,
        "depth": len(layers),
        "activations": network.known_activations,
        "learned": network.learned,
        "output_activation": network.output_activation,
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(contiguous, metadata={_METADATA: json.dumps(facts, sort_keys=True)})


def read_opaque(data: bytes) -> OpaqueNetwork | None:
    """Read back a network that is no stack of dense layers; None where the file holds none.

    Raises:
        ModelError: the file is damaged.
    """
    tensors, metadata = parse(data)
    if "readout" not in tensors:
        return None
    try:
        facts = json.loads(metadata[_METADATA])
        is_graph = facts["kind"] == _GRAPH
        network = _graph_of(tensors, facts) if is_graph else _recorded_of(tensors, facts)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError("its metadata are damaged", hint="write or copy it again") from error
    network.check()
    return network


def _graph_of(tensors: Tensors, facts: dict[str, Any]) -> GraphNetwork:
    arrays = _known(tensors, ("readout", *SCALING))
    return GraphNetwork(
        model=bytes(tensors[_GRAPH]["data"]),
        feeds=tuple(Feed(**feed | {"shape": tuple(feed["shape"])}) for feed in facts["feeds"]),
        layers=tuple(Layer(**layer) for layer in facts["layers"]),
        rows_per_call=facts["rows_per_call"],
        readout=arrays["readout"],
        learned=facts["learned"],
        output_activation=facts["output_activation"],
        scaler=scaler_of(arrays),
    )


def _recorded_of(tensors: Tensors, facts: dict[str, Any]) -> RecordedNetwork:
    names = [f"layer{number}" for number in range(1, facts["depth"] + 1)]
    arrays = _known(tensors, ("rows", "readout", *names, *SCALING))
    return RecordedNetwork(
        rows=arrays["rows"],
        layers=tuple(arrays[name] for name in names),
        readout=arrays["readout"],
        known_activations=tuple(facts["activations"]),
        learned=facts["learned"],
        output_activation=facts["output_activation"],
        scaler=scaler_of(arrays),
    )


def _known(tensors: Tensors, names: Sequence[str]) -> dict[str, Array]:
    return {name: _array(name, tensors[name]) for name in names if name in tensors}


def read(data: bytes) -> Contents:
    """Read the arrays of a network, and what is said about it, from the bytes of a file.

    Raises:
        ModelError: the file is damaged, of a newer version, or holds anything but numbers.
    """
    tensors, metadata = parse(data)
    check_names(tensors)
    wanted = {name: tensor for name, tensor in tensors.items() if name not in IGNORED}
    arrays = {name: _array(name, tensor) for name, tensor in wanted.items()}
    return Contents(arrays, _facts(metadata.get(_METADATA)))


def parse(data: bytes) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The tensors of a file by name, as ``safetensors.deserialize`` has them, and its metadata.

    Raises:
        ModelError: the file is damaged.
    """
    header = data[_LENGTH_BYTES : _LENGTH_BYTES + _header_length(data)]
    try:
        tensors = dict(deserialize(data))  # type: ignore[no-untyped-call]
        metadata = json.loads(header).get("__metadata__") or {}
    except (SafetensorError, ValueError, RecursionError) as error:
        raise ModelError("not a whole safetensors file", hint="write or copy it again") from error
    return tensors, metadata


def arrays_of_state(tensors: Mapping[str, dict[str, Any]]) -> dict[str, Array]:
    """The tensors of a state dict as arrays, those of whole numbers left out.

    Raises:
        ModelError: a tensor holds something else than numbers.
    """
    whole = ("I64", "I32", "BOOL", "U8")
    return {
        name: _array(name, tensor)
        for name, tensor in tensors.items()
        if tensor["dtype"] not in whole
    }


def _header_length(data: bytes) -> int:
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if length > _MAX_HEADER_BYTES:
        raise ModelError("not a network in safetensors: its header is too long")
    return length


def _array(name: str, tensor: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    if tensor["dtype"] not in _DTYPES:
        raise wrong_type(name, tensor["dtype"])
    values = np.frombuffer(tensor["data"], dtype=_DTYPES[tensor["dtype"]])
    return as_float64(name, values.reshape(tensor["shape"]))


def _facts(text: str | None) -> Facts:
    if text is None:
        return Facts()
    try:
        record = json.loads(text)
        version = record["format"]
        activation = record["activation"]
        is_list = isinstance(activation, list)
        facts = Facts(tuple(activation) if is_list else activation, record["output_activation"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError("its metadata are damaged", hint="write or copy it again") from error
    if version not in range(1, FORMAT + 1):
        raise ModelError(
            f"the file is of format {quoted(str(version))}, this srnet reads up to {FORMAT}",
            hint="upgrade srnet",
        )
    names = facts.activation if isinstance(facts.activation, tuple) else (facts.activation,)
    for value in names:
        try:
            parse_activation(str(value))
        except ValueError as error:
            raise ModelError(str(error)) from error
    if facts.output_activation not in get_args(OutputActivation):
        known = ", ".join(get_args(OutputActivation))
        raise ModelError(f"unknown activation {quoted(facts.output_activation)}; known: {known}")
    return facts
