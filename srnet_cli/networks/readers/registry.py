"""Which reader reads which file: a new format is a new row here."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from srnet_cli.datasets.suggest import clip
from srnet_cli.errors import ModelError
from srnet_cli.networks import zips
from srnet_cli.networks.formats import FORMATS
from srnet_cli.networks.readers.loaded import MAX_BYTES, LoadedNetwork, NetworkFile, Wishes

_MAX_ENTRIES = 20_000
_MOST_LAYERS = 1000


class Reader(NamedTuple):
    """A format.

    Attributes:
        name: as people call it.
        module: below this package; its ``read`` is the reader. Imported late: few need each.
        most: bytes that a file may have.
    """

    name: str
    module: str
    most: int = MAX_BYTES

    def read(self, file: NetworkFile, wishes: Wishes) -> LoadedNetwork:
        """Read a file.

        Raises:
            ModelError: it is damaged, or no network.
        """
        module = import_module(f"srnet_cli.networks.readers.{self.module}")
        reader: Callable[[NetworkFile, Wishes], LoadedNetwork] = module.read
        return reader(file, wishes)


_LAYOUT = Reader("arrays weight1, bias1 …", "own_layout", 2 * MAX_BYTES)
_TORCH = Reader("PyTorch", "torch_file")

READERS: dict[str, Reader] = {
    **dict.fromkeys(FORMATS, _LAYOUT),
    ".onnx": Reader("ONNX", "onnx.reading"),
    ".nnet": Reader(".nnet", "nnet"),
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".ckpt": _TORCH,
    ".pt2": Reader("torch.export", "exported.reading"),
    ".keras": Reader("Keras", "keras_file"),
    ".h5": Reader("Keras", "keras_file"),
    ".hdf5": Reader("Keras", "keras_file"),
    ".skops": Reader("scikit-learn", "skops_file"),
}
"""The reader of every format, by suffix."""

_SAVE_ANEW = {
    ".pkl": "a pickle runs code when it is loaded: save the model with skops.io.dump",
    ".pickle": "a pickle runs code when it is loaded: save the model with skops.io.dump",
    ".joblib": "a pickle runs code when it is loaded: save the model with skops.io.dump",
    ".pb": "export it as ONNX with tf2onnx, or save it as .keras",
    ".tflite": "export it as ONNX with tf2onnx",
    ".mat": "save the layers as weight1, bias1, weight2 … with numpy.savez",
}


def read_network(path: Path, wishes: Wishes) -> LoadedNetwork:
    """Read a network file of any known format; nothing in it is ever executed.

    Args:
        path: the file; where its suffix says nothing, its content is looked at.
        wishes: what the config says of it.

    Raises:
        ModelError: one line that begins with the path.
    """
    return read_network_bytes(path, read_bytes(path), wishes)


def read_network_bytes(path: Path, data: bytes, wishes: Wishes) -> LoadedNetwork:
    """The same where the bytes of the file are known.

    Raises:
        ModelError: as ``read_network``.
    """
    reader = reader_of(path, data)
    try:
        loaded = reader.read(NetworkFile(path, data), wishes)
        _check_depth(loaded)
        return loaded
    except ModelError as error:
        raise ModelError(f"{path}: {error}", hint=error.hint) from error
    except (RecursionError, MemoryError) as error:
        raise ModelError(f"{path}: not a network that can be read: too deep or large") from error


def _check_depth(loaded: LoadedNetwork) -> None:
    layers = len(loaded.network.widths) - 1
    if layers > _MOST_LAYERS:
        raise ModelError(
            f"the network has {layers} layers, more than {_MOST_LAYERS}",
            hint="export the part of it that is to be explained",
        )


def read_bytes(path: Path) -> bytes:
    """The bytes of a network file.

    Raises:
        ModelError: it is missing, no regular file, unreadable or too large.
    """
    known = READERS.get(path.suffix.lower())
    most = MAX_BYTES if known is None else known.most
    try:
        if not path.exists():
            raise ModelError(f"{path}: no such network file", hint="check the path")
        if not path.is_file():
            raise ModelError(f"{path}: not a file", hint="check the path")
        with path.open("rb") as file:
            is_too_large = os.fstat(file.fileno()).st_size > most
            data = b"" if is_too_large else file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ModelError(f"{path}: cannot be read: {error}") from error
    if is_too_large or len(data) > most:
        raise ModelError(f"{path}: larger than {most >> 20} MiB, too large for a network")
    return data


def reader_of(path: Path, data: bytes) -> Reader:
    """The reader for a file: by its suffix, else by its content.

    Raises:
        ModelError: there is none.
    """
    suffix = path.suffix.lower()
    if suffix in READERS:
        return READERS[suffix]
    if suffix not in _SAVE_ANEW and (alike := _alike(data)) is not None:
        return READERS[alike]
    raise ModelError(
        f"{path}: unknown network format '{clip(suffix, 20)}'; known: {', '.join(READERS)}",
        hint=_SAVE_ANEW.get(
            suffix, "export it as ONNX, or the layers as weight1, bias1 … with numpy.savez"
        ),
    )


def _alike(data: bytes) -> str | None:
    """The suffix of files that begin like this one."""
    if data.startswith(b"\x89HDF\r\n\x1a\n"):
        return ".h5"
    if data.startswith(b"PK"):
        return _alike_archive(data)
    if data[8:9] == b"{":
        return ".safetensors"
    if data.startswith(b"//"):
        return ".nnet"
    return ".onnx" if data[:1] == b"\x08" else None


def _alike_archive(data: bytes) -> str | None:
    if zips.lists_more_than(data, _MAX_ENTRIES):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except Exception:  # of many kinds, for a damaged archive
        return None
    if any(name.endswith("models/model.json") for name in names):
        return ".pt2"
    if any(name.endswith("/data.pkl") for name in names):
        return ".pt"
    if "config.json" in names:
        return ".keras"
    if "schema.json" in names:
        return ".skops"
    return ".npz" if names and all(name.endswith(".npy") for name in names) else None
