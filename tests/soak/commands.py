"""Attacks on whole commands: killed, stopped, or on a disk that fails, and then given again.

A command runs in a process that is forked from this one, in which its libraries and kernels are
loaded already: so it takes as long as its own work.
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import json
import os
import random
import shutil
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import small_run
import small_suite
from attack import Skipped, ended
from disk_faults import Fault, disk_with, tear
from seeds import GOLDEN

from srnet_cli.cli import console
from srnet_cli.cli.app import app
from srnet_cli.signals import quit_on_signals
from srnet_cli.store import RunFolder, is_run_folder
from srnet_cli.store.layout import DONE

_CODES = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STOP_SECONDS = 5.0
PROVED = ("proofs.json", "proofs.npz", "expressions.json")
"""What ``prove`` adds to a run that has no formulas of the whole network, or writes anew."""
_NEW_NAMESPACE = 0x00020000  # CLONE_NEWNS


class Command(NamedTuple):
    """A command on a folder of its own.

    Attributes:
        prepare: makes what it starts from in an empty folder.
        arguments: its command line.
        results: what it has to leave, by name; nothing else need be the same.
        is_storing: whether its steps are written in this process, rather than in workers.
    """

    prepare: Callable[[Path], object]
    arguments: Callable[[Path], list[object]]
    results: Callable[[Path], Mapping[str, bytes]]
    is_storing: bool = True


def _small(folder: Path) -> None:
    small_run.write_config(folder, ("generations: 60", "generations: 6"), ("[3, 2]", "[2]"))


def _suite(folder: Path) -> None:
    text = small_suite.SUITE.replace("trials: 2", "trials: 1")
    small_suite.write_suite(folder, text, ("[3, 2]", "[2]"), ("population: 20", "population: 5"))


def _golden(folder: Path) -> None:
    shutil.copytree(GOLDEN / "auto", folder / "run")


def _table(folder: Path) -> None:
    """A run and a table of its inputs, longer than what is written at once."""
    _golden(folder)
    inputs = json.loads((folder / "run/expressions.json").read_bytes())["features"]
    row = ",".join("1.5" for _ in inputs)
    (folder / "rows.csv").write_text("\n".join([",".join(inputs), *[row] * 5000, ""]))


def _pages(folder: Path) -> dict[str, bytes]:
    names = [f"page-figures/{path.name}" for path in (folder / "page-figures").iterdir()]
    whole = [name for name in names if not name.endswith(".tmp")]  # of a kill there may be some
    return _files(folder, "page.html", *sorted(whole))


def _hybrids(folder: Path) -> dict[str, bytes]:
    """What ``explain --hybrid`` keeps, but for where, and for the times that it has taken."""
    record = json.loads((folder / "run/hybrid.json").read_bytes())
    del record["run"]
    for hybrid in record["hybrids"]:
        del hybrid["seconds"]
    return {"run/hybrid.json": json.dumps(record).encode()}


def _files(folder: Path, *names: str) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


COMMANDS: Mapping[str, Command] = {
    "fit": Command(
        _small,
        lambda folder: ["fit", "--quiet", folder / "small.yaml", "--run-dir", folder / "run"],
        lambda folder: small_run.results(folder / "run"),
    ),
    "compare": Command(
        _golden,
        lambda folder: ["compare", "--quiet", "--run", folder / "run", "--instances", 3],
        lambda folder: _files(folder, "run/compare.json", "run/compare.csv"),
    ),
    "export": Command(
        _golden,
        lambda folder: [
            *("export", "--run", folder / "run", "--to", "python"),
            *("--output", folder / "formulas.py", "--force"),
        ],
        lambda folder: _files(folder, "formulas.py"),
    ),
    "report": Command(
        _golden,
        lambda folder: [
            *("report", "--run", folder / "run", "--output", folder / "page.html"),
            *("--figures", "svg"),
        ],
        _pages,
    ),
    "prove": Command(
        _golden,
        lambda folder: ["prove", "--quiet", "--run", folder / "run"],
        lambda folder: _files(folder, *(f"run/{name}" for name in PROVED)),
    ),
    "explain --hybrid": Command(
        _golden,
        lambda folder: ["explain", "--quiet", "--hybrid", "--run", folder / "run"],
        _hybrids,
    ),
    "predict": Command(
        _table,
        lambda folder: [
            *("predict", "--quiet", folder / "rows.csv", "--run", folder / "run"),
            *("--output", folder / "said.csv", "--force"),
        ],
        lambda folder: _files(folder, "said.csv"),
    ),
    "bench": Command(
        _suite,
        lambda folder: [
            *("bench", "--quiet", "--jobs", 1),
            *(folder / "tiny.yaml", "--run-dir", folder / "suite"),
        ],
        lambda folder: small_suite.results(folder / "suite"),
        is_storing=False,
    ),
}


class _Known(NamedTuple):
    """What is known of a command that nothing disturbs."""

    results: Mapping[str, bytes]
    steps: int
    seconds: float


class _Tried(NamedTuple):
    """What has come of a command."""

    code: int
    said: str
    seconds: float


def kills_of(name: str) -> Callable[[Path, random.Random], Iterator[str]]:
    """Kill a command at a step of its writing, whole or torn, or at a moment; again: the same."""
    return partial(_kills, name)


def _kills(name: str, place: Path, rng: random.Random) -> Iterator[str]:
    command, known = COMMANDS[name], _undisturbed(name, place.parent)
    for number in itertools.count():
        folder = _begun(command, place / str(number))
        if rng.random() < 0.7:
            n, torn = rng.randint(1, known.steps), rng.random() < 0.5
            _run(command, folder, _at_step(n, partial(_die, torn=torn)))
            what = f"step {n}{' torn' if torn else ''}"
        else:
            moment = rng.uniform(0.0, 1.1) * known.seconds
            _run(command, folder, stop=(signal.SIGKILL, moment))
            what = f"after {moment:.2f} s"
        yield _again(command, folder, known, what)


def faults(place: Path, rng: random.Random) -> Iterator[str]:
    """Let the n-th call of a command fail, once or from then on: exit 4, one line; again: all."""
    names = [name for name, command in COMMANDS.items() if command.is_storing]
    known = {name: _undisturbed(name, place.parent) for name in names}
    for number in itertools.count():
        name = names[number % len(names)]
        folder = _begun(COMMANDS[name], place / str(number))
        n, code, lasting = rng.randint(1, known[name].steps), rng.choice(_CODES), rng.random() < 0.5
        tried = _run(COMMANDS[name], folder, _at_step(n, partial(_fail, code=code), lasting))
        what = f"{name}: {errno.errorcode[code]} at step {n}{' and later' if lasting else ''}"
        problem = _refusal(tried, (0, 4), what)
        yield problem or _again(COMMANDS[name], folder, known[name], what)


def full_disks(place: Path, rng: random.Random) -> Iterator[str]:
    """Fit on a file system that is full sooner or later, make room, and fit again."""
    command, known = COMMANDS["fit"], _undisturbed("fit", place.parent)
    needed = sum(map(len, known.results.values()))
    for number in itertools.count():
        folder, size = place / str(number), rng.choice((1, 3))
        folder.mkdir()
        room = rng.uniform(0.1, 1.3) * needed
        said = place / "said"
        said.write_text("cannot mount a file system here")
        fill = partial(_filled, command, folder, size, int(room), known)
        if (pid := os.fork()) == 0:
            _end_with(partial(_written, said, fill))
        os.waitpid(pid, 0)
        if said.read_text().startswith("cannot mount"):
            raise Skipped(said.read_text())
        yield said.read_text()


def _written(path: Path, work: Callable[[], str]) -> None:
    path.write_text(work())


def _filled(command: Command, folder: Path, megabytes: int, room: int, known: _Known) -> str:
    """In a process of its own: what is wrong with a command that has so much room."""
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={megabytes}m".encode()
    # Private first: a shared place would show the disk to everybody.
    if (
        libc.unshare(_NEW_NAMESPACE)
        or libc.mount(b"none", b"/", None, 0x44000, None)
        or libc.mount(b"none", os.fsencode(folder), b"tmpfs", 0, options)
    ):
        return "cannot mount a file system here"
    command.prepare(folder)
    filler = folder / "filler"
    with filler.open("wb") as file:
        file.write(bytes(max(0, (megabytes << 20) - room - (64 << 10))))
    tried = _run(command, folder, log=folder.parent / "log")
    problem = _refusal(tried, (0, 4), f"{room} bytes of {megabytes} MB")
    filler.unlink()
    return problem or _again(command, folder, known, f"{room} bytes of {megabytes} MB", keep=True)


def signals(place: Path, rng: random.Random, *, quick: bool = False) -> Iterator[str]:
    """Signal a command at a moment or a step: its code within 5 s, and given again it goes on."""
    names = [name for name, command in COMMANDS.items() if command.is_storing or not quick]
    known = {name: _undisturbed(name, place.parent) for name in names}
    for number in itertools.count():
        name, which = names[number % len(names)], rng.choice(_SIGNALS)
        command, folder = COMMANDS[name], _begun(COMMANDS[name], place / str(number))
        if rng.random() < 0.5:
            n = rng.randint(1, known[name].steps)
            tried = _run(command, folder, _at_step(n, partial(_send, which=which)))
            what = f"{name}: {which.name} at step {n}"
        else:
            moment = rng.uniform(0.0, 1.1) * known[name].seconds
            tried = _run(command, folder, stop=(which, moment))
            what = f"{name}: {which.name} after {moment:.2f} s"
            if tried.seconds > _STOP_SECONDS:
                yield f"{what}: took {tried.seconds:.1f} s"
                continue
        problem = _refusal(tried, (0, 128 + which), what)
        yield problem or _again(command, folder, known[name], what)


# --- what happens at a step -----------------------------------------------------------------------


def _at_step(n: int, act: Fault, lasting: bool = False) -> Fault:
    """A fault at the n-th call that changes a file or a folder, or reads one."""
    steps = itertools.count(1)

    def fault(step: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        if not _is_of_disk(step, args):
            return real(*args)
        now = next(steps)
        return act(step, real, args) if now == n or (lasting and now > n) else real(*args)

    return fault


def _is_of_disk(step: str, args: tuple[Any, ...]) -> bool:
    """Whether a call is of a file or a folder: processes write to pipes in the same way."""
    if step not in ("write", "pwrite", "fsync", "ftruncate"):
        return not str(args[0]).startswith("/dev/")
    mode = os.fstat(args[0]).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _die(step: str, real: Callable[..., Any], args: tuple[Any, ...], torn: bool) -> None:
    if torn:
        tear(step, real, args)
    os.kill(os.getpid(), signal.SIGKILL)


def _fail(step: str, real: Callable[..., Any], args: tuple[Any, ...], code: int) -> None:
    tear(step, real, args)
    raise OSError(code, os.strerror(code))


def _send(step: str, real: Callable[..., Any], args: tuple[Any, ...], which: signal.Signals) -> Any:
    os.kill(os.getpid(), which)
    return real(*args)


# --- running --------------------------------------------------------------------------------------


def _begun(command: Command, folder: Path) -> Path:
    folder.mkdir()
    command.prepare(folder)
    return folder


@cache
def _undisturbed(name: str, root: Path) -> _Known:
    """Run a command in this process to load everything, then once more to count and to time it."""
    command, place = COMMANDS[name], root / f"undisturbed-{name}"
    place.mkdir()
    first = _begun(command, place / "first")
    tried = _in_this_process(command, first, place / "log")
    if tried.code:
        raise RuntimeError(f"undisturbed: exit {tried.code}: {tried.said[-300:]}")
    whole, counted = _begun(command, place / "whole"), place / "steps"

    def count(step: str, real: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        if _is_of_disk(step, args):
            counted.open("ab").write(b".")
        return real(*args)

    began = time.monotonic()
    tried = _run(command, whole, count)
    seconds = time.monotonic() - began
    results = command.results(whole)
    if tried.code or results != command.results(first):
        raise RuntimeError(f"twice undisturbed: exit {tried.code}, or other bytes")
    return _Known(results, max(1, counted.stat().st_size), seconds)


def _run(
    command: Command,
    folder: Path,
    fault: Fault | None = None,
    *,
    stop: tuple[signal.Signals, float] | None = None,
    log: Path | None = None,
) -> _Tried:
    """Run a command in a process of its own, perhaps with a signal after so many seconds."""
    log = log or folder / "log"
    pid = os.fork()
    if pid == 0:
        _end_with(lambda: _in_this_process(command, folder, log, fault, is_own=True).code)
    if stop is not None and not _has_ended(pid, stop[1]):
        os.kill(pid, stop[0])
    code, seconds = ended(pid)
    return _Tried(code, log.read_text(errors="replace"), seconds)


def _has_ended(pid: int, seconds: float) -> bool:
    """Wait so long; whether the process ended meanwhile, without taking its code."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            return True
        time.sleep(0.005)
    return False


