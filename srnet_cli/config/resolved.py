"""An experiment written out in full, and the short name of what it would compute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from srnet_cli.config.evolution import ORACLE_ROWS, keys_read
from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.config.network import LOADED_ONLY, NetworkSettings
from srnet_cli.config.schema import Experiment
from srnet_cli.config.strict_yaml import add_core_scalars
from srnet_cli.config.written import one_line, shortened
from srnet_cli.errors import DataError, ModelError, SrnetError

# Early versions wrote the keys of both strategies, whatever the strategy was.
_NEVER_READ = {
    "auto": [
        *("population", "mutation", "accept", "rows", "columns", "levels_back", "constants"),
        "stop_fitness",
    ],
    "mnncgp-es": ["expressions", "max_length"],
}
# What they did where a key is younger.
_BEFORE = {"auto": {"direct_share": 0.0}}


class _Dumper(yaml.SafeDumper):
    """Quotes the text that our loader, or one for YAML 1.1, would read as something else."""


add_core_scalars(_Dumper)


def resolved(experiment: Experiment) -> dict[str, Any]:
    """Every setting that the strategy reads, with its default filled in, as plain JSON values.

    Paths are absolute. ``experiment_from_mapping`` turns it back into an equal experiment.
    """
    settings = experiment.model_dump(mode="json")
    if ORACLE_ROWS not in keys_read(experiment.evolution.strategy):
        section, key = ORACLE_ROWS
        del settings[section][key]
    return settings


def read_resolved(values: Any, source: str) -> Experiment:
    """The experiment of a ``config.resolved.json``, of this version or an earlier one.

    At first all strategies shared one set of keys, and a resolved config held all of them: those
    that its strategy never read are left out, and ``auto`` had no direct search. Everything else is
    checked as in a config.

    Args:
        values: the content of the file.
        source: what error lines begin with.

    Raises:
        ConfigError: one line that names the source and the key.
    """
    match values:
        case {"evolution": {"strategy": str() as strategy} as evolution}:
            unread = _NEVER_READ.get(strategy, ())
            read = {key: value for key, value in evolution.items() if key not in unread}
            values = values | {"evolution": _BEFORE.get(strategy, {}) | read}
    match values:
        case {"evolution": {"strategy": "mnncgp-es"}, "dataset": {"oracle_rows": _, **rows}}:
            values = values | {"dataset": rows}
    return experiment_from_mapping(values, source)


def to_json(experiment: Experiment) -> str:
    """The resolved experiment as JSON text."""
    return json.dumps(resolved(experiment), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_yaml(experiment: Experiment) -> str:
    """The resolved experiment as a config file that loads to an equal experiment."""
    return yaml.dump(
        resolved(experiment),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,  # lists and boxes on one line, sections as blocks
        width=100,
    )


def flow(value: Any) -> str:
    """A value on one line, as it stands behind a key of a config and is read there again."""
    written = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, allow_unicode=True, width=10**6
    )
    return written.removesuffix("\n").removesuffix("...").rstrip("\n")


def signature(experiment: Experiment) -> str:
    """Eight hexadecimal digits that name what the experiment computes.

    Two experiments share a signature if nothing that can change results differs: every setting
    that the strategy reads counts, with its default filled in, except ``name``, ``hypotheses``,
    ``proof`` and ``evolution.threads``. A file counts with its content, not with its path, so that
    a signature is the same wherever the files lie.

    Raises:
        DataError, ModelError: a file that the experiment names cannot be read.
    """
    settings = resolved(experiment)
    del settings["name"], settings["hypotheses"], settings["evolution"]["threads"]
    del settings["proof"]
    if not settings["first_trial"]:
        del settings["first_trial"]  # younger than the others, whose signatures stay as they were
    _drop_younger(settings["network"])
    for key in ("test_file", "split_column"):
        if settings["dataset"][key] is None:
            del settings["dataset"][key]
    if not settings["dataset"]["binary"]:
        del settings["dataset"]["binary"]
    for (section, key), path, error in named_files(experiment):
        settings[section][key] = _digest(path, f"{section}.{key}", error)
    # Unsorted: the order of a domain is the order of the inputs.
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:8]


def _drop_younger(network: dict[str, Any]) -> None:
    """Leave out what says nothing, of keys that earlier versions did not have."""
    if network["activation"] is None:
        network["activation"] = "sigmoid"  # the default of earlier versions
    for key in ("activations", "callable"):
        if network[key] is None:
            del network[key]
    if network["decision"] == "argmax":
        network["decision"] = None  # a classifier decides so by itself
    for key in LOADED_ONLY:
        if network[key] in (NetworkSettings.model_fields[key].default, []):
            del network[key]


def named_files(
    experiment: Experiment,
) -> Iterator[tuple[tuple[str, str], Path, type[SrnetError]]]:
    """The files an experiment reads: the key that names it, its path, the error if it fails."""
    for section, key, path, error in (
        ("dataset", "file", experiment.dataset.file, DataError),
        ("dataset", "test_file", experiment.dataset.test_file, DataError),
        ("dataset", "rows", experiment.dataset.rows, DataError),
        ("network", "load", experiment.network.load, ModelError),
        ("network", "activations", experiment.network.activations, ModelError),
    ):
        if path is not None:
            yield (section, key), path, error


def _digest(path: Path, key: str, error: type[SrnetError]) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as failure:
        name = shortened(str(path), 300)
        raise error(one_line(f"{key}: {name} cannot be read: {failure.strerror}")) from None
