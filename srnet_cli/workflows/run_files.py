"""A run, finished or not, read back from its folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.config.schema import EvolutionSettings, Experiment
from srnet_cli.errors import UsageError
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import Network, network_from_bytes
from srnet_cli.store import RunFolder
from srnet_cli.workflows.front_files import StoredFronts, read_arrays, read_fronts
from srnet_cli.workflows.strategies import best_trial, restored, symbolic_network
from srnet_cli.workflows.validity import Regions, regions

Array = NDArray[np.float64]

_SETTINGS = "config.resolved.json"
_GOES_ON = "the 'srnet fit' that made it goes on from there"


@dataclass(frozen=True)
class FittedRun:
    """What a run knows: all of it from its own folder, wherever that has been moved.

    Attributes:
        path: the run folder.
        is_done: whether the run was committed; the model of one that was not is the best of its
            newest checkpoint.
        inputs: ``inputs.json``.
        model: the symbolic network.
        network: the network it explains.
        sets: raw rows by name, see ``fidelity.SETS``.
        trial: number of the trial that found the model, from 1.
        trials: how many trials the run has.
        generations: how many generations that trial has done.
        fronts: simpler forms of the model; None where the run has not finished, or was made by a
            version that knew none.
        settings: of the search.
        regions: makes the rows that formulas are checked on, see ``validity.regions``.
    """

    path: Path
    is_done: bool
    inputs: dict[str, Any]
    model: SymbolicNetwork
    network: Network
    sets: dict[str, Array]
    trial: int
    trials: int
    generations: int
    fronts: StoredFronts | None = None
    settings: EvolutionSettings = field(default_factory=EvolutionSettings)
    regions: Callable[[], Regions] = dict


def read_run(path: Path) -> FittedRun:
    """Read a run.

    Raises:
        UsageError: the folder holds no run, or one that has found nothing.
        StorageError: a file is missing or damaged.
        ModelError: the stored model or network is not valid.
    """
    folder = RunFolder.open(path)
    return _finished(folder) if folder.is_done else _unfinished(folder)


def _finished(folder: RunFolder) -> FittedRun:
    metrics = folder.read_json("metrics.json")
    if all(fitness is None for fitness in metrics["fitness"]):
        raise UsageError(
            f"{folder.path} holds no formulas: no expression was finite on all rows",
            hint="try other functions or more generations",
        )
    trial = metrics["trial"]
    model = SymbolicNetwork.from_dict(folder.read_json("model.json"))
    experiment, sets = _experiment(folder), read_arrays(folder, "rows.npz")
    inputs = folder.read_json("inputs.json")
    return FittedRun(
        path=folder.path,
        is_done=True,
        inputs=inputs,
        model=model,
        network=_network(folder),
        sets=sets,
        trial=trial,
        trials=len(metrics["fitness"]),
        generations=metrics["generations"][trial - 1],
        fronts=read_fronts(folder, model),
        settings=experiment.evolution,
        regions=partial(
            regions, experiment, model.features, sets["train"], inputs.get("categories", {})
        ),
    )


def _unfinished(folder: RunFolder) -> FittedRun:
    checkpoint = folder.newest_checkpoint()
    if checkpoint is None:
        raise UsageError(f"{folder.path} holds no formulas yet", hint=_GOES_ON)
    experiment = _experiment(folder)
    inputs, network = folder.read_json("inputs.json"), _network(folder)
    states = restored(experiment, checkpoint, folder.path, network.widths)
    best = best_trial(states)
    if not np.isfinite(states[best].fitness):
        raise UsageError(f"{folder.path} holds no formulas yet", hint=_GOES_ON)
    sets = read_arrays(folder, "rows.npz")
    model = symbolic_network(states[best], experiment, network, inputs["features"])
    return FittedRun(
        path=folder.path,
        is_done=False,
        inputs=inputs,
        model=model,
        network=network,
        sets=sets,
        trial=best + 1,
        trials=experiment.trials,
        generations=states[best].generation,
        settings=experiment.evolution,
        regions=partial(
            regions, experiment, model.features, sets["train"], inputs.get("categories", {})
        ),
    )


def _experiment(folder: RunFolder) -> Experiment:
    return experiment_from_mapping(folder.read_json(_SETTINGS), str(folder.path / _SETTINGS))


def _network(folder: RunFolder) -> Network:
    name = "network.safetensors"
    return network_from_bytes(folder.read(name), str(folder.path / name))
