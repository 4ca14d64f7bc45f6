"""Local processes: reused, replaced when killed, stopped in good order, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import executor_work
import pytest
from patience import LONG, until

from srnet_cli.executor.local import Processes
from srnet_cli.executor.tasks import Ended, Lost, run_all


def results(work: Callable[[Any], Any], payloads: dict[str, Any], count: int) -> dict[str, Any]:
    """The result of every task; None where it was given up."""
    by_key: dict[str, Any] = {}
    with Processes(work, count) as places:
        for event in run_all(places, payloads, payloads.__getitem__):
            if isinstance(event, Ended):
                by_key[event.key] = event.result
            elif isinstance(event, Lost) and event.is_final:
                by_key[event.key] = None
    return by_key


def test_processes_are_reused_and_have_one_thread() -> None:
    """Start and loading are paid once a worker, and libraries are told to use one thread."""
    before = dict(os.environ)
    squares = results(executor_work.square, {str(number): number for number in range(8)}, 2)
    assert {key: square for key, (square, _, _) in squares.items()} == {
        str(number): number**2 for number in range(8)
    }
    assert 1 <= len({pid for _, pid, _ in squares.values()}) <= 2
    assert {threads for _, _, threads in squares.values()} == {"1"}
    assert dict(os.environ) == before


def test_a_killed_worker_costs_nothing_but_time(tmp_path: Path) -> None:
    """Its task is begun anew in another one, and all end."""
    marks = {str(number): str(tmp_path / str(number)) for number in range(4)}
    assert results(executor_work.die_once, marks, 2) == marks


def test_a_task_that_kills_is_given_up() -> None:
    """After three workers."""
    assert results(executor_work.die, {"poison": None}, 2) == {"poison": None}


def test_a_worker_that_is_killed_while_it_waits_is_replaced() -> None:
    """The next task finds another one."""
    with Processes(executor_work.square, 1) as places:
        for number in (1, 2):
            (place,) = places.free()
            places.begin(place, "key", number)
            (event,) = places.wait(LONG)
            assert isinstance(event, Ended)
            square, pid, _ = event.result
            assert square == number**2
            os.kill(pid, signal.SIGKILL)
            assert until(lambda gone=pid: _is_gone(gone))


def test_stopping_waits_for_good_order(tmp_path: Path) -> None:
    """A task is asked to stop and can still say what it has."""
    mark = tmp_path / "mark"
    with Processes(executor_work.linger, 1) as places:
        places.begin(places.free()[0], "key", str(mark))
        assert until(lambda: mark.exists() and bool(mark.read_text()))
        places.stop(LONG)
        (event,) = places.wait(0.0)
    assert isinstance(event, Ended)
    assert event.result == "stopped"


def test_a_terminal_does_not_reach_workers() -> None:
    """Ctrl-C goes to the process group of the parent, which then tells its workers to stop."""
    groups = results(executor_work.group, {"a": None, "b": None}, 2)
    assert os.getpgrp() not in groups.values()


def test_a_worker_that_hears_nothing_is_ended(tmp_path: Path) -> None:
    """One that is suspended does not hold up the end of the others."""
    mark = tmp_path / "mark"
    with Processes(executor_work.linger, 1) as places:
        places.begin(places.free()[0], "key", str(mark))
        assert until(lambda: mark.exists() and bool(mark.read_text()))
        pid = int(mark.read_text())
        os.kill(pid, signal.SIGSTOP)
        woken = threading.Timer(LONG, os.kill, (pid, signal.SIGCONT))
        woken.start()
    assert not woken.finished.is_set()
    woken.cancel()
    assert _is_gone(pid)


def _is_gone(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        # Its first thread may be one before the others have closed what they hold.
        is_zombie = status.read_text().rpartition(")")[2].split()[0] == "Z"
        return is_zombie and len(os.listdir(status.parent / "task")) == 1
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes through /proc")
def test_workers_end_with_a_killed_parent(tmp_path: Path) -> None:
    """No worker goes on where nobody takes its results."""
    mark = tmp_path / "mark"
    folders = [str(Path(executor_work.__file__).parent), os.environ.get("PYTHONPATH", "")]
    parent = subprocess.Popen(
        [sys.executable, executor_work.__file__, str(mark)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert until(lambda: mark.exists() and bool(mark.read_text()))
    finally:
        parent.kill()
        parent.wait()
    assert until(lambda: _is_gone(int(mark.read_text())))
