"""The pickles inside PyTorch's archives, read as plain data: nothing in them can run.

A pickle is a program that builds objects. This one is allowed dictionaries, lists, texts, numbers,
and tensors, which are views of the numbers that lie beside it in the archive. Every other class
that it names is refused, or, in TorchScript, becomes a ``Module`` that holds what it is given.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import MAX_BYTES
from srnet_cli.networks.readers.strided import from_bfloat16, strided_copy

MAX_PICKLE = 1 << 22
"""Bytes of a pickle: it names tensors, and holds none of their numbers."""

_MAX_STEPS = 300_000
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bf16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}
_NEVER = ("EXT1", "EXT2", "EXT4", "INST", "OBJ", "NEXT_BUFFER", "READONLY_BUFFER")


class Module:
    """An object of a TorchScript program.

    Attributes:
        kind: its class.
        parts: what it holds, in order.
    """

    kind: str = ""
    parts: Mapping[str, Any] = MappingProxyType({})

    def __setstate__(self, state: Any) -> None:
        """Take what the pickle holds of the object."""
        self.parts = dict(state) if isinstance(state, dict) else {}


@dataclass(frozen=True)
class _Kind:
    """A class that the pickle names, when it is called or made an object of."""

    name: str


def load(data: bytes, storage: Callable[[str], bytes], *, has_modules: bool) -> Any:
    """Read a pickle.

    Args:
        data: the pickle.
        storage: gives the bytes of the numbers stored under a key.
        has_modules: whether objects of a TorchScript program may occur.

    Raises:
        ModelError: it is damaged, or names a class that is not plain data.
    """
    _check_steps(data)
    try:
        return _Unpickler(data, storage, has_modules).load()
    except ModelError:
        raise
    except RecursionError:
        raise
    except Exception as error:  # whatever a damaged pickle does to the machine that reads it
        raise ModelError("its pickle is damaged", hint="save or copy the file again") from error


def _check_steps(data: bytes) -> None:
    """Look through a pickle before it is read: one step can ask for any amount of memory."""
    if len(data) > MAX_PICKLE:
        raise ModelError(f"its pickle is larger than {MAX_PICKLE >> 20} MiB")
    try:
        for count, (step, argument, _) in enumerate(pickletools.genops(data)):
            is_far = "PUT" in step.name and isinstance(argument, int) and argument > _MAX_STEPS
            if count > _MAX_STEPS or is_far or step.name in _NEVER:
                raise ModelError("its pickle is more than the names of tensors")
    except ModelError:
        raise
    except Exception as error:  # of many kinds
        raise ModelError("its pickle is damaged", hint="save or copy the file again") from error


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, storage: Callable[[str], bytes], has_modules: bool) -> None:
        super().__init__(io.BytesIO(data))
        self._storage, self._has_modules = storage, has_modules
        self._bytes_left = MAX_BYTES

    def find_class(self, module: str, name: str) -> Any:
        """Give what stands for a class; never the class itself, but for plain dictionaries."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda data, *rest: data
        if module == "torch" and name in _DTYPES:
            return _Kind(name)
        if (module, name) == ("torch", "Size"):
            return tuple
        if self._has_modules and module.startswith("__torch__"):
            kind = f"{module}.{name}".removeprefix("__torch__.")
            return type("Object", (Module,), {"kind": kind})
        if self._has_modules and module == "torch.jit._pickle":
            return lambda *values: list(values[0]) if values else []
        raise ModelError(
            f"the file holds the Python object {quoted(f'{module}.{name}')}, which is never loaded",
            hint="save the weights alone: torch.save(model.state_dict(), path); "
            "or export the network as ONNX",
        )

    def persistent_load(self, pid: Any) -> Any:
        """Give the numbers that lie beside the pickle."""
        if not (isinstance(pid, tuple) and len(pid) == 5 and pid[0] == "storage"):
            raise ModelError("its pickle refers to something that is no tensor")
        _, kind, key, _, count = pid
        if not isinstance(kind, _Kind) or not isinstance(count, int):
            raise ModelError("its pickle refers to something that is no tensor")
        data = self._storage(str(key))
        name = _DTYPES[kind.name]
        if name == "bf16":
            return from_bfloat16(data[: 2 * count])
        size = np.dtype(name).itemsize
        return np.frombuffer(data[: size * count], dtype=name)

    def _tensor(self, storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> Any:
        """A tensor as an array of its own."""
        if not isinstance(storage, np.ndarray):
            raise ModelError("its pickle holds a tensor without numbers")
        sizes, steps = [int(size) for size in shape], [int(step) for step in strides]
        try:
            tensor = strided_copy(storage, int(offset), sizes, steps, most=self._bytes_left)
        except ModelError as error:
            raise ModelError(f"its pickle is damaged: {error}") from error
        self._bytes_left -= tensor.nbytes
        return tensor
