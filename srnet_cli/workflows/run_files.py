"""A finished or interrupted run, read back from its folder."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import Network, network_from_bytes
from srnet_cli.store import RunFolder

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FittedRun:
    """What a run knows: all of it from its own folder, wherever that has been moved.

    Attributes:
        path: the run folder.
        is_done: whether the run was committed.
        record: ``run.json``.
        inputs: ``inputs.json``.
        metrics: ``metrics.json``.
        expressions: ``expressions.json``.
        model: the symbolic network.
        network: the network it explains.
        sets: raw rows by name, see ``fidelity.SETS``.
    """

    path: Path
    is_done: bool
    record: dict[str, Any]
    inputs: dict[str, Any]
    metrics: dict[str, Any]
    expressions: dict[str, Any]
    model: SymbolicNetwork
    network: Network
    sets: dict[str, Array]


def read_run(path: Path) -> FittedRun:
    """Read a run.

    Raises:
        UsageError: the folder holds no run, or one that has found nothing yet.
        StorageError: a file is missing or damaged.
        ModelError: the stored model or network is not valid.
    """
    folder = RunFolder.open(path)
    if not (path / "model.json").is_file():
        raise UsageError(
            f"{path} holds no formulas yet", hint="the 'srnet fit' that made it goes on from there"
        )
    return FittedRun(
        path=path,
        is_done=folder.is_done,
        record=folder.read_json("run.json"),
        inputs=folder.read_json("inputs.json"),
        metrics=folder.read_json("metrics.json"),
        expressions=folder.read_json("expressions.json"),
        model=SymbolicNetwork.from_dict(folder.read_json("model.json")),
        network=network_from_bytes(
            folder.read("network.safetensors"), str(path / "network.safetensors")
        ),
        sets=_rows(folder),
    )


def _rows(folder: RunFolder) -> dict[str, Array]:
    data = folder.read("rows.npz")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:  # a damaged zip raises whatever its damage suggests
        raise StorageError(f"{folder.path / 'rows.npz'} is damaged: {error}") from None
