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

_SECONDS = 3
_BYTES_PER_SECOND = 20_000_000
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
        _read_and_end(read, _SECONDS + size // _BYTES_PER_SECOND)
    try:
        _, status = os.waitpid(child, 0)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    if os.WIFSIGNALED(status):
        reason = "never ends" if os.WTERMSIG(status) == signal.SIGXCPU else "crashes"
        raise ModelError(
            f"the file is damaged: the library that reads it {reason}", hint="save or copy it again"
        )


def _read_and_end(read: Callable[[], object], seconds: int) -> None:
    """Read, and end the process, which nobody but the limit stops."""
    try:
        for number in _OURS:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        read()
    finally:
        os._exit(0)
