"""Waiting for what other processes do, on a machine that may be busy."""

from __future__ import annotations

import time
from collections.abc import Callable

LONG = 300.0
"""Seconds far beyond what anything takes that is waited for."""


def until(is_so: Callable[[], bool]) -> bool:
    """Wait for something to become so; whether it has."""
    end = time.monotonic() + LONG
    while not (is_met := is_so()) and time.monotonic() < end:
        time.sleep(0.05)
    return is_met
