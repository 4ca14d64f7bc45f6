"""One process at a time in a run folder."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import srnet_cli
from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store import RunFolder
from srnet_cli.store.directory import Directory
from srnet_cli.store.lock import LOCK, Lock, is_locked, require_free

REPOSITORY = Path(srnet_cli.__path__[0]).parent

HOLD = """
import sys
from pathlib import Path
from srnet_cli.store import RunFolder
run = RunFolder.claim(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""

FORK_AND_HOLD = """
import os, sys, time
from pathlib import Path
from srnet_cli.store import RunFolder
run = RunFolder.claim(Path(sys.argv[1]))
child = os.fork()
if child == 0:
    time.sleep(60)
print("held", child, flush=True)
time.sleep(60)
"""

TRY = """
import sys
from pathlib import Path
from srnet_cli.errors import UsageError
from srnet_cli.store import RunFolder
print("ready", flush=True)
sys.stdin.readline()
try:
    with RunFolder.claim(Path(sys.argv[1])):
        print("runs", flush=True)
        sys.stdin.readline()
except UsageError as error:
    print("refused", error, flush=True)
"""


def start(code: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-S", "-c", code, str(folder)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_second_process_is_refused_at_once(tmp_path):
    """It does not wait; exit code 2, and one line names the process, its host and since when."""
    folder = tmp_path / "run"
    with start(HOLD, folder) as holder:
        assert holder.stdout.readline() == "held\n"
        assert is_locked(folder)
        began = time.monotonic()
        with pytest.raises(UsageError) as caught:
            RunFolder.claim(folder)
        assert time.monotonic() - began < 30
        assert caught.value.exit_code == 2
        assert re.fullmatch(
            rf".*run is in use by process {holder.pid} on {re.escape(socket.gethostname())} "
            r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
            str(caught.value),
        )
        holder.stdin.close()
    RunFolder.claim(folder).close()


def test_a_folder_in_use_can_be_told_beforehand(tmp_path):
    """Before long preparations a held folder is refused in the same words; nothing is written."""
    require_free(tmp_path / "run")
    assert os.listdir(tmp_path) == []
    in_use = pytest.raises(UsageError, match=f"in use by process {os.getpid()} ")
    with RunFolder.claim(tmp_path / "run"), in_use:
        require_free(tmp_path / "run")
    require_free(tmp_path / "run")


def test_the_same_process_is_refused_too(tmp_path):
    """A folder is not claimed twice, not even by one process; once freed it is."""
    with RunFolder.claim(tmp_path / "run"):
        with pytest.raises(UsageError, match=f"process {os.getpid()} "):
            RunFolder.claim(tmp_path / "run")
        assert is_locked(tmp_path / "run")
    assert not is_locked(tmp_path / "run")
    RunFolder.claim(tmp_path / "run").close()


def test_kill_leaves_nothing_to_unlock(tmp_path):
    """After kill -9 the next process simply starts, and signs with its own name."""
    folder = tmp_path / "run"
    with start(HOLD, folder) as holder:
        holder.stdout.readline()
        holder.send_signal(signal.SIGKILL)
    assert not is_locked(folder)
    with RunFolder.claim(folder), pytest.raises(UsageError, match=f"process {os.getpid()} "):
        RunFolder.claim(folder)


def test_a_forked_worker_does_not_keep_the_lock(tmp_path):
    """When the holder is killed, a worker that outlives it holds nothing."""
    folder = tmp_path / "run"
    with start(FORK_AND_HOLD, folder) as holder:
        worker = int(holder.stdout.readline().split()[1])
        assert is_locked(folder)
        holder.send_signal(signal.SIGKILL)
    try:
        RunFolder.claim(folder).close()
    finally:
        os.kill(worker, signal.SIGKILL)


def test_of_several_processes_one_runs(tmp_path):
    """Started at the same moment, exactly one gets the folder and the others name it."""
    processes = [start(TRY, tmp_path / "run") for _ in range(4)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    # The one that runs ends only when its input does, after the others have answered.
    answers = {process.pid: process.stdout.readline() for process in processes}
    for process in processes:
        process.communicate(timeout=20)
    winners = [pid for pid, answer in answers.items() if answer == "runs\n"]
    assert len(winners) == 1
    assert sum(f"in use by process {winners[0]} " in answer for answer in answers.values()) == 3


def test_a_lock_file_of_another_time_locks_nothing(tmp_path):
    """What stands in the file is for people; only the kernel's lock counts."""
    (tmp_path / LOCK).write_text(f'{{"host": "{"elsewhere" * 9}", "pid": 1, "since": "long ago"}}')
    assert not is_locked(tmp_path)
    with RunFolder.claim(tmp_path), pytest.raises(UsageError, match=f"process {os.getpid()} "):
        RunFolder.claim(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b"null"])
def test_an_unreadable_signature_is_another_process(tmp_path, content):
    """A holder whose signature cannot be read is still refused for, in words."""
    with RunFolder.claim(tmp_path):
        (tmp_path / LOCK).write_bytes(content)
        with pytest.raises(UsageError, match="in use by another process"):
            RunFolder.claim(tmp_path)


def test_looking_does_not_get_in_the_way(tmp_path):
    """A process that lists runs while another starts does not keep it from starting."""
    RunFolder.claim(tmp_path).close()
    looker = os.open(tmp_path / LOCK, os.O_RDONLY)
    try:
        fcntl.flock(looker, fcntl.LOCK_SH)
        timer = threading.Timer(0.05, fcntl.flock, (looker, fcntl.LOCK_UN))
        timer.start()
        RunFolder.claim(tmp_path).close()
        timer.join()
    finally:
        os.close(looker)


def test_releasing_twice_is_harmless(tmp_path):
    """The second release does nothing, whatever the number of the file has become."""
    lock = Lock.acquire(Directory.open(tmp_path))
    lock.release()
    lock.release()
    assert not is_locked(tmp_path)


def test_a_file_in_the_folders_place_is_one_line(tmp_path):
    """A run cannot be made where a file stands; the message names the place."""
    (tmp_path / "run").write_text("")
    with pytest.raises(StorageError, match=r"cannot create or lock .*run: .*\(EEXIST\)"):
        RunFolder.claim(tmp_path / "run")
