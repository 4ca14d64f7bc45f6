"""The fronts of a run: made when its search has ended, kept in its folder, taken up again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.evolution.problem import Problem
from srnet_cli.fronts.compositions import composed
from srnet_cli.fronts.front import Composition, Fronts
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import TrainedNetwork
from srnet_cli.runs import files
from srnet_cli.store import RunFolder

Array = NDArray[np.float64]


MAX_BYTES = 1 << 30
"""Bytes that a file may always unpack to."""

_PACKED = 20
"""To how many times its size a larger one may; numbers hardly get smaller when they are packed."""


@dataclass(frozen=True)
class StoredFronts:
    """Fronts, with what it takes to compose members anew.

    Attributes:
        fronts: the fronts.
        fit: raw rows that readouts are solved on, (n, d).
    """

    fronts: Fronts
    fit: Array

    def write(self, folder: RunFolder) -> None:
        """Write both files.

        Raises:
            StorageError: one cannot be written.
        """
        write_arrays(folder, files.FRONT_ROWS, {"fit": self.fit})
        folder.write_json(files.FRONTS, self.fronts.to_dict())

    def marked(self, refuted: Collection[int]) -> StoredFronts:
        """The same, with compositions marked as refuted, by number, from 1."""
        return replace(self, fronts=self.fronts.marked(refuted))

    def with_pick(
        self,
        model: SymbolicNetwork,
        network: TrainedNetwork,
        base: Composition,
        layer: int,
        pick: int,
    ) -> SymbolicNetwork:
        """A composition with another member of one layer, that and later readouts solved anew.

        Args:
            model: as the search found it.
            network: the network it explains.
            base: gives the other layers.
            layer, pick: numbers of the layer and of the member of its front, from 1.

        Raises:
            UsageError: there is no such layer or member, or it has no value on some row.
        """
        fronts = self.fronts.layers
        if not 1 <= layer <= len(fronts):
            raise UsageError(
                f"give 1 to {len(fronts)}, the last is the output", options={"layer": layer}
            )
        front = fronts[layer - 1]
        if not 1 <= pick <= len(front):
            raise UsageError(
                f"the front of layer {layer} has 1 to {len(front)}", options={"pick": pick}
            )
        programs = [own.programs for own in base.layers]
        programs[layer - 1] = front[pick - 1].layer.programs
        targets = tuple(network.activations(self.fit))
        has_classes = network.output_activation == "softmax"
        problem = Problem(network.inputs(self.fit), targets, len(self.fit), has_classes)
        with threadpool_limits(1, "blas"):
            composition = composed(model.layers, programs, problem)
        if composition is None:
            raise UsageError(
                "some expression then has no value on some row",
                hint="choose another member, or another composition for the rest",
                options={"layer": layer, "pick": pick},
                remedies=("complexity", "fidelity"),
            )
        return replace(model, layers=composition[0])


def read_fronts(folder: RunFolder, model: SymbolicNetwork) -> StoredFronts | None:
    """The fronts in a finished run's folder, None where it was made without.

    Raises:
        StorageError, ModelError: a file is missing or damaged.
    """
    if files.FRONTS not in folder.committed().files:
        return None
    fit = read_arrays(folder, files.FRONT_ROWS).get("fit")
    if fit is None:
        raise StorageError(f"{folder.path / files.FRONT_ROWS} is damaged: it holds no rows to fit")
    return StoredFronts(Fronts.from_dict(folder.read_json(files.FRONTS), model), fit)


def _numbers(array: Array) -> Array:
    if array.dtype != np.float64 or array.ndim != 2:
        raise ValueError(f"it holds {array.dtype} {array.shape}, not rows of numbers")
    return array


def write_arrays(folder: RunFolder, name: str, arrays: Mapping[str, Array]) -> None:
    """Write the arrays as an ``.npz`` file of a run.

    Raises:
        StorageError: it cannot be written.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    folder.write(name, buffer.getvalue())


def read_arrays(folder: RunFolder, name: str) -> dict[str, Array]:
    """The arrays of an ``.npz`` file of a run.

    Raises:
        StorageError: it is missing or damaged, or unpacks to far more than it is.
    """
    data = folder.read(name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # What the directory says binds the reader too: no member gives more.
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > max(MAX_BYTES, _PACKED * len(data)):
            raise ValueError(f"it unpacks to more than {MAX_BYTES >> 20} MiB")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {key: _numbers(arrays[key]) for key in arrays.files}
    except Exception as error:  # a damaged zip raises whatever its damage suggests
        raise StorageError(f"{folder.path / name} is damaged: {error}") from None
