"""What a shell offers on TAB: names of runs, keys of configs, formats.

A mistake in an environment variable or a damaged folder must not print an error into somebody's
prompt, so whatever goes wrong offers nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, get_args

from srnet_cli.errors import SrnetError


def runs(incomplete: str) -> list[tuple[str, str]]:
    """Folders of runs that begin so, the latest first, each with its state."""
    from srnet_cli.store import list_runs, runs_root

    with suppress(SrnetError, OSError):
        listed = reversed(list_runs(runs_root()))
        return [(run.folder, run.state) for run in listed if run.folder.startswith(incomplete)]
    return []


def config_keys(incomplete: str) -> list[tuple[str, str]]:
    """Keys of a config that begin so, as ``section.key=``, each with its meaning."""
    from srnet_cli.config.schema import Experiment

    return [
        (f"{key}=", meaning) for key, meaning in keys_of(Experiment) if key.startswith(incomplete)
    ]


def network_keys(incomplete: str) -> list[tuple[str, str]]:
    """The same of the section ``network``, for files that are loaded."""
    from srnet_cli.config.schema import NetworkSettings

    keys = keys_of(NetworkSettings)
    wanted = [(key, meaning) for key, meaning in keys if not key.startswith(("train", "load"))]
    return [(f"{key}=", meaning) for key, meaning in wanted if key.startswith(incomplete)]


def formats(incomplete: str) -> list[str]:
    """Formats of ``srnet export`` that begin so."""
    from srnet_cli.export.formats import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]


def keys_of(model: type[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every key that a section and the sections in it may hold, with its meaning.

    Args:
        model: the class of the section's settings.
        prefix: what stands before the keys.
    """
    known: set[str] = set()
    for name, field in model.model_fields.items():
        sections = list(_sections(field.annotation))
        if not sections:
            yield f"{prefix}{name}", field.description or ""
        for section in sections:
            for key, meaning in keys_of(section, f"{prefix}{name}."):
                # Strategies share keys.
                if key not in known:
                    known.add(key)
                    yield key, meaning


def _sections(annotation: object) -> Iterator[type[Any]]:
    """The classes of settings within an annotation."""
    from srnet_cli.config.section import Settings

    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)
