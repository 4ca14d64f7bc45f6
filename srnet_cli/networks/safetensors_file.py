"""Networks in ``.safetensors``: the format srnet itself writes."""

from __future__ import annotations

import json
from typing import Any, get_args

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.activations import Activation, OutputActivation
from srnet_cli.networks.layout import (
    IGNORED,
    MAX_ARRAYS,
    Contents,
    Facts,
    arrays_of,
    as_float64,
    check_names,
    wrong_type,
)
from srnet_cli.networks.network import Network

FORMAT = 1
"""Version of what the metadata say; files of a newer version are refused."""

_METADATA = "srnet"  # one key, as safetensors writes several in random order
_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 128 * MAX_ARRAYS
_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


def write(network: Network) -> bytes:
    """Give a network as the bytes of a safetensors file; equal networks give equal bytes."""
    facts = {
        "format": FORMAT,
        "activation": network.activation,
        "output_activation": network.output_activation,
    }
    return save(arrays_of(network), metadata={_METADATA: json.dumps(facts, sort_keys=True)})


def read(data: bytes) -> Contents:
    """Read the arrays of a network, and what is said about it, from the bytes of a file.

    Raises:
        ModelError: the file is damaged, of a newer version, or holds anything but numbers.
    """
    header = data[_LENGTH_BYTES : _LENGTH_BYTES + _header_length(data)]
    try:
        tensors = dict(deserialize(data))  # type: ignore[no-untyped-call]
        metadata = json.loads(header).get("__metadata__") or {}
    except (SafetensorError, ValueError, RecursionError) as error:
        raise ModelError("not a whole safetensors file", hint="write or copy it again") from error
    check_names(tensors)
    wanted = {name: tensor for name, tensor in tensors.items() if name not in IGNORED}
    arrays = {name: _array(name, tensor) for name, tensor in wanted.items()}
    return Contents(arrays, _facts(metadata.get(_METADATA)))


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
        said = json.loads(text)
        version = said["format"]
        facts = Facts(said["activation"], said["output_activation"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError("its metadata are damaged", hint="write or copy it again") from error
    if version not in range(1, FORMAT + 1):
        raise ModelError(
            f"the file is of format {quoted(str(version))}, this srnet reads up to {FORMAT}",
            hint="upgrade srnet",
        )
    for value, known in (
        (facts.activation, get_args(Activation)),
        (facts.output_activation, get_args(OutputActivation)),
    ):
        if value not in known:
            raise ModelError(f"unknown activation {quoted(str(value))}; known: {', '.join(known)}")
    return facts
