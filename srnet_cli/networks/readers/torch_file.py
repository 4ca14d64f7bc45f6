"""PyTorch's archives: state dicts, and TorchScript programs; read without PyTorch.

A state dict holds weights alone, see ``state``; a program its modules too, see ``torch_script``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import listed
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers import plain_pickle
from srnet_cli.networks.readers.archive import Archive, opened
from srnet_cli.networks.readers.loaded import LoadedNetwork, NetworkFile, Wishes
from srnet_cli.networks.readers.plain_pickle import MAX_PICKLE, Module
from srnet_cli.networks.readers.state import MAX_TENSORS, Tensors, network_of_state
from srnet_cli.networks.readers.torch_script import network_of_program

_STATE_KEYS = ("state_dict", "model_state_dict", "model", "net", "policy")


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
        return network_of_program(content, wishes)
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


def _state(content: Any) -> Tensors:
    """The tensors of a state dict, which may lie in a checkpoint beside other things."""
    states = dict(_states(content, "", 0))
    if not states:
        raise ModelError(
            "the file holds no state dict: no dictionary of tensors",
            hint="save the weights with torch.save(model.state_dict(), path)",
        )
    for key in ("", *_STATE_KEYS):
        if key in states:
            return states[key]
    if len(states) > 1:
        raise ModelError(f"the file holds several state dicts: {listed(list(states), 8)}")
    return next(iter(states.values()))


def _states(content: Any, where: str, depth: int) -> Iterator[tuple[str, Tensors]]:
    if not isinstance(content, Mapping) or depth > 3:
        return
    tensors = {
        key: value
        for key, value in content.items()
        if isinstance(key, str) and isinstance(value, np.ndarray)
    }
    if len(tensors) > MAX_TENSORS:
        raise ModelError(f"the file holds more than {MAX_TENSORS} tensors")
    if any(key.rpartition(".")[2] == "weight" for key in tensors):
        yield where, tensors
        return
    for key, value in content.items():
        if isinstance(key, str):
            yield from _states(value, key if not where else f"{where}.{key}", depth + 1)
