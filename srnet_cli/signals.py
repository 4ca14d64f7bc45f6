"""SIGINT, SIGTERM and SIGHUP: the first asks the run to stop, the second ends the process."""

from __future__ import annotations

import atexit
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Self

# A terminal that is closed sends SIGHUP, and so does a connection that is lost.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
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
    SIGHUP that is ignored, as under ``nohup``, stays ignored.

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
        self._is_timed = False
        self._since = 0.0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        with suppress(ValueError):  # not the main thread
            for number in _SIGNALS:
                if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                    continue
                # Also one that is ignored, as in a shell's background jobs: who sends it means it.
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """While this lasts nothing is lost by stopping, so a signal need not wait.

        Libraries may make an error of their own of the stop, or nothing: it is one all the same.

        Raises:
            StopNow: a signal has come, before or now.
        """
        self._raises = True
        try:
            self._require_none()
            yield
            self._require_none()
        except Exception as error:
            if self.number is None:
                raise
            raise StopNow from error
        finally:
            self._raises = False

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """After a signal, give what follows so many seconds from when it came, and leave it there.

        Outside of the main thread, where there are no signals, it has all the time.
        """
        remaining = self._since + seconds - time.monotonic()
        try:
            before = signal.signal(signal.SIGALRM, self._ring)
        except ValueError:
            yield
            return
        self._is_timed = True
        try:
            signal.setitimer(signal.ITIMER_REAL, max(remaining, 1e-3))
            yield
        except StopNow:
            pass
        finally:
            self._is_timed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _require_none(self) -> None:
        if self.number is not None:
            raise StopNow

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._is_timed:
            raise StopNow

    def _receive(self, number: int, _: FrameType | None) -> None:
        if self.number is not None:
            if self._quits_on_second:
                _quit(number)
            return
        self.number = number
        self._since = time.monotonic()
        if self._raises:
            raise StopNow


def never() -> bool:
    """Whether it is late, for work that has all the time."""
    return False


def quit_on_signals() -> None:
    """From now on signals end this process at once, in a word and with their exit code.

    For commands that leave nothing half done, and for the time in which libraries are imported:
    some make an error of their own of an interrupt. ``Signals`` takes over where there is something
    to save. What is ignored, as SIGHUP under ``nohup``, stays ignored. When all is done and Python
    tidies up, they come too late to change the exit code.
    """
    # Python takes the handlers away before it ends, which would make it die of the signal.
    atexit.register(signal.pthread_sigmask, signal.SIG_BLOCK, _SIGNALS)
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _say_and_quit)


def _say_and_quit(number: int, _: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, b"srnet: stopped\n")
    _quit(number)


def _quit(number: int) -> None:
    """End the process at once, as a shell expects it; nobody tidies up, so leave a cursor."""
    if os.isatty(2):
        os.write(2, _SHOW_CURSOR)
    os._exit(128 + number)
