"""What an HDF5 file of Keras holds: the description of a model, and the arrays of its layers.

The file stays in memory, and nothing is followed out of it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.loaded import MAX_BYTES
from srnet_cli.networks.trained import Array

Layer = Mapping[str, Any]
"""What Keras says of a layer: ``class_name``, and ``config`` with its ``name``."""

Weights = Callable[[Layer], Sequence[Array]]
"""Gives the arrays of a layer, in Keras's order."""


class KerasStore:
    """An open HDF5 file of Keras; to be used in a ``with`` statement.

    Args:
        h5py: the package.
        data: the bytes of the file.

    Raises:
        ModelError: they are no HDF5 file.
    """

    def __init__(self, h5py: Any, data: bytes) -> None:
        self._h5py, self._total = h5py, 0
        try:
            self._file = h5py.File(io.BytesIO(data), "r")
        except Exception as error:  # HDF5's own, of many kinds
            raise ModelError("not a whole HDF5 file", hint="save or copy it again") from error

    def __enter__(self) -> KerasStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def description(self) -> str | bytes:
        """What a whole model says of itself, in JSON.

        Raises:
            ModelError: the file says nothing.
        """
        text = self._attributes(self._file).get("model_config")
        if text is None:
            raise ModelError(
                "the HDF5 file holds weights and no list of layers",
                hint="save the whole model with model.save('network.keras')",
            )
        return text  # type: ignore[no-any-return]

    def weights_of_archive(self) -> Weights:
        """The weights of layers in an archive: by name, or numbered by class."""
        counts: dict[str, int] = {}
        folders: dict[str, str] = {}

        def weights(layer: Layer) -> Sequence[Array]:
            name, kind = str(layer["config"]["name"]), _snake(layer["class_name"])
            if name not in folders:
                number = counts.get(kind, 0)
                counts[kind] = number + 1
                folders[name] = kind if number == 0 else f"{kind}_{number}"
            for folder in (folders[name], name):
                group = self._group(f"layers/{folder}/vars")
                if group is not None:
                    keys = sorted(_keys(group), key=lambda key: int(key) if key.isdigit() else 0)
                    return [self._array(group, key) for key in keys]
            raise ModelError(f"the weights of the layer {quoted(name)} are missing")

        return weights

    def weights_of_model(self, layer: Layer) -> Sequence[Array]:
        """The weights of a layer in a whole model."""
        name = str(layer["config"]["name"])
        group = self._group(f"model_weights/{name}")
        if group is None:
            raise ModelError(f"the weights of the layer {quoted(name)} are missing")
        names = self._attributes(group).get("weight_names", [])
        words = [word.decode() if isinstance(word, bytes) else str(word) for word in names]
        return [self._array(group, word) for word in words]

    def _attributes(self, item: Any) -> dict[str, Any]:
        try:
            return {
                key: item.attrs[key]
                for key in ("model_config", "weight_names")
                if key in item.attrs
            }
        except Exception as error:  # HDF5's own, of many kinds
            raise ModelError("the HDF5 file is damaged") from error

    def _group(self, path: str) -> Any:
        """A group inside this very file; None where there is none."""
        return self._item(path, self._h5py.Group)

    def _item(self, path: str, kind: type, start: Any = None) -> Any:
        item = self._file if start is None else start
        try:
            for word in path.strip("/").split("/"):
                if not isinstance(item, self._h5py.Group) or word not in item:
                    return None
                if not isinstance(item.get(word, getlink=True), self._h5py.HardLink):
                    raise ModelError("the HDF5 file has links, perhaps to other files")
                item = item[word]
        except ModelError:
            raise
        except Exception as error:  # HDF5's own, of many kinds
            raise ModelError("the HDF5 file is damaged") from error
        return item if isinstance(item, kind) else None

    def _array(self, group: Any, path: str) -> Array:
        data = self._item(path, self._h5py.Dataset, group)
        if data is None:
            raise ModelError(f"the array {quoted(path)} is missing")
        try:
            if data.external or data.is_virtual or data.dtype.kind not in "fiu":
                raise ModelError(f"the array {quoted(path)} holds no numbers of this file")
            self._total += int(data.size) * 8
            if self._total > MAX_BYTES:
                raise ModelError(f"its arrays take more than {MAX_BYTES >> 20} MiB")
            return np.asarray(data[()], dtype=np.float64)
        except ModelError:
            raise
        except Exception as error:  # HDF5's own, of many kinds
            raise ModelError("the HDF5 file is damaged") from error


def _keys(group: Any) -> list[str]:
    try:
        return list(group)
    except Exception as error:  # HDF5's own, of many kinds
        raise ModelError("the HDF5 file is damaged") from error


def _snake(name: str) -> str:
    words = re.sub(r"\W+", "", name)
    words = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", words)
    return re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()
