"""``run.json``, ``inputs.json`` and ``metrics.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeVar

from srnet_cli.errors import StorageError
from srnet_cli.fidelity.baselines import Baseline, shortfalls
from srnet_cli.fidelity.classes import Agreement
from srnet_cli.fidelity.layers import LayerFidelity
from srnet_cli.fidelity.row_sets import judged
from srnet_cli.fidelity.validity import Validity
from srnet_cli.networks.loading import Provenance
from srnet_cli.networks.quality import ClassificationQuality, RegressionQuality
from srnet_cli.runs import files
from srnet_cli.runs.record import RunRecord
from srnet_cli.store import RunFolder

T = TypeVar("T")

NetworkQuality = RegressionQuality | ClassificationQuality
RunState = Literal["running", "stopped", "finished"]


@dataclass(frozen=True)
class RunInfo(RunRecord):
    """``run.json``: what ran where.

    Attributes:
        schema: version of the folder's layout.
        name: the experiment's.
        signature: of its settings.
        state: as its last process left it.
        seed, trials, strategy: as in the settings.
        python, system, machine, processor: where the last process ran.
        versions: of the packages that results depend on.
    """

    FILE: ClassVar[str] = files.RUN

    schema: int
    name: str
    signature: str
    state: RunState
    seed: int
    trials: int
    strategy: str
    python: str
    system: str
    machine: str
    processor: str
    versions: dict[str, str]

    @property
    def title(self) -> str:
        """What the run is called, wherever its folder is."""
        return f"{self.name}-{self.signature}"


@dataclass(frozen=True, kw_only=True)
class Inputs(RunRecord):
    """``inputs.json``: what a run is made from.

    Attributes:
        features: names of the d inputs.
        target: what the network predicts.
        targets: the same of every output, where each has a name; earlier versions had none.
        task: regression or classification.
        classes: names of a classifier's classes; empty where the data names none.
        categories: by column that was encoded as inputs; earlier versions encoded none.
        layers: the network file's own names of its layers, the output's last; earlier versions
            kept none.
        readings: how a table's columns that are not plain numbers were read; none in runs of
            earlier versions.
        imputed: by column, what takes the place of a missing value; none in runs of earlier
            versions.
        network: where the network came from.
        quality: how good it is, where the truth is known.
        config_sha256, dataset_sha256, network_sha256: hashes of config, rows and network.
    """

    FILE: ClassVar[str] = files.INPUTS

    features: tuple[str, ...]
    target: str
    targets: tuple[str, ...] = ()
    task: str
    classes: tuple[str, ...]
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    readings: dict[str, str] = field(default_factory=dict)
    imputed: dict[str, str] = field(default_factory=dict)
    network: Provenance
    quality: NetworkQuality | None
    config_sha256: str
    dataset_sha256: str
    network_sha256: str


@dataclass(frozen=True, kw_only=True)
class Metrics(RunRecord):
    """``metrics.json``: fitness and fidelity.

    Attributes:
        trial: number of the best trial, from 1.
        fitness: best of every trial, None where no expression was finite on all rows.
        generations, evaluations: of every trial.
        losses: of the best trial's layers.
        network: as ``Inputs.quality``.
        rows: number of rows in each set.
        fidelity: every layer's figures by set of rows; None where nothing was found.
        agreement: by set of rows; None for a regression, and in runs of earlier versions.
        validity: by region; none in runs of earlier versions.
        complexity: nodes of each layer's expressions, as found; None where nothing was found.
        baselines: regressions beside them; none in runs of earlier versions.
    """

    FILE: ClassVar[str] = files.METRICS

    trial: int
    fitness: tuple[float | None, ...]
    generations: tuple[int, ...]
    evaluations: tuple[int, ...]
    losses: tuple[float | None, ...] | None
    network: NetworkQuality | None
    rows: dict[str, int]
    fidelity: dict[str, tuple[LayerFidelity, ...]] | None = None
    agreement: dict[str, Agreement] | None = None
    validity: dict[str, Validity] = field(default_factory=dict)
    complexity: tuple[int, ...] | None = None
    baselines: tuple[Baseline, ...] = ()

    @property
    def shortfalls(self) -> tuple[str, ...]:
        """What is worse at the output than a plain regression, in words."""
        if self.found_nothing or self.fidelity is None:
            return ()
        what = "the layers' formulas" if len(self.fidelity["train"]) > 1 else "the formulas"
        output = self.output
        return tuple(shortfalls(output.r2 if output else None, self.baselines, what))

    @property
    def found_nothing(self) -> bool:
        """Whether no expression of any trial was finite on all rows."""
        return all(fitness is None for fitness in self.fitness)

    @property
    def output(self) -> LayerFidelity | None:
        """Fidelity of the output on the rows that formulas are judged by."""
        layers = _judged(self.fidelity)
        return layers[-1] if layers else None

    @property
    def judged_agreement(self) -> Agreement | None:
        """Agreement of the classes on the rows that formulas are judged by."""
        return _judged(self.agreement)

    def to_dict(self) -> dict[str, Any]:
        """The values as they are written; what is of formulas only where there are any."""
        values = super().to_dict()
        if self.fidelity is None:
            for name in ("fidelity", "agreement", "validity", "complexity", "baselines"):
                del values[name]
        return values


def required_of(folder: RunFolder) -> tuple[str, ...]:
    """Files that a finished run consists of: formulas are among them if its metrics are of some."""
    try:
        has_model = Metrics.read(folder).fidelity is not None
    except StorageError:
        has_model = False
    return files.required(has_model=has_model)


def _judged(by_set: Mapping[str, T] | None) -> T | None:
    return by_set.get(judged(by_set)) if by_set else None
