"""Paths in configs: ``${VARIABLES}``, and what a relative path is relative to."""

from __future__ import annotations

import os
import re
from pathlib import Path

_VARIABLE = re.compile(r"\$\{(\w+)\}")

_PURPOSES = {
    "SRNET_PUBLISHED_DIR": "the folder with the published networks (regression/K0.npz …)",
    "SRNET_DATA_DIR": "the folder that caches downloaded tables",
    "SRNET_RUNS_DIR": "the folder that holds the run folders",
}


def expand_variables(text: str) -> str:
    """Replace every ``${NAME}`` by the environment variable of that name.

    Raises:
        ValueError: a variable is not set, or ``${`` begins no name.
    """
    expanded = _VARIABLE.sub(_value, text)
    if "${" in _VARIABLE.sub("", text):
        raise ValueError(f"'${{' must be followed by a variable's name and '}}' in '{text}'")
    return expanded


def resolve(text: str, folder: Path | None) -> Path:
    """The absolute path that a config means by ``text``.

    A relative path is looked up beside the config first, then in the working directory, so that a
    config can travel with its files and can also name files of the project it is used in.

    Args:
        text: the path as written in the config.
        folder: the folder of the config; None for a config that is not a file.

    Raises:
        ValueError: ``text`` is empty or unprintable, or names a variable that is not set.
    """
    path = Path(expand_variables(text))
    if not text or not str(path).isprintable():
        raise ValueError(f"expected a path, got {text!r}")
    beside = folder / path if folder else path
    # os.path.exists, unlike Path.exists, is False for names too long for the file system.
    return Path(os.path.abspath(beside if os.path.exists(beside) else path))


def _value(match: re.Match[str]) -> str:
    name = match[1]
    value = os.environ.get(name, "")
    if not value:
        purpose = f"set it to {_PURPOSES[name]}" if name in _PURPOSES else "this path needs it"
        raise ValueError(f"the environment variable {name} is not set; {purpose}")
    return value
