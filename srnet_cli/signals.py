"""SIGINT and SIGTERM: the first asks the run to stop, the second ends the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h"


class StopNow(BaseException):
    """A signal came while there was nothing to save.

    No KeyboardInterrupt: libraries catch that one, and scikit-learn then returns a network that is
    trained by half as if it were done.
    """


class Signals:
    """A context in which signals stop the run in good order.

    A signal is kept in ``number`` for whoever does the work to see; within ``at_once`` it raises
    ``StopNow``. Outside of the main thread signals are somebody else's, and nothing is done.

    Args:
        quits_on_second: whether a second signal ends the process at once. In a worker it does not:
            one that is told to stop with the whole session is told again by its parent, which
            also sees to it that it ends.

    Attributes:
        number: the signal that has come, or None.
    """

    def __init__(self, *, quits_on_second: bool = True) -> None:
        self.number: int | None = None
        self._quits_on_second = quits_on_second
        self._raises = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        with suppress(ValueError):  # not the main thread
            for number in _SIGNALS:
                # Also one that is ignored, as in a shell's background jobs: who sends it means it.
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """While this lasts nothing is lost by stopping, so a signal need not wait.

        Raises:
            StopNow: a signal has come, before or now.
        """
        self._raises = True
        try:
            if self.number is not None:
                raise StopNow
            yield
        finally:
            self._raises = False

    def _receive(self, number: int, _: FrameType | None) -> None:
        if self.number is not None:
            if self._quits_on_second:
                _quit(number)
            return
        self.number = number
        if self._raises:
            raise StopNow


def _quit(number: int) -> None:
    """End the process at once, as a shell expects it; nobody tidies up, so leave a cursor."""
    if os.isatty(2):
        os.write(2, _SHOW_CURSOR)
    os._exit(128 + number)
