"""Individuals a second of the published protocol, as a user sees them.

    SRNET_PUBLISHED_DIR=../shared/paper python bench/protocol_speed.py

Two ``srnet fit`` runs of one config that differ only in their generations: the individuals of the
difference, all layers of an individual counted as one, by the difference in time. Both runs are
repeated in turn; the table gives the median and the range of the pairs, next to what the published
implementation evaluates a second on a processor of this kind (measured once, two cores).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PUBLISHED = {"K0": 326.0, "F0": 230.0, "F4": 172.0}
LONG = {"K0": 20_000, "F0": 4_000, "F4": 2_500}
SHORT = 10
POPULATION = 200


def main() -> None:
    """Parse the options, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--threads", default="auto")
    parser.add_argument("--networks", nargs="+", default=list(LONG), choices=list(LONG))
    parser.add_argument("--out", type=Path, default=PROJECT / "bench/results")
    options = parser.parse_args()
    if not os.environ.get("SRNET_PUBLISHED_DIR"):
        sys.exit("set SRNET_PUBLISHED_DIR to the folder with regression/K0.npz")
    print("| network | individuals/s, median (range) | published implementation | ratio |")
    print("|---|---|---|---|", flush=True)
    results = []
    for name in options.networks:
        _seconds(name, SHORT, options.threads)  # compiles, where that has not been done
        speeds = [_pair(name, options.threads) for _ in range(options.pairs)]
        median = statistics.median(speeds)
        results.append({"network": name, "threads": options.threads, "speeds": speeds})
        print(
            f"| {name} | {median:,.0f} ({min(speeds):,.0f}–{max(speeds):,.0f}) "
            f"| {PUBLISHED[name]:.0f} | {median / PUBLISHED[name]:,.0f} |",
            flush=True,
        )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "protocol_speed.json").write_text(json.dumps(results, indent=2) + "\n")


def _pair(name: str, threads: str) -> float:
    difference = _seconds(name, LONG[name], threads) - _seconds(name, SHORT, threads)
    return (LONG[name] - SHORT) * (POPULATION - 1) / difference


def _seconds(name: str, generations: int, threads: str) -> float:
    """Wall-clock seconds of one ``srnet fit``."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "srnet_cli", "fit", "--quiet"),
            str(PROJECT / f"configs/published/{name}.yaml"),
            *("--set", f"evolution.generations={generations}"),
            *("--set", "evolution.stop_fitness=0", "--set", f"evolution.threads={threads}"),
            *("--run-dir", f"{folder}/run"),
        ]
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begin


if __name__ == "__main__":
    main()
