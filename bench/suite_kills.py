"""Seventeen networks, thirty trials each, whose workers are killed -9 at random: all must end.

    python bench/suite_kills.py

A tiny budget, two local processes; every few seconds one of them is killed. Prints how many trials
are done, how many workers were killed, and whether every run folder verifies.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import tempfile
import time
from pathlib import Path

from support.output import PROJECT, parser, save

from srnet_cli.reporting import SuiteProgress
from srnet_cli.store import RunFolder
from srnet_cli.suites import running
from srnet_cli.suites.session import Where

NETWORKS, TRIALS = 17, 30
SUITE = """\
name: kills
trials: {trials}
configs:
  product: {config}
matrix:
  seed: {seeds}
set:
  evolution.generations: 20
"""


class Killer:
    """A reporter that kills a worker now and then; seldom enough that no trial is hit thrice."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic() + seconds
        self.killed = 0

    def notice(self, text: str) -> None:
        print(text, flush=True)

    def suite(self, progress: SuiteProgress) -> None:
        workers = [child.pid for child in multiprocessing.active_children() if child.pid]
        if time.monotonic() < self._next or not progress.running or not workers:
            return
        os.kill(random.choice(workers), signal.SIGKILL)
        self.killed += 1
        self._next = time.monotonic() + self._seconds * random.uniform(0.5, 1.5)


def main() -> None:
    """Run, print."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=15.0, help="between kills, on average")
    options.add_argument("--trials", type=int, default=TRIALS)
    chosen = options.parse_args()
    killer = Killer(chosen.seconds)
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder) / "kills.yaml"
        config = PROJECT / "configs/suites/smoke/product.yaml"
        seeds = list(range(NETWORKS))
        suite.write_text(SUITE.format(trials=chosen.trials, config=config, seeds=seeds))
        begin = time.perf_counter()
        run = Path(folder) / "run"
        summary = running.run(suite, where=Where(jobs=2), run_dir=run, reporter=killer)
        seconds = time.perf_counter() - begin
        done = sum(case.done for case in summary.cases)
        folders = [path.parent for path in run.glob("trials/*/*/DONE.json")]
        sound = sum(not RunFolder.open(path).verify() for path in folders)
    figures = {"done": done, "sound": sound, "killed": killer.killed, "seconds": seconds}
    total = NETWORKS * chosen.trials
    print(
        f"{done} of {total} done, {sound} verify, {killer.killed} workers killed, {seconds:.0f} s"
    )
    save(chosen.out, "suite_kills", figures)


if __name__ == "__main__":
    main()
