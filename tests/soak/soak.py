"""Attack srnet for so many minutes, in as many ways as promised, and count what holds.

``python tests/soak/soak.py --minutes 60`` prints a row for every way: how many cases were tried, of
how many there should be in an hour, how many failed, and the most processor time that a case took.
It ends with 1 if any failed, and prints what is needed to see each again. The attacks are shared
out among as many processes as there are cores, which help each other; it ends before its time when
every attack has come to its reach. The random numbers of the n-th case of a process depend on
``--seed`` alone.
``docs/promises.md`` says what is promised.
"""

from __future__ import annotations

import argparse
import itertools
import json
import mmap
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import commands
import inputs
import numpy as np
import stopping
import storage
from attack import MOST_BYTES, Attack, Count, Skipped

# Those of whole commands in turn with the others: of two processes each has the ones or the others.
ATTACKS: Mapping[str, Attack] = {
    "fit: kill -9 at a step or a moment": Attack(commands.kills_of("fit"), 100),
    "run folder: kill -9 at a step": Attack(storage.kills, 1000),
    "compare: kill -9 at a step or a moment": Attack(commands.kills_of("compare"), 50),
    "run folder: n-th call fails": Attack(storage.faults, 1000),
    "export: kill -9 at a step or a moment": Attack(commands.kills_of("export"), 50),
    "report: kill -9 at a step or a moment": Attack(commands.kills_of("report"), 50),
    "simultaneous starts": Attack(storage.starts, 500),
    "commands: n-th call fails": Attack(commands.faults, 100),
    "prove: kill -9 at a step or a moment": Attack(commands.kills_of("prove"), 30),
    "folders moved, replaced, linked": Attack(storage.moves, 500),
    "commands: a full disk of 1 and 3 MB": Attack(commands.full_disks, 30),
    "predict: kill -9 at a step or a moment": Attack(commands.kills_of("predict"), 30),
    "explain --hybrid: kill -9 at a step or a moment": Attack(
        commands.kills_of("explain --hybrid"), 30
    ),
    "files flipped, added, removed, linked": Attack(storage.changes, 10_000),
    "commands: INT, TERM, HUP in any phase": Attack(commands.signals, 150),
    "mutated configs": Attack(inputs.configs, 10_000, 1.0),
    "bench: kill -9 at a step or a moment": Attack(commands.kills_of("bench"), 50),
    "mutated network files": Attack(inputs.networks, 100_000, 1.0),
    "fit begun anew: signals, kill -9": Attack(stopping.fits, 20),
    "tampered checkpoints": Attack(inputs.checkpoints, 1000, 1.0),
    "tampered run folders": Attack(inputs.runs, 1000),
}
_QUICK = {
    "commands: INT, TERM, HUP in any phase": partial(commands.signals, quick=True),
    "mutated network files": partial(inputs.networks, quick=True),
}
_SLOW = ("bench: kill -9 at a step or a moment", "fit begun anew: signals, kill -9")
"""What starts further processes, each of which loads everything."""

_SHOWN = 20
_MOST_PROCESSES = 40


def main() -> int:
    """Run all attacks in turn until the time is over; gives the exit code."""
    parser = argparse.ArgumentParser(description="Attack srnet for a while.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", default="", help="a part of the name of the attacks to run")
    parser.add_argument("--quick", action="store_true", help="without what is slow to begin")
    asked = parser.parse_args()
    chosen = [name for name in ATTACKS if asked.only in name]
    if asked.quick:
        chosen = [name for name in chosen if name not in _SLOW]
    warnings.simplefilter("ignore")  # as the command line does
    # Libraries read these as they are loaded; a case is to have a core.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory(prefix="srnet-soak-") as place:
        end = time.monotonic() + 60.0 * asked.minutes
        plan = Plan(chosen, min(asked.jobs, len(chosen)), asked.seed, end, asked.quick)
        return _report(_attacked(plan, Path(place)))


class Plan:
    """What is to be done, and how many cases each process has come to.

    Args:
        names: of the attacks.
        jobs: how many processes there are.
        seed: of all random numbers.
        end: on the clock, when no further case is begun.
        quick: whether to leave out what is slow to begin.
    """

    def __init__(self, names: list[str], jobs: int, seed: int, end: float, quick: bool) -> None:
        self.names, self.jobs, self.seed, self.end, self.quick = names, jobs, seed, end, quick
        # Shared with the processes, each of which writes into a row of its own.
        memory = mmap.mmap(-1, 8 * jobs * len(names))
        self._cases = np.frombuffer(memory, np.int64).reshape(jobs, len(names))

    def next(self, job: int, begun: Collection[str], over: Collection[str]) -> str | None:
        """The attack that lags behind its reach most; None where there is nothing left to do.

        A process has attacks of its own, of which each has a case however slow all is; only when
        these have come to their reach does it help with those of others, as that prepares anew.
        """
        own = [name for name in self.names[job :: self.jobs] if name not in over]
        if time.monotonic() > self.end:
            return next((name for name in own if name not in begun), None)
        for names in (own, [name for name in self.names if name not in over]):
            if short := [name for name in names if self._share(name) < 1.0]:
                return min(short, key=self._share)
        return None

    def count(self, job: int, name: str) -> None:
        """A further case of an attack."""
        self._cases[job, self.names.index(name)] += 1

    def _share(self, name: str) -> float:
        return float(self._cases[:, self.names.index(name)].sum()) / ATTACKS[name].cases