def _in_this_process(
    command: Command, folder: Path, log: Path, fault: Fault | None = None, *, is_own: bool = False
) -> _Tried:
    before = sys.stdout, sys.stderr
    with log.open("w") as file, disk_with(fault) if fault else nullcontext():
        sys.stdout = sys.stderr = file
        if is_own:
            os.dup2(file.fileno(), 2)  # where a signal is answered
            quit_on_signals()
        try:
            code = console.run(app, list(map(str, command.arguments(folder))))
        finally:
            sys.stdout, sys.stderr = before
    return _Tried(code, log.read_text(errors="replace"), 0.0)


def _end_with(work: Callable[[], object]) -> None:
    """Do the work and end this process with the code that it gives."""
    try:
        code = work()
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.__stderr__)
        os._exit(1)
    os._exit(code if isinstance(code, int) else 0)


def _refusal(tried: _Tried, codes: tuple[int, ...], what: str) -> str:
    """What is wrong with how a command ended."""
    lines = tried.said.splitlines()
    if tried.code not in codes:
        return f"{what}: exit {tried.code}: {' '.join(lines)[-300:]}"
    if tried.code == 4 and not 1 <= len([line for line in lines if line.strip()]) <= 2:
        return f"{what}: said in {len(lines)} lines: {' '.join(lines)[-300:]}"
    return ""


