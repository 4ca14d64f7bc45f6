"""Configs in Python: read from a file, or built from keywords."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from srnet_cli.config.loading import experiment_from_mapping, load_experiment
from srnet_cli.config.schema import Experiment


def load_config(path: Path | str, overrides: Mapping[str, object] | None = None) -> Experiment:
    """Read a config file.

    Args:
        path: a YAML file.
        overrides: settings that replace those of the file, by dotted key, such as
            ``{"evolution.generations": 100}``.

    Returns:
        the settings, every default filled in; attributes are the config's keys.

    Raises:
        ConfigError: one line that names file, line and key.
    """
    return load_experiment(Path(path), override_lines(overrides or {}))


def make_config(
    name: str,
    *,
    network: Mapping[str, Any],
    dataset: Mapping[str, Any] | None = None,
    evolution: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Experiment:
    """Build a config from keywords: the same keys as in a file.

    Args:
        name: what the run is called.
        network, dataset, evolution: the sections, as mappings.
        settings: the other keys of the top level, such as ``seed=1``.

    Raises:
        ConfigError: one line that names the key.

    Example:
        >>> make_config(
        ...     "mine", dataset={"domain": {"x": (-1, 1)}}, network={"load": "network.onnx"}
        ... )
    """
    sections = {"dataset": dataset, "network": network, "evolution": evolution}
    given = {key: section for key, section in sections.items() if section is not None}
    values = plain({"name": name, **settings, **given})
    return experiment_from_mapping(values, "config", Path.cwd())


def override_lines(overrides: Mapping[str, object]) -> tuple[str, ...]:
    """Settings by dotted key as ``srnet fit`` takes them."""
    return tuple(
        f"{key}={json.dumps(plain(value), ensure_ascii=False)}" for key, value in overrides.items()
    )


def plain(value: Any) -> Any:
    """Values as a config holds them: NumPy's numbers and arrays as Python's, paths as texts."""
    match value:
        case Mapping():
            return {str(key): plain(entry) for key, entry in value.items()}
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case list() | tuple():
            return [plain(entry) for entry in value]
        case Path():
            return str(value)
    return value
