"""Work for processes, in a module that loads in a moment."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from srnet_cli.compare.processes import counted, run_in_processes


def square(number: int, steps: int) -> int:
    """The square, after so many steps."""
    for _ in range(steps):
        counted()
    return number**2


def linger(folder: Path) -> None:
    """Leave a file named after this process, stay for a minute, and say if nothing ended that."""
    counted()
    (folder / str(os.getpid())).touch()
    time.sleep(60)
    (folder / f"{os.getpid()} was left alone").touch()


def die() -> None:
    """End at once, as when memory runs out."""
    os._exit(9)


if __name__ == "__main__":
    # What a shell starts in the background is born with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run_in_processes(linger, [(Path(sys.argv[1]),)] * 2, 2, lambda done, total: None, 2)
