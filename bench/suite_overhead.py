"""What a suite costs beside its trials, what two jobs gain, and how soon 10,000 trials are read.

    python bench/suite_overhead.py

* overhead: a suite of 40 trials, of about a second of search each, in one process: wall time of the
  suite, from its file to its reports, over the time spent in trials, with and without the start of
  the worker and the loading of its libraries, which are paid once;
* two jobs: the same suite in two processes, by wall clock, with the start of the workers and
  without; how much longer a trial takes beside another; and what two processes gain over one that
  do nothing but arithmetic in a cache of their own, which is what the processor allows;
* 10,000 trials: seconds and memory of ``srnet bench FOLDER --list`` and of the summary, each in a
  process of its own, on copies of one trial's folder.

Trials are of configs/quickstart.yaml with strategy mnncgp-es; the number of generations is chosen
so that a search takes a second.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.output import PROJECT, parser, save, table

from srnet_cli.suites import running, session, trial
from srnet_cli.suites.session import Where

TIMES = "SRNET_BENCH_TIMES"
ARITHMETIC = """
import time
begin, total = time.perf_counter(), 0
for number in range(40_000_000):
    total += number & 3
print(time.perf_counter() - begin)
"""
PROBE = 2000
MANY = 10_000
GOALS = {"overhead": 0.05, "two_jobs": 1.8, "seconds": 5.0, "megabytes": 500.0}
SUITE = """\
name: overhead
trials: {trials}
configs:
  quickstart: {config}
set:
  evolution.strategy: mnncgp-es
  evolution.generations: {generations}
  evolution.stop_fitness: 0
"""


def timed(job: trial.Job) -> trial.Outcome:
    """Do a job in a worker, and write down how long that took, its libraries loaded."""
    trial.load_libraries()
    begin = time.perf_counter()
    outcome = trial.run_job(job)
    with open(os.environ[TIMES], "a") as file:
        file.write(f"{begin} {time.perf_counter()}\n")
    return outcome


def main() -> None:
    """Run, print."""
    options = parser(__doc__)
    options.add_argument("--trials", type=int, default=40)
    chosen = options.parse_args()
    session.run_job = timed
    with tempfile.TemporaryDirectory() as folder:
        generations = _generations(Path(folder))
        alone = _run(Path(folder), "one", chosen.trials, 1, generations)
        two = _run(Path(folder), "two", chosen.trials, 2, generations)
        many = _many(Path(folder))
    one, both = _arithmetic(1), _arithmetic(2)
    overhead = alone["wall"] / alone["busy"] - 1
    later = alone["span"] / alone["busy"] - 1
    table(
        ["what", "figure", "goal"],
        [
            ("seconds a trial, one job", f"{alone['busy'] / chosen.trials:.2f}", ""),
            ("overhead, all included", f"{overhead:.1%}", f"<= {GOALS['overhead']:.0%}"),
            ("overhead, first trial to last", f"{later:.1%}", f"<= {GOALS['overhead']:.0%}"),
            ("two jobs over one", f"{alone['wall'] / two['wall']:.2f}", f">= {GOALS['two_jobs']}"),
            ("two jobs over one, first trial to last", f"{alone['span'] / two['span']:.2f}", ""),
            ("a trial beside another", f"{two['busy'] / alone['busy']:.2f} times as long", ""),
            ("arithmetic alone, two over one", f"{2 * one / both:.2f}", ""),
            *(
                (f"10,000 trials, {name}", f"{s:.1f} s, {mb:.0f} MB", "<= 5 s, 500 MB")
                for name, (s, mb) in many.items()
            ),
        ],
    )
    figures = {"one": alone, "two": two, "many": many, "arithmetic": [one, both]}
    save(chosen.out, "suite_overhead", {"goals": GOALS, **figures})


def _generations(folder: Path) -> int:
    """Generations that take a second, after a run that compiles and loads everything."""
    for _ in range(2):
        run = _run(folder, "probe", 1, 1, PROBE)
        shutil.rmtree(folder / "probe")
    return max(1, int(PROBE / run["search"]))


def _run(folder: Path, name: str, trials: int, jobs: int, generations: int) -> dict[str, float]:
    suite, times = folder / f"{name}.yaml", folder / f"{name}.times"
    config = PROJECT / "configs/quickstart.yaml"
    suite.write_text(SUITE.format(trials=trials, config=config, generations=generations))
    times.unlink(missing_ok=True)
    os.environ[TIMES] = str(times)
    begin = time.perf_counter()
    summary = running.run(suite, where=Where(jobs=jobs), run_dir=folder / name)
    wall = time.perf_counter() - begin
    seconds = summary.cases[0].spreads["seconds"]
    assert seconds is not None
    assert summary.cases[0].done == trials
    spans = [tuple(map(float, line.split())) for line in times.read_text().splitlines()]
    return {
        "wall": wall,
        "busy": sum(end - start for start, end in spans),
        "span": max(end for _, end in spans) - min(start for start, _ in spans),
        "search": seconds.mean,
    }


def _arithmetic(processes: int) -> float:
    """Seconds that each of so many processes takes for the same sum, beside the others."""
    command = [sys.executable, "-c", ARITHMETIC]
    begun = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(processes)]
    return sum(float(each.communicate()[0]) for each in begun) / processes


def _many(folder: Path) -> dict[str, tuple[float, float]]:
    """Seconds and megabytes of the list and of the summary of 10,000 trials."""
    suite = folder / "one"
    record = json.loads((suite / "suite.json").read_text())
    record["cases"][0]["trials"] = MANY
    (suite / "suite.json").write_text(json.dumps(record))
    first = suite / "trials/quickstart/0001"
    shutil.rmtree(first / "checkpoint")
    for number in range(2, MANY + 1):
        place = first.with_name(f"{number:04}")
        if not place.exists():
            shutil.copytree(first, place, copy_function=os.link)
    return {
        name: _measured([sys.executable, "-m", "srnet_cli", "bench", str(suite), *options])
        for name, options in (("list", ["--list"]), ("summary", []))
    }


def _measured(command: list[str]) -> tuple[float, float]:
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    scale = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - begin, usage.ru_maxrss * scale / 1e6


if __name__ == "__main__":
    main()
