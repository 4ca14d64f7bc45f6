"""Fits of the published networks as a user makes them, kept for several benchmarks to share."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.output import PROJECT, RESULTS

NETWORKS = [f"K{i}" for i in range(6)] + [f"F{i}" for i in range(6)]


def add_options(parser: argparse.ArgumentParser, seeds: int) -> None:
    """Options of every benchmark that fits the published networks."""
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--jobs", type=int, default=1, help="fits at once, which share the cores")
    parser.add_argument(
        "--runs", type=Path, default=RESULTS / "runs", help="run folders; finished ones are reused"
    )


def published_dir() -> Path:
    """The folder with the published networks."""
    folder = os.environ.get("SRNET_PUBLISHED_DIR")
    if not folder:
        sys.exit("set SRNET_PUBLISHED_DIR to the folder with regression/K0.npz and K0.json")
    return Path(folder)


@dataclass(frozen=True)
class Fit:
    """One fit to make: a network, its settings, the folder it goes to, and that of its config."""

    network: str
    seed: int
    settings: tuple[str, ...]
    folder: Path
    configs: str = "published"

    def command(self, threads: int) -> list[str]:
        """The command that makes it; a finished run answers it at once."""
        settings = (*self.settings, f"evolution.threads={threads}", f"seed={self.seed}")
        return [
            *(sys.executable, "-m", "srnet_cli", "fit", "--quiet"),
            str(PROJECT / f"configs/{self.configs}/{self.network}.yaml"),
            *(word for setting in settings for word in ("--set", setting)),
            *("--run-dir", str(self.folder)),
        ]


def protocol_fit(name: str, seed: int, runs: Path, generations: int = 5000) -> Fit:
    """The published protocol."""
    settings = (f"evolution.generations={generations}",)
    return Fit(name, seed, settings, runs / f"{name}-{generations}-{seed}")


def auto_fit(name: str, seed: int, runs: Path, seconds: float) -> Fit:
    """Strategy auto for so many seconds at most."""
    settings = ("evolution.strategy=auto", f"evolution.max_seconds={seconds}")
    return Fit(name, seed, settings, runs / f"{name}-auto-{seed}")


def fit(planned: Fit, jobs: int) -> float:
    """Run ``srnet fit``; a finished run answers at once. Returns the seconds it took in all."""
    command = planned.command(max(1, (os.cpu_count() or 1) // jobs))
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def each(work: Callable[[Any], Any], items: Iterable[Any], jobs: int) -> list[Any]:
    """What ``work`` gives for every item, so many at once, in their order."""
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(work, items))


def srnet(command: str, *arguments: str | Path, quiet: bool = True) -> None:
    """Run another command of srnet."""
    words: Sequence[str] = ("--quiet",) if quiet else ()
    line = [sys.executable, "-m", "srnet_cli", command, *words, *map(str, arguments)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
