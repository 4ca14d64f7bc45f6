"""``srnet validate``: everything that can be said of a config before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from srnet_cli.config.loading import LoadedConfig, load_config
from srnet_cli.config.resolved import named_files, resolved, signature, to_yaml
from srnet_cli.config.schema import Experiment
from srnet_cli.config.written import one_line, shortened
from srnet_cli.errors import ConfigError
from srnet_cli.rendering.document import Document, Section, Verbatim
from srnet_cli.rendering.table import Column, table

if TYPE_CHECKING:
    from srnet_cli.datasets.dataset import Dataset
    from srnet_cli.networks import TrainedNetwork


@dataclass(frozen=True)
class Validated:
    """What a valid config would run, in words.

    Attributes:
        config: the config file.
        run: the name of its run.
        dataset: its task, and where its rows come from.
        network: its hidden layers, or the file it is loaded from.
        evolution: the strategy, what it may spend, and how many trials.
        opened: what its files hold, by name, with notes and warnings.
    """

    config: str
    run: str
    dataset: str
    network: str
    evolution: str
    opened: dict[str, str] = field(default_factory=dict)


def run(config: Path, overrides: Sequence[str] = ()) -> Validated:
    """Check a config and say what it would run.

    Args:
        config: the config file.
        overrides: ``key.path=value`` entries.

    Raises:
        ConfigError: the config or its formula is wrong.
        DataError, ModelError: a file that it names cannot be found or used.
    """
    experiment = load(config, overrides)
    return Validated(
        config=str(config),
        run=f"{experiment.name}-{signature(experiment)}",
        dataset=_dataset(experiment),
        network=_network(experiment),
        evolution=_evolution(experiment),
        opened=_opened(experiment),
    )


def document(validated: Validated) -> Document:
    """What a valid config would run, a row per section of the config below the run's name."""
    rows = [
        ("dataset", one_line(validated.dataset)),
        ("network", one_line(validated.network)),
        ("evolution", one_line(validated.evolution)),
        *((name, one_line(fact)) for name, fact in validated.opened.items()),
    ]
    head = [Column("run"), Column(one_line(validated.run), wraps=True)]
    return Document(
        title=f"{one_line(validated.config)}: valid",
        sections=(Section("", (table(head, rows),)),),
        record=asdict(validated),
    )


def resolved_document(experiment: Experiment) -> Document:
    """The whole experiment as a config: all that its strategy reads, every default filled in."""
    text = to_yaml(experiment).rstrip("\n")
    return Document(
        title="", sections=(Section("", (Verbatim(text),)),), record=resolved(experiment)
    )


def load(config: Path, overrides: Sequence[str] = ()) -> Experiment:
    """Load a config and check all that can be checked without reading its data.

    Raises:
        ConfigError: the config or its formula is wrong.
        DataError, ModelError: a file that it names cannot be found.
    """
    return load_checked(config, overrides).experiment


def load_checked(config: Path, overrides: Sequence[str] = ()) -> LoadedConfig:
    """Like ``load``, and keep where every key was written.

    Raises:
        ConfigError: the config or its formula is wrong.
        DataError, ModelError: a file that it names cannot be found.
    """
    loaded = load_config(config, overrides)
    _check_formula(loaded)
    _check_files(loaded)
    return loaded


def _check_formula(loaded: LoadedConfig) -> None:
    from srnet_cli.datasets.formula import parse_formula

    dataset = loaded.experiment.dataset
    if dataset.formula is None:
        return
    try:
        parse_formula(dataset.formula, tuple(dataset.domain or ()))
    except ConfigError as error:
        problem = loaded.config.complaint(("dataset", "formula"), str(error))
        options = loaded.config.options(("dataset", "formula"))
        raise ConfigError(problem, hint=error.hint, options=options) from None


def _check_files(loaded: LoadedConfig) -> None:
    for key, path, error in named_files(loaded.experiment):
        if not path.is_file():
            problem = "is a folder, not a file" if path.is_dir() else "no such file"
            raise error(
                loaded.config.complaint(key, f"{shortened(str(path), 300)}: {problem}"),
                hint="Relative paths are looked up beside the config, then in the working folder.",
                options=loaded.config.options(key),
            )


def _dataset(experiment: Experiment) -> str:
    dataset = experiment.dataset
    rows = dataset.rows or dataset.file or dataset.pmlb or dataset.formula or "rows of the domain"
    return f"{dataset.task}, {rows}"


def _network(experiment: Experiment) -> str:
    network = experiment.network
    if network.train is None:
        return str(network.load or network.activations or network.callable)
    return f"trained here, hidden layers {'-'.join(map(str, network.train.hidden))}"


def _evolution(experiment: Experiment) -> str:
    evolution = experiment.evolution
    trials = f"{experiment.trials} trial{'s' if experiment.trials > 1 else ''}"
    return ", ".join([evolution.strategy, *evolution.effort(), trials])


def _opened(experiment: Experiment) -> dict[str, str]:
    """Open what the config names, and say what it holds; nothing is fetched, trained or written.

    Raises:
        ConfigError, DataError, ModelError: what the fit would end with.
    """
    from srnet_cli.fit.preparation import open_inputs
    from srnet_cli.networks import load_or_train
    from srnet_cli.networks.opening import open_network

    if experiment.dataset.pmlb is not None:  # the table may have to be fetched
        if experiment.network.train is None:
            open_network(experiment.network, experiment.dataset.task)
        return {}
    notes: list[str] = []
    opened, experiment, dataset = open_inputs(experiment, notes.append)
    n, inputs = len(dataset.train), len(dataset.features)
    facts = {"rows": f"{n} to fit, {len(dataset.test)} held out, {inputs} inputs"}
    if opened is not None:
        standardise = experiment.dataset.standardise
        network, _ = load_or_train(
            experiment.network, dataset, experiment.seed, standardise, notes.append, opened
        )
        facts["layers"] = f"{'-'.join(map(str, network.widths))}, {opened.loaded.kind}"
        notes += [f"warning: {line}" for line in suspicions_of(network, dataset)]
    return facts | {f"note {place}": note for place, note in enumerate(notes, 1)}


def suspicions_of(network: TrainedNetwork, dataset: Dataset) -> list[str]:
    """What is suspicious about a loaded network, see ``networks.suspicion``."""
    from srnet_cli.networks.suspicion import suspicions

    return list(suspicions(network, dataset))
