"""Work for places, in a module that loads in a moment."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from patience import LONG

from srnet_cli.executor.local import Processes
from srnet_cli.executor.tasks import Begun, run_all


def square(number: int) -> tuple[int, int, str]:
    """The square, who found it, and how many threads that one's libraries were told to use."""
    return number**2, os.getpid(), os.environ.get("OPENBLAS_NUM_THREADS", "")


def group(_: object) -> int:
    """The process group that this process is in."""
    return os.getpgrp()


def die_once(mark: str) -> str:
    """End this process as kill -9 does, unless that has happened before."""
    path = Path(mark)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return mark


def die(_: object) -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def linger(mark: str) -> str:
    """Say who is at work, and stay until asked to stop, far longer than anybody waits for that."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    Path(mark).write_text(str(os.getpid()))
    end = time.monotonic() + 4 * LONG
    while not asked and time.monotonic() < end:
        time.sleep(0.02)
    return "stopped" if asked else "left alone"


def describe() -> dict[str, str]:
    """What a worker runs with."""
    return {"work": os.environ.get("WORK_VERSION", "1")}


if __name__ == "__main__":
    with Processes(linger, 1) as places:
        for event in run_all(places, [sys.argv[1]], lambda key: key):
            if isinstance(event, Begun):
                print("begun", flush=True)