def _again(command: Command, folder: Path, known: _Known, what: str, *, keep: bool = False) -> str:
    """What is wrong with a command that is given again, undisturbed, where it was disturbed."""
    problem = _left(folder, what) or _repeated(command, folder, known, what)
    if not keep:
        shutil.rmtree(folder)
    return problem


def _left(folder: Path, what: str) -> str:
    """What is wrong with what a disturbed command has left behind."""
    for path in _run_folders(folder):
        damage = RunFolder(path).verify()
        if not (path / DONE).exists():
            # A run that is killed just before its commit looks like one whose commit was removed.
            damage = [found for found in damage if found.file != DONE]
        if damage:
            return f"{what}: left damaged: {damage[0]}"
    return ""


def _repeated(command: Command, folder: Path, known: _Known, what: str) -> str:
    again = _run(command, folder, log=folder.parent / "log")
    if again.code:
        return f"{what}: does not go on: exit {again.code}: {again.said[-300:]}"
    if command.results(folder) != known.results:
        return f"{what}: other bytes"
    for path in _run_folders(folder):
        if damage := RunFolder.open(path).verify():
            return f"{what}: ends damaged: {damage[0]}"
    return ""


def _run_folders(folder: Path) -> list[Path]:
    paths = [folder / "run", *folder.glob("suite/trials/*/*")]
    return [path for path in paths if is_run_folder(path)]
