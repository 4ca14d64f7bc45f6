"""A run, finished or not, read back from its folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srnet_cli.config.network import Decision
from srnet_cli.config.resolved import read_resolved
from srnet_cli.config.schema import (
    AutoSettings,
    DatasetSettings,
    EvolutionSettings,
    Experiment,
)
from srnet_cli.errors import ConfigError, SrnetError, StorageError, UsageError
from srnet_cli.evolution.restoring import restored
from srnet_cli.evolution.strategies import best_trial, strategy_of, symbolic_network
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.baselines import Baseline
from srnet_cli.fidelity.labels import class_names
from srnet_cli.fidelity.validity import Regions, regions
from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import TrainedNetwork, stored_network
from srnet_cli.runs import files
from srnet_cli.runs.formulas import formulas_from_halls
from srnet_cli.runs.formulas import read as read_formulas
from srnet_cli.runs.fronts import StoredFronts, read_arrays, read_fronts
from srnet_cli.runs.outputs import probability_names, score_names, target_names
from srnet_cli.runs.proofs_file import Proofs, read_proofs, without_refuted
from srnet_cli.runs.record import RunRecord
from srnet_cli.runs.records import Inputs, Metrics
from srnet_cli.store import RunFolder

Array = NDArray[np.float64]

_MISFITS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(MemoryError, RecursionError, TypeError, ValueError),
)
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
        sets: raw rows by name, see ``row_sets.SETS``.
        trial: number of the trial that found the model, from 1.
        trials: how many trials the run has.
        generations: how many generations that trial has done.
        fronts: simpler forms of the model; None where the run has not finished, or was made by a
            version that knew none.
        formulas: what the network computes, straight from its inputs; None where nobody searched.
        settings: of the search.
        formula: what the network was trained on, where that is a formula.
        hypotheses: formulas of the user's that the config sets beside those found.
        regions: makes the rows that formulas are checked on, see ``validity.regions``.
        dataset: settings of the rows, which say what the domain is.
        proofs: what ``srnet prove`` has proved; None where nobody asked.
        baselines: regressions beside the formulas; none where the run has not finished.
        decision: which output decides, as the config says; None where it does not.
    """

    path: Path
    is_done: bool
    inputs: Inputs
    model: SymbolicNetwork
    network: TrainedNetwork
    sets: dict[str, Array]
    trial: int
    trials: int
    generations: int
    fronts: StoredFronts | None = None
    formulas: NetworkFormulas | None = None
    settings: EvolutionSettings = field(default_factory=AutoSettings)
    formula: str | None = None
    hypotheses: tuple[str, ...] = ()
    regions: Callable[[], Regions] = dict
    dataset: DatasetSettings | None = None
    proofs: Proofs | None = None
    baselines: tuple[Baseline, ...] = ()
    decision: Decision | None = None

    @property
    def has_classes(self) -> bool:
        """Whether the network is a classifier."""
        return self.network.output_activation == "softmax"

    @cached_property
    def assessment(self) -> Assessment:
        """Model and network on every set of rows."""
        return Assessment(self.model, self.network, self.sets)

    @property
    def classes(self) -> list[str]:
        """What a classifier's classes are called."""
        return class_names(self.inputs.classes, self.network.widths[-1])

    @property
    def output_names(self) -> list[str]:
        """What the network's outputs are called: the target, or the scores of the classes."""
        names = score_names if self.has_classes else target_names
        return names(self.inputs, self.network)

    @property
    def explained_names(self) -> list[str]:
        """What is explained at a point: the outputs, of a classifier the probabilities."""
        names = probability_names if self.has_classes else target_names
        return names(self.inputs, self.network)


def read_run(path: Path) -> FittedRun:
    """Read a run.

    Raises:
        UsageError: the folder holds no run, or one that has found nothing.
        StorageError: a file is missing or damaged.
        ModelError: the stored model or network is not valid.
    """
    folder = RunFolder.open(path)
    try:
        run = _finished(folder) if folder.is_done else _unfinished(folder)
        _require_consistent(run)
    except SrnetError:
        raise
    # Files that are read each for itself may still not fit together in any way.
    except _MISFITS as error:
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        problem = f"{path} is damaged: its files do not fit together ({cause})"
        raise StorageError(problem, hint=RunRecord.HINT) from error
    return run


