"""A small run on a disk that fails, or in a process that is killed, at a step of choice.

As a script, ``python disk_faults.py kill FOLDER`` kills the run at its first step, its second step
and so on, each in a folder of its own, and ``python disk_faults.py fill FOLDER`` runs on until the
disk is full. Both print JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from srnet_cli.errors import StorageError
from srnet_cli.store import RunFolder

NAME, SIGNATURE = "demo", "0a1b2c3d"
GENERATIONS = 5
STEPS = ("mkdir", "open", "ftruncate", "pwrite", "write", "fsync", "replace", "unlink")

Fault = Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]


@contextmanager
def disk_with(fault: Fault) -> Iterator[None]:
    """Hand every call that changes the disk to ``fault(step, the real call, its arguments)``."""

    def wrap(step: str) -> Callable[..., Any]:
        real = getattr(os, step)
        return lambda *args, **options: fault(step, lambda *a: real(*a, **options), args)

    with ExitStack() as stack:
        for step in STEPS:
            stack.enter_context(mock.patch.object(os, step, wrap(step)))
        yield


def fault_at(n: int, act: Fault, *, lasting: bool = False) -> Fault:
    """A fault that acts on the n-th step, counted from 1, and on all later ones where it lasts."""
    steps = count(1)

    def fault(step: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        now = next(steps)
        hit = now >= n if lasting else now == n
        return act(step, real, args) if hit else real(*args)

    return fault


def tear(step: str, real: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Carry out half of a write, and nothing of any other step."""
    if step == "write":
        descriptor, data = args
        real(descriptor, data[: len(data) // 2])


def run_demo(root: Path, saved: Callable[[int], None], size: int = 100) -> None:
    """Run to the end, from the newest checkpoint where there is one.

    Args:
        root: where runs are kept.
        saved: told each generation whose checkpoint has been saved.
        size: how many digests of 32 bytes a state holds.
    """
    with RunFolder.create(root, NAME, SIGNATURE) as run:
        if run.is_done:
            return
        run.write("config.yaml", b"name: demo\n")
        newest = run.newest_checkpoint()
        start, state = (newest.generation, newest.data) if newest else (0, b"")
        for generation in range(start + 1, GENERATIONS + 1):
            # Any lost or damaged state on the way would change the result.
            state = hashlib.sha256(state + b"%d" % generation).digest() * size
            run.save_checkpoint(generation, state)
            saved(generation)
        run.write_json("expressions.json", {"state": hashlib.sha256(state).hexdigest()})
        run.write("plots/fitness.png", state)
        run.commit()


def kill_everywhere(folder: Path) -> None:
    """Kill one run at each step, cleanly and amid a write; print what each had reported."""
    for torn in (False, True):
        for n in count(1):
            root = folder / f"{'torn' if torn else 'clean'}-{n}"
            report = folder / f"{root.name}.log"
            child = os.fork()
            if child == 0:
                _run_and_die(root, report, n, torn=torn)
            if os.waitpid(child, 0)[1] == 0:
                break
            print(json.dumps({"root": str(root), "saved": len(report.read_bytes())}))


def _run_and_die(root: Path, report: Path, n: int, *, torn: bool) -> None:
    def act(step: str, real: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if torn:
            tear(step, real, args)
        os.kill(os.getpid(), signal.SIGKILL)

    with report.open("wb", buffering=0) as log, disk_with(fault_at(n, act)):
        run_demo(root, lambda _: log.write(b"."))
    os._exit(0)


def fill(root: Path) -> None:
    """Save ever larger states until the disk is full; print the error and what had been saved."""
    last = 0
    with RunFolder.create(root, NAME, SIGNATURE) as run:
        try:
            for last in count():
                run.save_checkpoint(last + 1, b"x" * (last * 20_000))
        except StorageError as error:
            newest = run.newest_checkpoint()
            kept = newest.generation if newest else 0
            files = sorted(os.listdir(run.path / "checkpoint"))
            print(json.dumps({"error": str(error), "saved": last, "kept": kept, "files": files}))


if __name__ == "__main__":
    {"kill": kill_everywhere, "fill": fill}[sys.argv[1]](Path(sys.argv[2]))
