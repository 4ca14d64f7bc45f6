"""``srnet validate``: everything that can be said of a config before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from srnet_cli.config.document import one_line, shortened
from srnet_cli.config.loading import LoadedConfig, load_config
from srnet_cli.config.resolved import named_files, signature, to_yaml
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import ConfigError


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
        DataError, ModelError: a file that it names cannot be found.
    """
    experiment = load(config, overrides)
    if resolved:
        return to_yaml(experiment).rstrip("\n")
    return f"{one_line(str(config))}: valid\n{_summary(experiment)}"


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
        options = loaded.document.options(("dataset", "formula"))
        raise ConfigError(problem, hint=error.hint, options=options) from None


def _check_files(loaded: LoadedConfig) -> None:
    for key, path, error in named_files(loaded.experiment):
        if not path.is_file():
            problem = "is a folder, not a file" if path.is_dir() else "no such file"
            raise error(
                loaded.document.complaint(key, f"{shortened(str(path), 300)}: {problem}"),
                hint="Relative paths are looked up beside the config, then in the working folder.",
                options=loaded.document.options(key),
            )


def _summary(experiment: Experiment) -> str:
    dataset, network, evolution = experiment.dataset, experiment.network, experiment.evolution
    rows = dataset.rows or dataset.file or dataset.pmlb or dataset.formula
    hidden = "-".join(map(str, network.train.hidden)) if network.train else ""
    trials = f"{experiment.trials} trial{'s' if experiment.trials > 1 else ''}"
    facts = {
        "run": f"{experiment.name}-{signature(experiment)}",
        "dataset": f"{dataset.task}, {rows}",
        "network": f"trained here, hidden layers {hidden}" if hidden else str(network.load),
        "evolution": ", ".join([evolution.strategy, *evolution.effort(), trials]),
    }
    return "\n".join(one_line(f"  {key:<10} {fact}") for key, fact in facts.items())
