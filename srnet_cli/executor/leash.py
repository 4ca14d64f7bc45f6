"""Worker processes that end with their parent, however that ends."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


@contextmanager
def signals_kept() -> Iterator[None]:
    """Keep signals for later: a worker that Ctrl-C meets at its start would print a traceback.

    Workers that start meanwhile are born with signals kept, and ``put_on`` says what they do.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def put_on(held: Connection) -> None:
    """Set a worker up: its parent alone tells it to stop, and takes it along when it ends.

    It is in a process group of its own, because a terminal sends Ctrl-C to the whole group.

    Args:
        held: this end of a pipe. Anything that the parent sends asks the worker to stop in good
            order, as SIGTERM does; the end of the pipe ends it at once.
    """
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def watch() -> None:
        try:
            while True:
                held.recv_bytes()
                os.kill(os.getpid(), signal.SIGTERM)
        except (EOFError, OSError):
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