def _require_consistent(run: FittedRun) -> None:
    """Refuse files that are each in order and not of one run.

    Raises:
        StorageError: they do not fit together.
    """
    inputs, outputs = run.network.widths[0], run.network.widths[-1]
    problems = {
        "its rows are not those of the network": all(
            rows.ndim == 2 and rows.shape[1] == inputs for rows in run.sets.values()
        ),
        "it has no training rows": len(run.sets["train"]) > 0,
        "its inputs are not those of the network": len(run.inputs.features) == inputs,
        "its model is not one of the network": (
            tuple(run.model.features) == tuple(run.inputs.features) and len(run.model.layers) > 0
        ),
        "its classes are not those of the network": (
            not run.has_classes or len(run.inputs.classes) in (0, outputs)
        ),
        "its figures name a trial that it has not": 1 <= run.trial <= run.trials,
    }
    for problem, is_right in problems.items():
        if not is_right:
            raise StorageError(f"{run.path} is damaged: {problem}", hint=RunRecord.HINT)


def read_answers(folder: RunFolder) -> NetworkFormulas | None:
    """The whole-network formulas of a finished run, those marked that are refuted.

    Raises:
        StorageError: a file is damaged.
    """
    formulas, proofs = read_formulas(folder), read_proofs(folder)
    if formulas is None or proofs is None:
        return formulas
    return without_refuted(formulas, proofs.refuted)


def _finished(folder: RunFolder) -> FittedRun:
    metrics = Metrics.read(folder)
    if metrics.found_nothing:
        raise UsageError(
            f"{folder.path} holds no formulas: no expression was finite on all rows",
            hint="try other functions or more generations",
        )
    model = SymbolicNetwork.from_dict(folder.read_json(files.MODEL))
    experiment, sets = read_experiment(folder), read_arrays(folder, files.ROWS)
    inputs = Inputs.read(folder)
    formulas, proofs = read_answers(folder), read_proofs(folder)
    return FittedRun(
        path=folder.path,
        is_done=True,
        inputs=inputs,
        model=model,
        network=_network(folder),
        sets=sets,
        trial=metrics.trial,
        trials=len(metrics.fitness),
        generations=metrics.generations[metrics.trial - 1],
        fronts=_marked(read_fronts(folder, model), proofs),
        formulas=formulas,
        proofs=proofs,
        settings=experiment.evolution,
        formula=experiment.dataset.formula,
        hypotheses=experiment.hypotheses,
        regions=partial(regions, experiment, model.features, sets["train"], inputs.categories),
        dataset=experiment.dataset,
        baselines=metrics.baselines,
        decision=experiment.network.decision,
    )


def _marked(stored: StoredFronts | None, proofs: Proofs | None) -> StoredFronts | None:
    """The fronts, those compositions marked that are refuted."""
    if stored is None or proofs is None:
        return stored
    return stored.marked(proofs.refuted_compositions)


def _unfinished(folder: RunFolder) -> FittedRun:
    checkpoint = folder.newest_checkpoint()
    if checkpoint is None:
        raise UsageError(f"{folder.path} holds no formulas yet", hint=_GOES_ON)
    experiment = read_experiment(folder)
    inputs, network = Inputs.read(folder), _network(folder)
    states = restored(experiment, checkpoint, folder.path, network.widths)
    best = best_trial(states)
    if not np.isfinite(states[best].fitness):
        raise UsageError(f"{folder.path} holds no formulas yet", hint=_GOES_ON)
    sets = read_arrays(folder, files.ROWS)
    model = symbolic_network(states[best], experiment, network, inputs.features)
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
        formulas=formulas_from_halls(
            strategy_of(experiment).direct_fronts(states[best]),
            inputs,
            network,
            sets,
            experiment.evolution,
        ),
        settings=experiment.evolution,
        formula=experiment.dataset.formula,
        hypotheses=experiment.hypotheses,
        regions=partial(regions, experiment, model.features, sets["train"], inputs.categories),
        dataset=experiment.dataset,
    )


def read_experiment(folder: RunFolder) -> Experiment:
    """The settings of a run.

    Raises:
        StorageError: they are missing or damaged; the message names file and key.
    """
    path = folder.path / files.SETTINGS
    try:
        return read_resolved(folder.read_json(files.SETTINGS), str(path))
    except ConfigError as error:
        raise StorageError(f"{path} is damaged: {error}", hint=RunRecord.HINT) from error


def _network(folder: RunFolder) -> TrainedNetwork:
    return stored_network(folder.read(files.NETWORK), str(folder.path / files.NETWORK))
