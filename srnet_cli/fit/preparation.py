"""What a fit starts from: rows, network and activations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import stride
from srnet_cli.config.schema import DatasetSettings, Experiment
from srnet_cli.datasets.dataset import Dataset
from srnet_cli.datasets.loading import dataset_of_rows, load_dataset
from srnet_cli.datasets.oracle import oracle_rows, without
from srnet_cli.errors import ConfigError
from srnet_cli.evolution.problem import Problem
from srnet_cli.evolution.strategies import strategy_of
from srnet_cli.fidelity.row_sets import row_sets
from srnet_cli.fit.allowance import Outlay
from srnet_cli.fit.boundary_rows import boundary_fit_rows, boundary_test_rows
from srnet_cli.fit.structure import KnownStructure, known_structure
from srnet_cli.fit.telling_rows import telling_rows
from srnet_cli.networks import TrainedNetwork, load_or_train, quality
from srnet_cli.networks.arranging import arranged
from srnet_cli.networks.opaque import OpaqueNetwork
from srnet_cli.networks.opening import OpenedNetwork, Provenance, given_network, open_network
from srnet_cli.networks.quality import NetworkQuality
from srnet_cli.networks.readers.loaded import LoadedNetwork
from srnet_cli.networks.recorded import RecordedNetwork
from srnet_cli.networks.suspicion import suspicions, uselessness
from srnet_cli.reporting import Reporter, warning
from srnet_cli.rng import stream

Array = NDArray[np.float64]

_ORACLE_ROWS, _JUDGING_MULTIPLICATIONS = 10_000, 1e10
_ORACLE_VALUES = 1 << 23  # of the widest layer, three times as many with the rows that only judge
_JUDGED_VALUES = 1 << 27  # of all units on the rows of one kind
_MOST_DIFFERENCES = 12
_MOST_OUTPUTS = 50  # whose structure is asked for, a tenth of a second each


@dataclass(frozen=True)
class Prepared:
    """Everything a search needs, loaded and checked before a folder is made.

    Attributes:
        experiment: the settings.
        dataset: its rows.
        network: the network to explain; a classifier with centred logits.
        layers: its file's own names of the layers, where it has a file that names them.
        provenance: where the network came from.
        quality: how good the network is, where the truth is known.
        sets: raw rows by name, see ``row_sets.SETS``.
        problem: what the strategy is asked.
        structure: of the network's outputs; None where nobody asks for it.
        seconds: that all this has taken, where a limit of time counts them.
    """

    experiment: Experiment
    dataset: Dataset
    network: TrainedNetwork
    provenance: Provenance
    quality: NetworkQuality | None
    sets: Mapping[str, Array]
    problem: Problem
    structure: KnownStructure | None = None
    layers: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def outlay(self) -> Outlay:
        """What time is spent on beside the search and what is made of its result."""
        weights = sum(above * below for above, below in pairwise(self.network.widths))
        return Outlay(self.seconds, weights)


def prepare(
    experiment: Experiment, reporter: Reporter, python_network: LoadedNetwork | None = None
) -> Prepared:
    """Load the rows, load or train the network, and compute the activations to explain.

    Args:
        experiment: the settings.
        reporter: is told what happens.
        python_network: a network made in Python, see ``networks.callables``; the settings name
            it as ``network.callable``.

    Raises:
        ConfigError: settings that contradict each other.
        DataError, ModelError: the rows or the network cannot be used.
    """
    opened, experiment, dataset = open_inputs(experiment, reporter.notice, python_network)
    network, provenance = load_or_train(
        experiment.network,
        dataset,
        experiment.seed,
        experiment.dataset.standardise,
        reporter.notice,
        opened,
    )
    reporter.notice(f"network {'-'.join(map(str, network.widths))} {provenance.summary()}")
    evolution = experiment.evolution.fitted_to(network.activation_names)
    experiment = experiment.model_copy(update={"evolution": evolution})
    # What is common to all logits of a row is arbitrary: not for formulas to spend nodes on.
    network = network.centred()
    judged = quality(network, dataset.test, dataset.train)
    if judged is not None:
        reporter.notice(f"network on held-out rows: {judged.summary()}")
    doubts = uselessness if opened is None else suspicions
    for doubt in doubts(network, dataset):
        reporter.notice(warning(doubt))
    settings, seed = experiment.dataset, experiment.seed
    extra = boundary_fit_rows(settings, dataset, network, seed, reporter.notice)
    beside = boundary_test_rows(settings, dataset, network, seed, reporter.notice)
    held_out = np.concatenate([dataset.test.X, beside])
    problem = _problem(experiment, dataset, network, extra, held_out)
    structure = _structure(experiment, dataset, network, judged)
    if structure is not None:
        problem = replace(problem, hints=structure.hints)
    for remark in strategy_of(experiment).remarks(problem, experiment.evolution):
        reporter.notice(remark)
    sets = row_sets(dataset, seed)
    if len(beside):
        sets["boundary"] = beside
    sets = _few_enough(sets, network, reporter.notice)
    layers = () if opened is None else opened.loaded.layers
    if len(layers) != len(network.widths) - 1:
        layers = ()
    return Prepared(
        experiment=experiment,
        dataset=dataset,
        network=network,
        provenance=provenance,
        quality=judged,
        sets=sets,
        problem=problem,
        structure=structure,
        layers=layers,
    )


def open_inputs(
    experiment: Experiment,
    notice: Callable[[str], None],
    python_network: LoadedNetwork | None = None,
) -> tuple[OpenedNetwork | None, Experiment, Dataset]:
    """Open the network file, if there is one, and load or draw the rows, in the network's order.

    Args:
        experiment: the settings.
        notice: is told, in one line, what the user should know.
        python_network: see ``prepare``.

    Returns:
        The network of the file, None where one is trained; the experiment with its domain; rows.

    Raises:
        ConfigError: settings that contradict each other or the files.
        DataError, ModelError: the rows or the network cannot be used.
    """
    opened = None
    settings = experiment.dataset
    if python_network is not None:
        opened = given_network(python_network, experiment.network, settings.task)
    elif experiment.network.train is None:
        opened = open_network(experiment.network, settings.task)
    if opened is not None:
        check_drawn_rows(settings, opened.loaded.network)
        rows = opened.loaded.rows
        brings_rows = rows is not None and not settings.has_targets
        if rows is not None and brings_rows and _are_taken(settings, opened.loaded):
            dataset = dataset_of_rows(settings, rows, opened.loaded.inputs, experiment.seed)
        else:
            experiment = with_domain(experiment, opened.loaded)
            dataset = load_dataset(experiment.dataset, experiment.seed)
    else:
        dataset = load_dataset(settings, experiment.seed)
    for note in dataset.notes:
        notice(note)
    if opened is not None:
        for note in opened.loaded.notes:
            notice(f"network: {note}")
        dataset = arranged(dataset, opened.loaded, experiment.network, notice)
    return opened, experiment, dataset


def check_drawn_rows(settings: DatasetSettings, network: TrainedNetwork) -> None:
    """Check that no rows are to be drawn that a network known by its values cannot answer for.

    Raises:
        ConfigError: some are.
    """
    if not isinstance(network, RecordedNetwork):
        return
    keys = ("formula", "validation_domain", "extrapolation_domain", "boundary_rows")
    for key in (*keys, "boundary_test_rows"):
        if getattr(settings, key):
            raise ConfigError(
                f"dataset.{key}: rows would be drawn, and the network is known by its values on "
                f"{len(network.rows)} rows only",
                hint=f"leave out dataset.{key}, or load the network itself",
            )


def _are_taken(settings: DatasetSettings, loaded: LoadedNetwork) -> bool:
    """Whether the rows that came with a network are the dataset: it knows no others, or there is
    no domain to draw them from."""
    return isinstance(loaded.network, RecordedNetwork) or settings.domain is None


def with_domain(experiment: Experiment, loaded: LoadedNetwork) -> Experiment:
    """The experiment, with the domain of the network's file where the config says nothing.

    Raises:
        ConfigError: neither says where rows lie.
    """
    dataset = experiment.dataset
    if dataset.has_targets or dataset.domain is not None:
        return experiment
    if loaded.domain is None:
        inputs = loaded.network.widths[0]
        names = loaded.inputs or tuple(f"x{number}" for number in range(inputs))
        raise ConfigError(
            f"dataset: the network takes {inputs} input{'s' if inputs > 1 else ''}, and neither "
            "its file nor the config says where they lie",
            hint=f"give dataset.domain, such as {{{names[0]}: [-1, 1]{', …' * (inputs > 1)}}}, an "
            "interval per input in the network's order, or a table as dataset.file",
        )
    filled = dataset.model_copy(update={"domain": dict(loaded.domain)})
    return experiment.model_copy(update={"dataset": filled})


def _few_enough(
    sets: dict[str, Array], network: TrainedNetwork, notice: Callable[[str], None]
) -> dict[str, Array]:
    """The sets with as many rows, evenly spread, as have a gigabyte of activations at most."""
    units = sum(network.widths[1:])
    most = max(_JUDGED_VALUES // units, 1)
    if all(len(rows) <= most for rows in sets.values()):
        return sets
    notice(f"formulas of {units:,} units are judged on {most:,} rows of each kind at most")
    return {name: rows[:: stride(len(rows), most)] for name, rows in sets.items()}


def _structure(
    experiment: Experiment, dataset: Dataset, network: TrainedNetwork, judged: NetworkQuality | None
) -> KnownStructure | None:
    """The structure of the network, where a direct search can make use of it."""
    settings = experiment.evolution
    # Derivatives of a graph are differences, which take two calls per input.
    is_slow = isinstance(network, OpaqueNetwork) and network.widths[0] > _MOST_DIFFERENCES
    is_silent = isinstance(network, RecordedNetwork)
    has_many = network.widths[-1] > _MOST_OUTPUTS
    if not settings.searches_directly or is_slow or is_silent or has_many:
        return None
    return known_structure(dataset, network, judged, settings.function_names, experiment.seed)


def _problem(
    experiment: Experiment, dataset: Dataset, network: TrainedNetwork, extra: Array, held_out: Array
) -> Problem:
    """The rows that the strategy fits, then those that only judge, with the activations.

    Extra rows, (k, d), are fitted beside those of the dataset. Rows made from a table's are neither
    fitted nor judge where they are one of those held out: of few categories there are few rows.
    """
    fit, judge = dataset.train.X, dataset.validation.X
    importance = None
    if strategy_of(experiment).fits_oracle_rows and not isinstance(network, RecordedNetwork):
        asked = experiment.dataset.oracle_rows
        widest = max(network.widths)
        count = min(_ORACLE_ROWS, _ORACLE_VALUES // widest) if asked == "auto" else asked
        sampling = experiment.dataset.sampling
        rng = stream(experiment.seed, "dataset", "oracle")
        if count:
            fit, importance = telling_rows(dataset, network, count, sampling, rng)
        # Poles hide between the rows; a denser sample finds them.
        affordable = int(_JUDGING_MULTIPLICATIONS / max(network.parameters, 1))
        denser = max(len(fit), min(2 * len(fit), affordable))
        judge = oracle_rows(dataset, denser, sampling, rng)
        if dataset.domain is None:
            fit = without(fit, held_out) if count else fit
            judge = without(judge, held_out)
    if dataset.domain is None:
        extra = without(extra, held_out)
    if not len(fit):
        fit = dataset.train.X
    rows = np.concatenate([fit, extra, judge])
    has_classes = network.output_activation == "softmax"
    count = len(fit) + len(extra)
    if importance is not None:
        importance = np.concatenate([importance, np.ones(len(extra))])
    activations = tuple(network.activations(rows))
    effects = network.directions_of_effect([units[:count] for units in activations])
    return Problem(
        network.inputs(rows),
        activations,
        count,
        has_classes,
        rows=rows,
        effects=None if effects is None else tuple(effects),
        importance=importance,
    )