def _attacked(plan: Plan, place: Path) -> dict[str, Count]:
    """Have all processes attack, and begin again those that a case has ended."""
    counts = {name: Count() for name in plan.names}
    numbers = itertools.count()
    workers: dict[int, tuple[int, Path]] = {}

    def begin(job: int) -> None:
        number = next(numbers)
        folder = place / str(number)
        folder.mkdir()
        pid = os.fork() or _end_with(_work, plan, job, folder, number)
        workers[pid] = job, folder

    for job in range(plan.jobs):
        begin(job)
    while workers:
        pid, status = os.wait()
        job, folder = workers.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        for name, count in _counts_of(folder, code).items():
            counts[name] += count
        shutil.rmtree(folder, ignore_errors=True)
        if code and next(numbers) < _MOST_PROCESSES:
            begin(job)
    return counts


def _end_with(work, *arguments) -> int:  # type: ignore[no-untyped-def]
    """Do the work and end this process."""
    try:
        work(*arguments)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(1)
    os._exit(0)


def _work(plan: Plan, job: int, place: Path, number: int) -> None:
    """Run attacks, always that which lags behind its number of cases most."""
    counts: dict[str, Count] = {}
    under_way: dict[str, Iterator[str]] = {}
    over: set[str] = set()
    parent = os.getppid()  # which, where it is killed, cannot end this one
    while (name := plan.next(job, counts, over)) and os.getppid() == parent:
        if name not in under_way:
            folder = place / str(len(under_way))
            folder.mkdir()
            attack = _QUICK.get(name, ATTACKS[name].run) if plan.quick else ATTACKS[name].run
            # A text, because a hash differs from process to process.
            under_way[name] = attack(folder, random.Random(f"{plan.seed} {number} {name}"))
            counts[name] = Count()
        (place / "now").write_text(f"{name}, case {counts[name].cases + 1}")
        if _step(under_way[name], counts[name], ATTACKS[name].seconds):
            plan.count(job, name)
        else:
            over.add(name)
        (place / "counts").write_text(json.dumps({n: asdict(c) for n, c in counts.items()}))


def _step(cases: Iterator[str], count: Count, seconds: float | None) -> bool:
    began, spent, memory = time.monotonic(), _processor_time(), _memory()
    try:
        problem = next(cases)
    except StopIteration:
        return False
    except Skipped as reason:
        count.skipped = str(reason)
        return False
    except Exception as error:  # what escapes is a failure of the case, not of the others
        count.failures.append(f"ended: {type(error).__name__}: {error}")
        return False
    count.cases += 1
    count.seconds += time.monotonic() - began
    spent = _processor_time() - spent
    count.spent += spent
    if count.cases > 1:  # libraries are loaded in the first
        count.most = max(count.most, spent)
        if seconds is not None and spent > seconds:
            problem = problem or f"{spent:.1f} s of processor time"
    if seconds is not None and _memory() > max(memory, MOST_BYTES):
        problem = problem or f"{_memory() >> 20} MiB"
    if problem:
        count.failures.append(f"case {count.cases}: {problem}")
    return True


def _processor_time() -> float:
    """Of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _counts_of(place: Path, code: int) -> dict[str, Count]:
    """What a process has counted; that it ended too early is a failure of what it was at."""
    written = place / "counts"  # where there is none yet, it ended before it had a case
    known = json.loads(written.read_text()) if written.exists() else {}
    counts = {name: Count(**count) for name, count in known.items()}
    if code:
        now = (place / "now").read_text()
        kept = Path(tempfile.mkdtemp(prefix="srnet-soak-crash-"))
        shutil.copytree(place, kept, symlinks=True, dirs_exist_ok=True)
        name = now.rpartition(", case ")[0]
        counts.setdefault(name, Count()).failures.append(
            f"{now}: the process ended with {code}; see {kept}"
        )
    return counts


def _report(counts: Mapping[str, Count]) -> int:
    width = max(map(len, counts))
    print(f"{'':{width}}   cases      of  failed    CPU s  most CPU s")
    for name, count in counts.items():
        figures = (
            f"{count.cases:6}  {ATTACKS[name].cases:6}  {len(count.failures):6}  {count.spent:7.1f}"
        )
        print(f"{name:{width}}  {count.skipped or f'{figures}  {count.most:10.2f}'}")
    failures = [f"{name}: {line}" for name, count in counts.items() for line in count.failures]
    print("\n".join(failures[:_SHOWN]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
