"""From a config file and overrides to a validated experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from srnet_cli.config import strict_yaml
from srnet_cli.config.evolution import (
    DEFAULT_STRATEGY,
    ORACLE_ROWS,
    SETTINGS,
    keys_read,
    readers,
)
from srnet_cli.config.network import NetworkSettings
from srnet_cli.config.problems import UnreadKeyError, explain, unread
from srnet_cli.config.schema import Experiment
from srnet_cli.config.suggestions import nearest
from srnet_cli.config.written import (
    OVERRIDE,
    Location,
    WrittenConfig,
    dotted,
    one_line,
    refusal,
    shortened,
    shown,
)
from srnet_cli.errors import ConfigError

MAX_BYTES = 500_000


@dataclass(frozen=True)
class LoadedConfig:
    """A validated experiment that still knows where every key was written.

    Attributes:
        experiment: the settings, every default filled in.
        config: the values as written, for error lines of later checks.
    """

    experiment: Experiment
    config: WrittenConfig


def load_experiment(path: Path, overrides: Sequence[str] = ()) -> Experiment:
    """Read a config file.

    Paths in the config may hold ``${VARIABLES}``. A relative path is looked up in the folder of
    the config first, then in the working directory; the experiment holds absolute paths.

    Args:
        path: a YAML file in UTF-8.
        overrides: ``key.path=value`` entries that replace what the file says; the value is YAML.
            Where they replace the strategy, keys of the file that only its own strategy reads are
            left out.

    Raises:
        ConfigError: one line that names file, line and key, for anything that is wrong with it.
    """
    return load_config(path, overrides).experiment


def load_config(path: Path, overrides: Sequence[str] = ()) -> LoadedConfig:
    """Like ``load_experiment``, and keep where every key was written."""
    source = shortened(str(path), 200)
    config = strict_yaml.parse(read_text(path, source), lambda line: f"{source}:{line}")
    if not isinstance(config.values, dict):
        problem = "is empty" if config.values is None else "does not hold 'key: value' lines"
        raise refusal(f"{source}: {problem}; a config begins with 'name: …'")
    own = _strategy(config.values)
    for override in overrides:
        config = _overridden(config, override)
    config = _without_keys_of(own, config)
    return LoadedConfig(_validated(config, path.parent), config)


def experiment_from_mapping(
    values: Mapping[str, object], source: str = "config", folder: Path | None = None
) -> Experiment:
    """Validate settings that are plain values already, as read from JSON.

    Args:
        values: the settings, nested mappings and lists of plain values.
        source: what error lines begin with.
        folder: where relative paths are looked up first.

    Raises:
        ConfigError: one line that names the source and the key.
    """
    return _validated(WrittenConfig(_as_tuples(values), {(): source}), folder)


def network_settings(path: Path, overrides: Sequence[str] = ()) -> NetworkSettings:
    """The settings of a network file without a config.

    Args:
        path: the file.
        overrides: keys of the section ``network``, as ``key=value``.

    Raises:
        ConfigError: one line that names the key.
    """
    values = {"name": "network", "network": {"load": str(path.absolute())}}
    config = WrittenConfig(values, {(): "network"})
    for override in overrides:
        config = _overridden(config, f"network.{override.removeprefix('network.')}")
    return _validated(config, None).network


def _validated(config: WrittenConfig, folder: Path | None) -> Experiment:
    try:
        experiment = Experiment.model_validate(
            config.values, strict=True, context={"folder": folder}
        )
    except ValidationError as error:
        raise explain(error, config, Experiment) from None
    except UnicodeEncodeError:
        raise refusal(f"{config.origin(())}: a text holds half a character") from None
    if experiment.network.train is not None and not experiment.dataset.has_targets:
        problem = "give one of 'formula', 'file', 'pmlb' and 'rows', to train a network on"
        raise ConfigError(config.complaint(("dataset",), problem))
    strategy = experiment.evolution.strategy
    if experiment.dataset.oracle_rows != "auto" and ORACLE_ROWS not in keys_read(strategy):
        problem = unread(ORACLE_ROWS[1], strategy, readers(ORACLE_ROWS))
        complaint, options = config.complaint(ORACLE_ROWS, problem), config.options(ORACLE_ROWS)
        raise UnreadKeyError(complaint, options=options)
    return experiment


def _strategy(values: object) -> object:
    """What a config says, or leaves unsaid, about the strategy."""
    evolution = values.get("evolution", {}) if isinstance(values, dict) else None
    return evolution.get("strategy", DEFAULT_STRATEGY) if isinstance(evolution, dict) else None


def _without_keys_of(own: object, config: WrittenConfig) -> WrittenConfig:
    """The config without what only the file's own strategy reads, where another is asked for."""
    wanted = _strategy(config.values)
    if own == wanted or own not in SETTINGS or wanted not in SETTINGS:
        return config
    values: Any = config.values
    for section, key in keys_read(str(own)) - keys_read(str(wanted)):
        is_written = isinstance(values.get(section), dict) and key in values[section]
        if is_written and config.origin((section, key)) != OVERRIDE:
            others = {name: entry for name, entry in values[section].items() if name != key}
            values = values | {section: others}
    return WrittenConfig(values, config.origins)


def _as_tuples(value: object) -> object:
    """Lists as tuples, as strict validation wants them."""
    if isinstance(value, Mapping):
        return {key: _as_tuples(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_as_tuples(entry) for entry in value)
    return value


def read_text(path: Path, source: str) -> str:
    """Read a config file, or one like it.

    Raises:
        ConfigError: it cannot be read, is too large or not UTF-8; the line begins with ``source``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise refusal(f"{source}: no such file{_near_file(path)}") from None
    except IsADirectoryError:
        raise refusal(f"{source}: is a folder; name a config file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(f"{source}: cannot be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise refusal(f"{source}: larger than {MAX_BYTES:,} bytes; is it a config?")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refusal(f"{source}:{line}: not UTF-8 text") from None


def _near_file(path: Path) -> str:
    try:
        near = nearest(path.name, (entry.name for entry in path.parent.iterdir()))
    except OSError:
        return ""
    return f"; did you mean '{path.with_name(near)}'?" if near else ""


def _overridden(config: WrittenConfig, override: str) -> WrittenConfig:
    """The config with one ``key.path=value`` replaced."""
    key, equals, text = override.partition("=")
    location: Location = tuple(key.strip().split("."))
    possible = all(location) and key.isprintable() and len(location) <= strict_yaml.MAX_DEPTH
    if not equals or not possible:
        raise ConfigError(
            "expected key.path=value, as in evolution.generations=100",
            options={OVERRIDE: one_line(shown(override))},
        )
    try:
        new = strict_yaml.parse(text)
    except ConfigError as error:
        raise ConfigError(error.message, options={OVERRIDE: one_line(dotted(location))}) from None
    written = {(*location, *place) for place in new.origins} | {location}
    sections = {location[:depth] for depth in range(1, len(location))}
    created = written | (sections - config.origins.keys())
    origins = {**config.origins, **dict.fromkeys(created, OVERRIDE)}
    return WrittenConfig(_replaced(config.values, location, new.values, ()), origins)


def _replaced(old: object, location: Location, value: object, above: Location) -> object:
    if not location:
        return value
    if old is not None and not isinstance(old, dict):
        problem = f"{dotted(above)}: not a section; set it as a whole"
        raise ConfigError(one_line(problem), options=(OVERRIDE,))
    step, *rest = location
    section = old or {}
    return section | {step: _replaced(section.get(step), tuple(rest), value, (*above, step))}
