"""All that is wrong with a table, in one answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from srnet_cli.errors import DataError

MOST = 10
"""Faults that are written out; of more there is the number."""


class Fault(Exception):
    """Something that makes a table unusable.

    Args:
        problem: what is wrong, without the file's name.
        hint: what to do about it, or empty.
    """

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem, self.hint = problem, hint


class Faults:
    """The faults of a table, gathered while it is read.

    Args:
        where: the file, for messages.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._faults: list[Fault] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What is wrong inside is kept for later."""
        try:
            yield
        except Fault as fault:
            self._faults.append(fault)

    def check(self) -> None:
        """Raise what has been gathered.

        Raises:
            DataError: there are faults; all are in one line.
        """
        if not self._faults:
            return
        problems = [fault.problem for fault in self._faults]
        more = len(problems) - MOST
        message = "; ".join(problems[:MOST]) + (f"; … ({more} more)" if more > 0 else "")
        hints = dict.fromkeys(fault.hint for fault in self._faults if fault.hint)
        raise DataError(f"{self._where}: {message}", hint="; ".join(hints))
