"""Searches taken up from a checkpoint, whose bytes are not trusted."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from srnet_cli.config.schema import Experiment
from srnet_cli.errors import StorageError
from srnet_cli.evolution.strategies import Search, State, strategy_of
from srnet_cli.store import Checkpoint


def restored(
    experiment: Experiment, checkpoint: Checkpoint, folder: Path, widths: Sequence[int]
) -> list[Any]:
    """The states in a checkpoint, one per trial that had begun.

    Args:
        experiment: the settings of the search.
        checkpoint: the checkpoint, whose bytes are not trusted.
        folder: the run folder.
        widths: d, m_1, …, m_L of the network.

    Raises:
        StorageError: it is of another version, of another run, or was changed.
    """
    try:
        _require_no_larger(checkpoint.data)
        states = list(strategy_of(experiment).unpack(checkpoint.data, widths, experiment.evolution))
        if not 0 < len(states) <= experiment.trials:
            raise ValueError(f"it holds {len(states)} trials")
    except Exception as error:  # whatever the bytes suggest to one who reads them differently
        raise _damaged(folder, checkpoint.generation) from error
    return states


def require_fits(search: Search, states: Sequence[State], trial: int, folder: Path) -> None:
    """Check that a search can go on with the state of a trial that a checkpoint held.

    Raises:
        StorageError: it was changed, or is of other rows.
    """
    try:
        search.check(states[trial])
    except ValueError as error:
        raise _damaged(folder, sum(state.generation for state in states)) from error


def _damaged(folder: Path, generation: int) -> StorageError:
    return StorageError(
        f"{folder}: the checkpoint of generation {generation} is damaged or of another version",
        hint="choose another folder, or remove that one to begin again",
        remedies=("run_dir",),
    )


def _require_no_larger(data: bytes) -> None:
    """Checkpoints are not compressed: one that unpacks to more than it holds was not made here."""
    with ZipFile(BytesIO(data)) as members:
        if sum(member.file_size for member in members.infolist()) > len(data):
            raise ValueError("it unpacks to more than it holds")
