"""Attacks on run folders: kills, faulty disks, several processes, changes behind their back."""

from __future__ import annotations

import errno
import itertools
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from disk_faults import NAME, SIGNATURE, disk_with, fault_at, run_demo, tear

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.store import RunFolder
from srnet_cli.store.lock import LOCK

_RESULTS = ("config.yaml", "expressions.json", "plots/fitness.png")
_STEPS = 90  # of the demo, about
_CODES = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)


def kills(place: Path, rng: random.Random) -> Iterator[str]:
    """Kill a run at a random step, whole or amid a write, then go on: the same bytes."""
    expected = _undisturbed(place / "expected")
    for number in itertools.count():
        root, n, torn = place / str(number), rng.randint(1, _STEPS), rng.random() < 0.5

        def die(step: str, real: Callable[..., Any], args: Any, torn: bool = torn) -> None:
            if torn:
                tear(step, real, args)
            os.kill(os.getpid(), signal.SIGKILL)

        _in_child(lambda root=root, n=n, die=die: _disturbed(root, fault_at(n, die)))
        yield _goes_on(root, expected)
        shutil.rmtree(root)


def faults(place: Path, rng: random.Random) -> Iterator[str]:
    """Let the n-th call fail, once or from then on: one line, exit 4, and it goes on."""
    expected = _undisturbed(place / "expected")
    for number in itertools.count():
        root, n = place / str(number), rng.randint(1, _STEPS)
        code, lasting = rng.choice(_CODES), rng.random() < 0.5

        def fail(step: str, real: Callable[..., Any], args: Any, code: int = code) -> None:
            tear(step, real, args)
            raise OSError(code, os.strerror(code))

        problem = ""
        try:
            _disturbed(root, fault_at(n, fail, lasting=lasting))
        except StorageError as error:
            if error.exit_code != 4 or "\n" in str(error):
                problem = f"step {n}: {error!r}"
        yield problem or _goes_on(root, expected)
        shutil.rmtree(root, ignore_errors=True)


def starts(place: Path, rng: random.Random) -> Iterator[str]:
    """Start several processes at one moment: exactly one holds the folder."""
    for number in itertools.count():
        path, count = place / f"run-{number}", rng.randint(2, 6)
        go_on, go = os.pipe()
        ends = [_start(path, go_on, go) for _ in range(count)]
        os.close(go_on)
        os.close(go)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid, _ in ends]
        # A winner that has ended before another began lets that one in, too.
        held = [os.read(end, 100) for _, end in ends]
        for _, end in ends:
            os.close(end)
        overlapping = path.joinpath("overlap").exists()
        bad = overlapping or not any(held) or set(codes) - {0, 2}
        yield f"{count} processes: {codes}, {held}" if bad else ""
        shutil.rmtree(path)


def _start(path: Path, go_on: int, go: int) -> tuple[int, int]:
    said, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go)
        os.read(go_on, 1)  # until the parent closes its end
        os._exit(_hold(path, say))
    os.close(say)
    return pid, said


def _hold(path: Path, say: int) -> int:
    try:
        with RunFolder.claim(path):
            inside = path / "inside"
            try:
                os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                (path / "overlap").touch()
            os.write(say, b"held")
            inside.unlink()
    except UsageError:
        return 2
    except Exception:
        return 1
    return 0


def moves(place: Path, rng: random.Random) -> Iterator[str]:
    """Move, replace or link a folder while a run works in it: it ends, and nothing is mixed."""
    for number in itertools.count():
        root = place / str(number)
        root.mkdir()
        path, moved, victim = root / "run", root / "moved", root / "victim"
        victim.write_bytes(b"mine")
        act = rng.choice(("move", "replace", "lock", "link log", "link checkpoint"))
        yield _moved(path, moved, victim, act, rng.randint(1, 4))
        shutil.rmtree(root)


