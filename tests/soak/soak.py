"""Attack srnet for so many minutes, in as many ways as promised, and count what holds.

``python tests/soak/soak.py --minutes 60`` prints a row for every way: how many cases were tried,
how many failed, and the most processor time that one took. It ends with 1 if any failed, and prints
what is needed to see each again. ``docs/promises.md`` says what is promised.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import inputs
import stopping
import storage

Attack = Callable[[Path, random.Random], Iterator[str]]
"""Yields a line per case: empty where all is well, else what is wrong."""

ATTACKS: dict[str, Attack] = {
    "kill -9 at a write step": storage.kills,
    "n-th call fails: ENOSPC, EIO, EDQUOT, EROFS, short": storage.faults,
    "simultaneous starts": storage.starts,
    "folders moved, replaced, linked while running": storage.moves,
    "bytes flipped, files added, removed, linked": storage.changes,
    "mutated configs": inputs.configs,
    "mutated network files": inputs.networks,
    "tampered run folders": inputs.runs,
    "signals and kill -9 in a fit": stopping.fits,
}
_SHOWN = 20


@dataclass
class Count:
    """What has come of one way."""

    cases: int = 0
    seconds: float = 0.0
    most: float = 0.0
    failures: list[str] = field(default_factory=list)


def main() -> int:
    """Run all attacks in turn until the time is over; gives the exit code."""
    parser = argparse.ArgumentParser(description="Attack srnet for a while.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="a part of the name of the attacks to run")
    asked = parser.parse_args()
    chosen = {name: one for name, one in ATTACKS.items() if (asked.only or "") in name}
    counts = {name: Count() for name in chosen}
    end = time.monotonic() + 60.0 * asked.minutes
    with tempfile.TemporaryDirectory(prefix="srnet-soak-") as place:
        under_way = {}
        for number, (name, attack) in enumerate(chosen.items()):
            folder = Path(place, str(number))
            folder.mkdir()
            # A text's hash differs from process to process.
            under_way[name] = attack(folder, random.Random(f"{asked.seed} {name}"))
        while under_way and time.monotonic() < end:
            # The one that has had the least time, so that slow cases do not crowd out the others.
            name = min(under_way, key=lambda one: counts[one].seconds)
            if not _step(under_way[name], counts[name]):
                del under_way[name]
    return _report(counts)


def _step(cases: Iterator[str], count: Count) -> bool:
    began, spent = time.monotonic(), time.process_time()
    try:
        problem = next(cases)
    except StopIteration:
        return False
    except Exception as error:  # what escapes is a failure of the case, not of the others
        problem = f"{type(error).__name__}: {error}"
        count.failures.append(f"ended: {problem}")
        return False
    count.cases += 1
    count.seconds += time.monotonic() - began
    if count.cases > 1:  # libraries are loaded in the first
        count.most = max(count.most, time.process_time() - spent)
    if problem:
        count.failures.append(f"case {count.cases}: {problem}")
    return True


def _report(counts: dict[str, Count]) -> int:
    width = max(map(len, counts))
    print(f"{'':{width}}  cases  failed  most CPU s")
    for name, count in counts.items():
        print(f"{name:{width}}  {count.cases:5}  {len(count.failures):6}  {count.most:10.2f}")
    failures = [f"{name}: {line}" for name, count in counts.items() for line in count.failures]
    print("\n".join(failures[:_SHOWN]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
