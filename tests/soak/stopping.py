"""Fits that are stopped by signals, or killed, at a random moment, and go on."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from attack import ended
from small_run import results, write_config

from srnet_cli.store import RunFolder

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
_SECONDS = 5.0
_PATIENCE = 600.0


def fits(place: Path, rng: random.Random) -> Iterator[str]:
    """Stop a fit at a random moment of its life: its code, within 5 s; then the same bytes."""
    config = write_config(place)
    began = time.monotonic()
    _fit(config, place / "whole").wait(_PATIENCE)  # also compiles, where that has to be
    began = time.monotonic()
    shutil.rmtree(place / "whole")
    _fit(config, place / "whole").wait(_PATIENCE)
    length, expected = time.monotonic() - began, results(place / "whole")
    for number in itertools.count():
        run, which = place / f"run-{number}", rng.choice(_SIGNALS)
        yield _stopped(config, run, which, rng.uniform(0.3, 1.1) * length, expected)
        shutil.rmtree(run, ignore_errors=True)


def _stopped(
    config: Path, run: Path, which: signal.Signals, after: float, expected: dict[str, bytes]
) -> str:
    process = _fit(config, run)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(which)
        process.returncode, took = ended(process.pid)
        wanted = -which if which == signal.SIGKILL else 128 + which
        if process.returncode not in (wanted, 0):
            return f"{which.name} after {after:.2f} s: exit {process.returncode}"
        if took > _SECONDS:
            return f"{which.name} after {after:.2f} s: took {took:.1f} s"
    if _fit(config, run).wait(_PATIENCE):
        return f"{which.name} after {after:.2f} s: does not go on"
    if results(run) != expected:
        return f"{which.name} after {after:.2f} s: other bytes"
    state = json.loads((run / "run.json").read_bytes())["state"]
    damage = RunFolder.open(run).verify()
    return f"{state}, {damage}" if damage or state != "finished" else ""


def _fit(config: Path, run: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "srnet_cli", "fit", "--quiet", config, "--run-dir", run]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(list(map(str, command)), stdout=nothing, stderr=nothing, env=os.environ)
