"""Work in several processes: results, steps, and that no worker outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import process_work
import pytest

from srnet_cli.compare.processes import run_in_processes
from srnet_cli.errors import UsageError

LONG = 60.0


def until(is_so: Callable[[], bool]) -> bool:
    """Wait for something to become so, far longer than it takes."""
    end = time.monotonic() + LONG
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    return is_so()


def were_ended(folder: Path) -> bool:
    """Whether all processes that left a file there are gone, none because its time was over."""
    names = [path.name for path in folder.iterdir()]
    assert all(map(str.isdigit, names)), names
    return not any(_runs(int(name)) for name in names)


def _runs(pid: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        # A dead process that nobody has asked after is as good as gone.
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_results_are_in_order_and_steps_are_counted() -> None:
    """Over all processes: the last that is told is the total."""
    told: list[tuple[int, int]] = []
    results = run_in_processes(
        process_work.square,
        [(number, 5) for number in range(4)],
        2,
        lambda done, total: told.append((done, total)),
        20,
    )
    assert results == [0, 1, 4, 9]
    assert told[-1] == (20, 20)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_killed_process_is_one_line() -> None:
    """What to do about it is said, and nothing waits for the other worker."""
    with pytest.raises(UsageError, match="ended before its work was done") as caught:
        run_in_processes(process_work.die, [(), ()], 2, lambda done, total: None, 2)
    assert caught.value.remedies == ("jobs",)


def test_an_exception_ends_the_workers(tmp_path: Path) -> None:
    """Such as the one that a signal raises, whatever they are doing."""

    class Stop(BaseException):
        pass

    def stop(done: int, total: int) -> None:
        if len(list(tmp_path.iterdir())) == 2:
            raise Stop

    with pytest.raises(Stop):
        run_in_processes(process_work.linger, [(tmp_path,)] * 2, 2, stop, 2)
    assert until(lambda: were_ended(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(tmp_path: Path, number: signal.Signals) -> None:
    """Even if that is killed."""
    script = str(Path(process_work.__file__))
    path = os.pathsep.join([str(Path(script).parent), os.environ.get("PYTHONPATH", "")])
    parent = subprocess.Popen(
        [sys.executable, script, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": path},
        stderr=subprocess.DEVNULL,
    )
    try:
        assert until(lambda: len(list(tmp_path.iterdir())) == 2)
        parent.send_signal(number)
        assert parent.wait(LONG) != 0
    finally:
        parent.kill()
        parent.wait()
    assert until(lambda: were_ended(tmp_path))
