"""PyTorch's archives: state dicts, and TorchScript programs; read without PyTorch.

A state dict holds weights alone. A TorchScript program holds its modules as well: where it is a
sequence of modules that are known here, it says its activations itself; of others the weights are
read in the order of the modules, and the config has to say the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.activation_names import PARAMETERS, parse_activation
from srnet_cli.datasets.suggest import listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers import plain_pickle
from srnet_cli.networks.readers.archive import Archive, opened
from srnet_cli.networks.readers.plain_pickle import MAX_PICKLE, Module
from srnet_cli.networks.readers.record import LoadedNetwork, NetworkFile, Wishes
from srnet_cli.networks.readers.state import network_of_state

Tensors = dict[str, NDArray[Any]]

_DEPTH = 30
_MOST_TENSORS = 10_000
_STATE_KEYS = ("state_dict", "model_state_dict", "model", "net", "policy")
_KNOWN = {  # modules without parameters of their own, by the last word of their class
    "ReLU": "relu",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "SiLU": "silu",
    "Mish": "mish",
    "SELU": "selu",
    "ReLU6": "relu6",
    "Hardswish": "hard_swish",
    "Hardsigmoid": "hard_sigmoid",
}
_NOTHING = ("Identity", "Dropout", "Flatten", "AlphaDropout")
_SEQUENCE = "torch.nn.modules.container.Sequential"


def read(file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
    """Read a state dict or a TorchScript program.

    Raises:
        ModelError: the file is a pickle of another kind, damaged, or no stack of dense layers.
    """
    if not file.data.startswith(b"PK"):
        raise ModelError(
            "not an archive of torch.save; pickles of other kinds run code and are never loaded",
            hint="save the weights with PyTorch 1.6 or newer: torch.save(model.state_dict(), path)",
        )
    content = read_saved(file.data)
    if isinstance(content, Module):
        return _program(content, wishes)
    return network_of_state(_state(content), wishes, "PyTorch state dict", is_ordered=True)


def read_saved(data: bytes) -> Any:
    """What ``torch.save`` or ``torch.jit.save`` has written, as plain data.

    Returns:
        Of a TorchScript program its ``Module``; else dictionaries, lists, arrays and texts.

    Raises:
        ModelError: the archive is damaged, or holds something that is not plain data.
    """
    with opened(data, "PyTorch") as archive:
        folder = _folder(archive)
        is_program = f"{folder}constants.pkl" in archive.names
        content = plain_pickle.load(
            archive.read(f"{folder}data.pkl", MAX_PICKLE),
            lambda key: archive.read(f"{folder}data/{key}"),
            has_modules=is_program,
        )
    if is_program and not isinstance(content, Module):
        raise ModelError("the TorchScript file holds no module")
    return content


def _folder(archive: Archive) -> str:
    folder = archive.pytorch_folder("data.pkl")
    if folder is None:
        raise ModelError(
            "the archive is none of torch.save: it holds no data.pkl",
            hint="save the weights with torch.save(model.state_dict(), path), or export as ONNX",
        )
    return folder


# --- state dicts ----------------------------------------------------------------------------------


def _state(content: Any) -> Tensors:
    """The tensors of a state dict, which may lie in a checkpoint beside other things."""
    found = dict(_states(content, "", 0))
    if not found:
        raise ModelError(
            "the file holds no state dict: no dictionary of tensors",
            hint="save the weights with torch.save(model.state_dict(), path)",
        )
    for key in ("", *_STATE_KEYS):
        if key in found:
            return found[key]
    if len(found) > 1:
        raise ModelError(f"the file holds several state dicts: {listed(list(found), 8)}")
    return next(iter(found.values()))


def _states(content: Any, where: str, depth: int) -> Iterator[tuple[str, Tensors]]:
    if not isinstance(content, Mapping) or depth > 3:
        return
    tensors = {
        key: value
        for key, value in content.items()
        if isinstance(key, str) and isinstance(value, np.ndarray)
    }
    if len(tensors) > _MOST_TENSORS:
        raise ModelError(f"the file holds more than {_MOST_TENSORS} tensors")
    if any(key.rpartition(".")[2] == "weight" for key in tensors):
        yield where, tensors
        return
    for key, value in content.items():
        if isinstance(key, str):
            yield from _states(value, key if not where else f"{where}.{key}", depth + 1)


# --- TorchScript ----------------------------------------------------------------------------------


@dataclass
class _Walk:
    """What is found on the way through the modules of a program.

    Attributes:
        tensors: by dotted name, in order.
        activations: of the dense layers so far, in order; None once it cannot be told.
        strange: modules that are not known, with what they say of themselves.
        is_sequence: whether every module with parts is a sequence.
    """

    tensors: Tensors = field(default_factory=dict)
    activations: list[str] = field(default_factory=list)
    strange: dict[str, str] = field(default_factory=dict)
    is_sequence: bool = True


def _program(content: Module, wishes: Wishes) -> LoadedNetwork:
    walk = _Walk()
    _visit(content, "", walk, 0)
    if len(walk.tensors) > _MOST_TENSORS:
        raise ModelError(f"the file holds more than {_MOST_TENSORS} tensors")
    says = walk.is_sequence and not walk.strange and wishes.layers is None
    loaded = network_of_state(
        walk.tensors,
        wishes,
        "TorchScript",
        is_ordered=True,
        activations=walk.activations if says else None,
        remark=_remark(walk),
    )
    if says:
        return loaded
    note = (
        "of a TorchScript program the weights are read, in the order of its modules; that its "
        "forward pass is a stack of layers with the activation of the config is not checked"
    )
    return LoadedNetwork(
        loaded.network, loaded.kind, layers=loaded.layers, notes=(*loaded.notes, note)
    )


def _remark(walk: _Walk) -> str:
    said = [f"{name}{words}" for name, words in walk.strange.items()]
    return f"; between the layers there is {listed(said, 3)}" if said else ""


def _visit(module: Module, where: str, walk: _Walk, depth: int) -> None:
    if depth > _DEPTH:
        raise ModelError("the modules are nested too deeply")
    own = {key: part for key, part in module.parts.items() if isinstance(part, np.ndarray)}
    inner = {key: part for key, part in module.parts.items() if isinstance(part, Module)}
    prefix = f"{where}." if where else ""
    walk.tensors |= {f"{prefix}{key}": value for key, value in own.items()}
    name = re.sub(r"___torch_mangle_[0-9]+\.", "", module.kind)
    if "weight" in own and own["weight"].ndim == 2:
        walk.activations.append("linear")
    elif not own and not inner:
        _leaf(module, name, walk)
    elif inner and name != _SEQUENCE:
        walk.is_sequence = False
    for key, part in inner.items():
        _visit(part, f"{prefix}{key}", walk, depth + 1)


def _leaf(module: Module, name: str, walk: _Walk) -> None:
    """A module without weights: an activation, or nothing at all."""
    word = name.rpartition(".")[2]
    is_own = name.startswith("torch.nn.modules.")
    if is_own and word in _NOTHING:
        return
    if is_own and word in _KNOWN and walk.activations and walk.activations[-1] == "linear":
        walk.activations[-1] = _KNOWN[word]
        return
    says = [
        f"{key} = {quoted(value)}"
        for key, value in module.parts.items()
        if isinstance(value, str) and _is_activation(value)
    ]
    walk.strange[word] = f" with {listed(says, 2)}" if says else ""


def _is_activation(text: str) -> bool:
    try:
        return parse_activation(text).name in PARAMETERS
    except ValueError:
        return False
