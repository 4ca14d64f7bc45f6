"""The state of a direct search, and how it is kept as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct_island import Archive, new_archive
from srnet_cli.cgp.kernels.direct_tree import MAX_TREE

Array = NDArray[np.float64]


@dataclass
class OutputState:
    """What has been reached for one output.

    Attributes:
        generation: generations spent on it.
        islands: archives, judged on their own rows.
        hall: the best of every number of nodes, judged on all rows; one place per cell.
        readouts: weight and bias of the hall's members, in the output's scaled units, (cells, 2).
        judged: per island and cell, the least error of a candidate for the hall that was judged.
        evaluations: formulas tuned so far.
    """

    generation: int
    islands: list[Archive]
    hall: Archive
    readouts: Array
    judged: Array
    evaluations: int


@dataclass
class State:
    """All that a direct search needs to go on.

    Attributes:
        generation: generations done, of all outputs.
        outputs: one each.
    """

    generation: int
    outputs: list[OutputState]


def pack(state: State) -> bytes:
    """A state as an npz file; equal states give equal bytes."""
    arrays: dict[str, NDArray[np.generic]] = {
        "counts": np.array(
            [
                [state.generation, output.generation, output.evaluations, len(output.islands)]
                for output in state.outputs
            ],
            dtype=np.int64,
        ).reshape(-1, 4)
    }
    for o, output in enumerate(state.outputs):
        arrays[f"{o}.readouts"], arrays[f"{o}.judged"] = output.readouts, output.judged
        for i, archive in enumerate([output.hall, *output.islands]):
            _pack_archive(archive, f"{o}.{i}", arrays)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _pack_archive(archive: Archive, name: str, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Keep the members' nodes alone, one after another."""
    lengths = archive.heads[:, :, 0]
    used = np.arange(MAX_TREE) < lengths[:, :, np.newaxis]
    arrays[f"{name}.codes"] = archive.codes[used]
    arrays[f"{name}.weights"] = archive.weights[used]
    arrays[f"{name}.free"] = archive.free[used]
    arrays[f"{name}.heads"] = archive.heads
    arrays[f"{name}.errors"] = archive.errors
    arrays[f"{name}.seen"] = archive.seen


def unpack(data: bytes) -> State:
    """Restore what ``pack`` made.

    Raises:
        KeyError, ValueError: it was made by another version.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        counts = arrays["counts"]
        outputs = [
            OutputState(
                generation=int(row[1]),
                islands=[_unpacked(arrays, f"{o}.{1 + i}") for i in range(int(row[3]))],
                hall=_unpacked(arrays, f"{o}.0"),
                readouts=arrays[f"{o}.readouts"],
                judged=arrays[f"{o}.judged"],
                evaluations=int(row[2]),
            )
            for o, row in enumerate(counts)
        ]
    return State(int(counts[0, 0]) if len(counts) else 0, outputs)


def _unpacked(arrays: Mapping[str, NDArray[np.generic]], name: str) -> Archive:
    heads = np.asarray(arrays[f"{name}.heads"], dtype=np.int64)
    seen = np.asarray(arrays[f"{name}.seen"], dtype=np.uint64)
    archive = new_archive(heads.shape[0], heads.shape[1], len(seen))
    archive.heads[:] = heads
    archive.errors[:] = arrays[f"{name}.errors"]
    archive.seen[:] = seen
    used = np.arange(MAX_TREE) < heads[:, :, 0][:, :, np.newaxis]
    archive.codes[used] = arrays[f"{name}.codes"]
    archive.weights[used] = arrays[f"{name}.weights"]
    archive.free[used] = arrays[f"{name}.free"]
    return archive
