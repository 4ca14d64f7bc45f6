"""Runs that are killed, or whose disk fails, at every step: what they leave, and how they go on."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import disk_faults
import pytest
from disk_faults import GENERATIONS, NAME, SIGNATURE, disk_with, fault_at, run_demo, tear

import srnet_cli
from srnet_cli.errors import StorageError
from srnet_cli.store import RunFolder
from srnet_cli.store.directory import is_temporary

REPOSITORY = Path(srnet_cli.__path__[0]).parent
RESULTS = ("config.yaml", "expressions.json", "plots/fitness.png")


def script(*arguments: object) -> list[str]:
    # Without site packages the interpreter starts in a few milliseconds; the store needs none.
    return [sys.executable, "-S", disk_faults.__file__, *map(str, arguments)]


def run_script(command: list[str]) -> list[dict]:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, bytes]:
    """The results of the same run without any fault."""
    root = tmp_path_factory.mktemp("undisturbed")
    run_demo(root, lambda _: None)
    return results(root)


def folder_of(root: Path) -> Path:
    return root / f"{NAME}-{SIGNATURE}"


def results(root: Path) -> dict[str, bytes]:
    return {name: (folder_of(root) / name).read_bytes() for name in RESULTS}


def assert_sound(root: Path, saved: int) -> None:
    """What a disturbed run has left: nothing half-written, no saved state lost."""
    path = folder_of(root)
    if not path.exists():
        assert saved == 0
        return
    run = RunFolder(path)
    newest = run.newest_checkpoint()
    # A state may be on the disk before the run could report it.
    assert (newest.generation if newest else 0) in (saved, saved + 1)
    assert run.verify() == []


def assert_goes_on(root: Path, expected: dict[str, bytes]) -> None:
    """The run goes on where it stopped, to the very results of an undisturbed one."""
    again = []
    path = folder_of(root)
    newest = RunFolder(path).newest_checkpoint()
    run_demo(root, again.append)
    first = newest.generation + 1 if newest else 1
    assert again in (list(range(first, GENERATIONS + 1)), [])
    assert results(root) == expected
    run = RunFolder.open(path)
    assert run.is_done
    assert run.verify() == []
    # A fourth one stays where the fault hit its very removal.
    assert len(os.listdir(path / "checkpoint")) in (3, 4)
    assert not [name for _, _, names in os.walk(path) for name in names if is_temporary(name)]


def test_kill_at_every_step(tmp_path, undisturbed):
    """Kill -9 before any step, or amid any write, loses no saved state and changes no result."""
    cases = run_script(script("kill", tmp_path))
    assert len(cases) > 100
    assert {case["saved"] for case in cases} == set(range(GENERATIONS + 1))
    for case in cases:
        assert_sound(Path(case["root"]), case["saved"])
        assert_goes_on(Path(case["root"]), undisturbed)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
def test_faulty_disk_at_every_step(tmp_path, undisturbed, code, lasting):
    """A disk that fails at any step, half-way through a write too, ends in one line that says so;
    the last saved state verifies and the run goes on from it."""
    failed = 0
    for n in count(1):
        saved: list[int] = []
        root = tmp_path / str(n)
        reached = []

        def act(step, real, args, reached=reached):
            reached.append(step)
            tear(step, real, args)
            raise OSError(code, os.strerror(code))

        error = None
        try:
            with disk_with(fault_at(n, act, lasting=lasting)):
                run_demo(root, saved.append)
        except StorageError as caught:
            error = caught
        if not reached:
            break
        if error:
            failed += 1
            assert error.exit_code == 4
            assert errno.errorcode[code] in str(error)
            assert "\n" not in str(error)
        assert_sound(root, len(saved))
        assert_goes_on(root, undisturbed)
    assert failed > 50


def test_a_disk_that_fills_up(tmp_path):
    """On a real file system of 1 MB the last saved checkpoint verifies when the disk is full."""
    mount = 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"'
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    probe = subprocess.run([*inside, tmp_path, "true"], capture_output=True)
    if probe.returncode:
        pytest.skip("needs the right to mount a file system")
    (case,) = run_script([*inside, str(tmp_path), *script("fill", tmp_path / "runs")])
    assert "No space left on device (ENOSPC)" in case["error"]
    assert case["saved"] > 5
    assert case["kept"] == case["saved"]
    assert not any(is_temporary(name) for name in case["files"])


def test_leftovers_are_ignored_then_swept(tmp_path):
    """A temporary file of a killed write is no damage; the next writer removes it."""
    run_demo(tmp_path, lambda _: None)
    path = folder_of(tmp_path)
    leftovers = [path / ".run.json.0123456789ab.tmp", path / "plots" / ".a.png.0123456789ab.tmp"]
    for leftover in leftovers:
        leftover.write_bytes(b"half")
    assert RunFolder.open(path).verify() == []
    RunFolder.claim(path).close()
    assert not any(leftover.exists() for leftover in leftovers)
