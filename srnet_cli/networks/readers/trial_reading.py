"""Reading in a process of its own first, where a library's C code reads what anybody may have made.

HDF5 loops for ever over some damaged files and crashes on others, in C, where neither a signal
handler nor an exception comes through. Whatever happens to the child does not happen to us, and as
reading depends on the bytes alone, what the child came through we come through.
"""

from __future__ import annotations

import os
import resource
import signal
import warnings
from collections.abc import Callable

from srnet_cli.errors import ModelError

_SECONDS = 0.75
_BYTES_PER_SECOND = 1_000_000
"""Whole files take a few milliseconds, or a quarter of a second per megabyte of small arrays."""
_OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def try_reading(read: Callable[[], object], size: int) -> None:
    """Read in a forked process whose processor time is limited; its answer, or error, is dropped.

    Args:
        read: what reads.
        size: of the file, in bytes, which the limit grows with.

    Raises:
        ModelError: the process crashed, or did not come to an end.
    """
    with warnings.catch_warnings():
        # The child takes no lock that a thread of ours could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _read_and_end(read, _SECONDS + size / _BYTES_PER_SECOND)
    try:
        _, status = os.waitpid(child, 0)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    if os.WIFSIGNALED(status):
        reason = "never ends" if os.WTERMSIG(status) == signal.SIGPROF else "crashes"
        raise ModelError(
            f"the file is damaged: the library that reads it {reason}", hint="save or copy it again"
        )


def _read_and_end(read: Callable[[], object], seconds: float) -> None:
    """Read, and end the process, which nobody but the limit stops."""
    try:
        for number in _OURS:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.setitimer(signal.ITIMER_PROF, seconds)  # a limit of resources knows whole seconds
        read()
    finally:
        os._exit(0)