def _moved(path: Path, moved: Path, victim: Path, act: str, when: int) -> str:
    try:
        with RunFolder.claim(path) as run:
            run.write_json("run.json", {"schema": 1, "signature": "first"})
            for generation in range(1, 6):
                if generation == when:
                    _interfere(path, moved, victim, act)
                run.append("log.txt", b"first\n")
                run.save_checkpoint(generation, b"first")
            run.commit()
            return f"{act}: went on to its end"
    except StorageError as error:
        if error.exit_code != 4 or "\n" in str(error):
            return f"{act}: {error!r}"
    if victim.read_bytes() != b"mine":
        return f"{act}: the link was followed"
    if act == "replace":
        second = {one.read_bytes() for one in path.rglob("*") if one.name != LOCK and one.is_file()}
        if any(b"first" in content for content in second):
            return "replace: the second holds something of the first"
    return ""


def _interfere(path: Path, moved: Path, victim: Path, act: str) -> None:
    if act in ("move", "replace"):
        path.rename(moved)
    if act == "replace":
        with RunFolder.claim(path) as second:
            second.write_json("run.json", {"schema": 1, "signature": "second"})
    if act == "lock":
        (path / LOCK).unlink()
        RunFolder.claim(path).close()
    if act == "link log":
        (path / "log.txt").unlink(missing_ok=True)
        (path / "log.txt").symlink_to(victim)
    if act == "link checkpoint":
        shutil.rmtree(path / "checkpoint", ignore_errors=True)
        (path / "checkpoint").symlink_to(victim.parent)


def changes(place: Path, rng: random.Random) -> Iterator[str]:
    """Change a finished folder in one way: verify finds it."""
    run_demo(place, lambda _: None)
    path, spare = _folder(place), place / "spare"
    shutil.copytree(path, spare)
    while True:
        what = _change(path, rng)
        yield "" if RunFolder.open(path).verify() else f"not found: {what}"
        shutil.rmtree(path)
        shutil.copytree(spare, path)


def _change(path: Path, rng: random.Random) -> str:
    files = sorted(one for one in path.rglob("*") if one.is_file() and one.name != LOCK)
    target = rng.choice(files)
    act = rng.choice(("flip", "flip", "flip", "cut", "grow", "add", "folder", "remove", "link"))
    if act == "flip":
        content = bytearray(target.read_bytes())
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        target.write_bytes(content)
    elif act == "cut":
        target.write_bytes(target.read_bytes()[: rng.randrange(target.stat().st_size)])
    elif act == "grow":
        target.write_bytes(target.read_bytes() + b"\0")
    elif act == "add":
        (target.parent / f"new{rng.random()}").write_bytes(b"")
    elif act == "folder":
        (target.parent / f"new{rng.random()}").mkdir()
    elif target.name == "DONE.json":  # the demo does not say that it has finished
        target.write_bytes(b"")
    else:
        kept = path.parent / "kept"
        target.replace(kept)
        if act == "link":
            target.symlink_to(kept)
    return f"{act} {target.relative_to(path)}"


def _disturbed(root: Path, fault: Any) -> None:
    with disk_with(fault):
        run_demo(root, lambda _: None)


def _in_child(act: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        act()
        os._exit(0)
    os.waitpid(child, 0)


def _folder(root: Path) -> Path:
    return root / f"{NAME}-{SIGNATURE}"


def _undisturbed(root: Path) -> dict[str, bytes]:
    run_demo(root, lambda _: None)
    return {name: (_folder(root) / name).read_bytes() for name in _RESULTS}


def _goes_on(root: Path, expected: dict[str, bytes]) -> str:
    path = _folder(root)
    if path.exists() and (damage := RunFolder(path).verify()):
        return f"left damaged: {damage[0]}"
    run_demo(root, lambda _: None)
    if any((path / name).read_bytes() != content for name, content in expected.items()):
        return "goes on to other bytes"
    damage = RunFolder.open(path).verify()
    return f"ends damaged: {damage[0]}" if damage else ""
