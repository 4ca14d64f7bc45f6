"""``srnet validate``: everything that can be said of a config before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from srnet_cli.config.document import one_line, shortened
from srnet_cli.config.loading import LoadedConfig, load_config
from srnet_cli.config.resolved import named_files, signature, to_yaml
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import ConfigError

if TYPE_CHECKING:
    from srnet_cli.datasets.dataset import Dataset
    from srnet_cli.networks import TrainedNetwork


def run(config: Path, overrides: Sequence[str] = (), *, resolved: bool = False) -> str:
    """Check a config and say what it would run.

    Args:
        config: the config file.
        overrides: ``key.path=value`` entries.
        resolved: answer with the whole experiment as YAML: all that its strategy reads, with every
            default filled in.

    Returns:
        Text to print, without a line break at its end.

    Raises:
        ConfigError: the config or its formula is wrong.
        DataError, ModelError: a file that it names cannot be found or used.
    """
    experiment = load(config, overrides)
    if resolved:
        return to_yaml(experiment).rstrip("\n")
    found = _opened(experiment)
    return f"{one_line(str(config))}: valid\n{_summary(experiment, found)}"


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
        problem = loaded.document.complaint(("dataset", "formula"), str(error))
        raise ConfigError(problem, hint=error.hint) from None


def _check_files(loaded: LoadedConfig) -> None:
    for key, path, error in named_files(loaded.experiment):
        if not path.is_file():
            problem = "is a folder, not a file" if path.is_dir() else "no such file"
            raise error(
                loaded.document.complaint(key, f"{shortened(str(path), 300)}: {problem}"),
                hint="Relative paths are looked up beside the config, then in the working folder.",
            )


def _opened(experiment: Experiment) -> dict[str, str]:
    """Open what the config names, and say what it holds; nothing is fetched, trained or written.

    Raises:
        ConfigError, DataError, ModelError: what the fit would end with.
    """
    from srnet_cli.fit.preparation import open_inputs
    from srnet_cli.networks import load_or_train
    from srnet_cli.networks.opening import open_network

    if experiment.dataset.pmlb is not None:  # the table may have to be fetched
        if experiment.network.load is not None:
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


def _summary(experiment: Experiment, found: Mapping[str, str] = MappingProxyType({})) -> str:
    dataset, network, evolution = experiment.dataset, experiment.network, experiment.evolution
    rows = dataset.rows or dataset.file or dataset.pmlb or dataset.formula or "rows of the domain"
    hidden = "-".join(map(str, network.train.hidden)) if network.train else ""
    trials = f"{experiment.trials} trial{'s' if experiment.trials > 1 else ''}"
    facts = {
        "run": f"{experiment.name}-{signature(experiment)}",
        "dataset": f"{dataset.task}, {rows}",
        "network": f"trained here, hidden layers {hidden}" if hidden else str(network.load),
        "evolution": ", ".join([evolution.strategy, *evolution.effort(), trials]),
    }
    facts |= found
    return "\n".join(one_line(f"  {key:<10} {fact}") for key, fact in facts.items())
