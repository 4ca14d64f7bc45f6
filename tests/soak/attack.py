"""What an attack is, and how what it finds is counted."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

MOST_BYTES = 1 << 30
"""Memory that reading a file may take."""


class Ended(NamedTuple):
    """A process that has ended.

    Attributes:
        code: its exit code, or less than 0 a signal.
        seconds: from when it was first looked at: by the clock or, where the machine is busy with
            others so that this is less, of its processor time.
    """

    code: int
    seconds: float


def ended(pid: int) -> Ended:
    """Wait for the end of a child of this process."""
    began, spent = time.monotonic(), _processor_time(pid)
    _, status, usage = os.wait4(pid, 0)
    seconds = usage.ru_utime + usage.ru_stime - spent
    return Ended(os.waitstatus_to_exitcode(status), min(seconds, time.monotonic() - began))


def _processor_time(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # no such folder on this system
        return 0.0
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


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
        spent: processor time, in all.
        most: processor time of the case that took most, but for the first, which loads libraries.
        failures: what was wrong, a line each.
        skipped: why it was not tried; empty where it was.
    """

    cases: int = 0
    seconds: float = 0.0
    spent: float = 0.0
    most: float = 0.0
    failures: list[str] = field(default_factory=list)
    skipped: str = ""

    def __add__(self, other: Count) -> Count:
        """What two processes have come to."""
        return Count(
            self.cases + other.cases,
            self.seconds + other.seconds,
            self.spent + other.spent,
            max(self.most, other.most),
            self.failures + other.failures,
            self.skipped or other.skipped,
        )
