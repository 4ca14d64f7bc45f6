"""Reading in a process of its own first, where a library's C code reads what anybody may have made.

HDF5 loops for ever over some damaged files, crashes on others and asks for a gigabyte for some of a
few kilobytes, in C, where neither a signal handler nor an exception comes through. Whatever happens
to the child does not happen to us, and as reading depends on the bytes alone, what the child came
through we come through. A file that it refuses is refused here in its words, without a second look.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from srnet_cli.errors import ModelError

_SECONDS = 0.75
_BYTES_PER_SECOND = 1_000_000
"""Whole files take a few milliseconds, or a quarter of a second per megabyte of small arrays."""
_MOST_BYTES, _COPIES = 1 << 29, 4
"""Memory for reading, and for how many copies of the file on top."""
_OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def try_reading(read: Callable[[], object], size: int) -> None:
    """Read in a forked process whose processor time and memory are limited; its answer is dropped.

    Args:
        read: what reads.
        size: of the file, in bytes, which the limits grow with.

    Raises:
        ModelError: the process refused the file, crashed, or did not come to an end.
    """
    answer, into = os.pipe()
    with warnings.catch_warnings():
        # The child takes no lock that a thread of ours could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _read_and_end(read, size, into)
    os.close(into)
    try:
        with os.fdopen(answer, "rb") as pipe:
            refusal = pipe.read()
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
    if refusal:
        message, hint = json.loads(refusal)
        raise ModelError(message, hint=hint)


def _limit(seconds: float, memory: int) -> None:
    """Nobody but these limits stops this process."""
    for number in _OURS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    with suppress(OSError, ValueError):  # systems differ in what they limit
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.setitimer(signal.ITIMER_PROF, seconds)  # a limit of resources knows whole seconds


def _read_and_end(read: Callable[[], object], size: int, into: int) -> NoReturn:
    """Read within limits, and end the process; what is refused is told."""
    try:
        _limit(_SECONDS + size / _BYTES_PER_SECOND, _MOST_BYTES + _COPIES * size)
        read()
    except MemoryError:
        _tell(into, ModelError("the file takes more memory to read than any network needs"))
    except ModelError as error:
        _tell(into, error)
    finally:
        os._exit(0)


def _tell(into: int, error: ModelError) -> None:
    os.write(into, json.dumps([error.message, error.hint]).encode())
