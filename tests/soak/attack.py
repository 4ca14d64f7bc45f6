"""What an attack is, and how what it finds is counted."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

MOST_BYTES = 1 << 30
"""Memory that reading a file may take."""


class Skipped(Exception):
    """This machine lacks what the attack needs; the message says what."""


class Attack(NamedTuple):
    """A way to attack.

    Attributes:
        run: yields a line per case: empty where all is well, else what is wrong. It is given a
            folder of its own and a source of random numbers.
        cases: how many there are to be in an hour on two cores.
        seconds: processor time that a case may take; None: as much as it needs.
    """

    run: Callable[[Path, random.Random], Iterator[str]]
    cases: int
    seconds: float | None = None


@dataclass
class Count:
    """What has come of an attack.

    Attributes:
        cases: tried.
        seconds: by the clock, in all.
        most: processor time of the case that took most, but for the first, which loads libraries.
        failures: what was wrong, a line each.
        skipped: why it was not tried; empty where it was.
    """

    cases: int = 0
    seconds: float = 0.0
    most: float = 0.0
    failures: list[str] = field(default_factory=list)
    skipped: str = ""
