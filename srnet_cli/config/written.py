"""A config as plain values that know where they were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srnet_cli.errors import ConfigError, printable

Location = tuple[str | int, ...]

OVERRIDE = "set"
"""Origin of what is given beside the file, by the argument of that name."""

_LONGEST_LINE = 500


@dataclass(frozen=True)
class WrittenConfig:
    """Plain values (dicts, tuples and scalars) and the origin of each of them.

    Attributes:
        values: the top level; usually a mapping, but nothing is checked yet.
        origins: where a value was written, as an error line begins: ``configs/K0.yaml:14``; or
            ``OVERRIDE``. The location of the top level is ``()``.
    """

    values: object
    origins: Mapping[Location, str]

    def origin(self, location: Location) -> str:
        """Where the value at ``location`` was written, or the nearest section around it."""
        for length in range(len(location), -1, -1):
            if location[:length] in self.origins:
                return self.origins[location[:length]]
        return "config"

    def complaint(self, location: Location, problem: str) -> str:
        """An error line: origin, key and what is wrong with it; ``options`` name an override."""
        origin = self.origin(location)
        place = "" if origin == OVERRIDE else f"{origin}: "
        key = f"{dotted(location)}: " if location else ""
        return one_line(f"{place}{key}{problem}")

    def options(self, location: Location) -> tuple[str, ...]:
        """The argument that the value at ``location`` was given by, if it was given by one."""
        return (OVERRIDE,) if self.origin(location) == OVERRIDE else ()


def dotted(location: Location) -> str:
    """A location as users write it: ``evolution.functions[2]``."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{shortened(step, 60)}"
    return text.removeprefix(".")


def shown(value: object) -> str:
    """A value as it looks in a config, shortened to a few words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a section"
        case tuple() | list():
            entries = ", ".join(shown(entry) for entry in value[:4])
            return f"[{entries}{', …' if len(value) > 4 else ''}]"
        case int() if abs(value) >= 10**20:
            return "a number of more than 20 digits"
        case str():
            return f"'{shortened(value, 40)}'"
    return str(value)


def one_line(text: str) -> str:
    """``text`` on one line: control characters and lone surrogates escaped, the length bounded."""
    return shortened(printable(text), _LONGEST_LINE)


def refusal(text: str) -> ConfigError:
    """The error for a config that cannot be taken, its message on one line."""
    return ConfigError(one_line(text))


def shortened(text: str, length: int) -> str:
    """``text``, with its end cut off where it is longer than ``length``."""
    return text if len(text) <= length else text[: length - 1] + "…"
