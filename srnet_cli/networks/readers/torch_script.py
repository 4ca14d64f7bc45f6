"""TorchScript programs: modules in modules, with their weights.

A sequence of modules that are known here says its activations itself; of other programs the weights
are read in the order of the modules, and the config has to say the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.activation_names import PARAMETERS, parse_activation
from srnet_cli.datasets.suggest import listed, quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import LoadedNetwork, Wishes
from srnet_cli.networks.readers.plain_pickle import Module
from srnet_cli.networks.readers.state import MAX_TENSORS, network_of_state

_DEPTH = 30
_ACTIVATIONS = {  # modules without parameters of their own, by the last word of their class
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
_PASSING = ("Identity", "Dropout", "Flatten", "AlphaDropout")
_SEQUENCE = "torch.nn.modules.container.Sequential"


@dataclass
class _Walk:
    """What is found on the way through the modules of a program.

    Attributes:
        tensors: by dotted name, in order.
        activations: of the dense layers so far, in order; None once it cannot be told.
        strange: modules that are not known, with what they say of themselves.
        is_sequence: whether every module with parts is a sequence.
    """

    tensors: dict[str, NDArray[Any]] = field(default_factory=dict)
    activations: list[str] = field(default_factory=list)
    strange: dict[str, str] = field(default_factory=dict)
    is_sequence: bool = True


def network_of_program(content: Any, wishes: Wishes) -> LoadedNetwork:
    """A network of the pickle of a TorchScript program.

    Args:
        content: what ``plain_pickle`` makes of it.
        wishes: what the config says of it.

    Raises:
        ModelError: it holds no module, or modules that are no stack of dense layers.
    """
    if not isinstance(content, Module):
        raise ModelError("the TorchScript file holds no module")
    walk = _Walk()
    _visit(content, "", walk, 0)
    if len(walk.tensors) > MAX_TENSORS:
        raise ModelError(f"the file holds more than {MAX_TENSORS} tensors")
    says_activations = walk.is_sequence and not walk.strange and wishes.layers is None
    loaded = network_of_state(
        walk.tensors,
        wishes,
        "TorchScript",
        is_ordered=True,
        activations=walk.activations if says_activations else None,
        remark=_remark(walk),
    )
    if says_activations:
        return loaded
    note = (
        "of a TorchScript program the weights are read, in the order of its modules; that its "
        "forward pass is a stack of layers with the activation of the config is not checked"
    )
    return LoadedNetwork(
        loaded.network, loaded.kind, layers=loaded.layers, notes=(*loaded.notes, note)
    )


def _remark(walk: _Walk) -> str:
    modules = [f"{name}{words}" for name, words in walk.strange.items()]
    return f"; between the layers there is {listed(modules, 3)}" if modules else ""


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
    if is_own and word in _PASSING:
        return
    if is_own and word in _ACTIVATIONS and walk.activations and walk.activations[-1] == "linear":
        walk.activations[-1] = _ACTIVATIONS[word]
        return
    activations = [
        f"{key} = {quoted(value)}"
        for key, value in module.parts.items()
        if isinstance(value, str) and _is_activation(value)
    ]
    walk.strange[word] = f" with {listed(activations, 2)}" if activations else ""


def _is_activation(text: str) -> bool:
    try:
        return parse_activation(text).name in PARAMETERS
    except ValueError:
        return False
