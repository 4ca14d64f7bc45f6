"""What has become of trials: read from their folders, thousands in a moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from small_run import write_config

from srnet_cli.fit.validating import load
from srnet_cli.store import RunFolder
from srnet_cli.store.commit import Commit, Fingerprint
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import TrialEntry, is_done, read_entries
from srnet_cli.suites.plan import make_plan
from srnet_cli.suites.reading import read_suite
from srnet_cli.suites.records import Failure, write_failures

SUITE = "name: many\ntrials: {trials}\nconfigs:\n"
FILES = ("expressions.json", "model.json", "curves.csv", "config.yaml", "network.safetensors")


def metrics(fitness: float | None) -> dict[str, Any]:
    """As a fit of a network with three layers writes them."""
    layer = {"mse": 0.1, "r2": 0.5, "effect_r2": 0.4, "unit_r2": [0.3] * 3, "undefined_rows": 0}
    return {
        "trial": 1,
        "fitness": [fitness],
        "generations": [60],
        "evaluations": [1141],
        "losses": [0.1, 0.1, 0.1],
        "network": None,
        "rows": {"train": 60, "interpolation": 100},
        "complexity": [5, 6, 7],
        "fidelity": {
            name: [layer, layer, layer | {"r2": r2}]
            for name, r2 in (("train", 0.75), ("interpolation", 0.625))
        },
        "agreement": None,
    }


def make_suite(folder: Path, networks: int, trials: int) -> SuiteFolder:
    """A suite's folder without runs."""
    write_config(folder)
    configs = "".join(f"  n{number}: small.yaml\n" for number in range(networks))
    path = folder / "many.yaml"
    path.write_text(SUITE.format(trials=trials) + configs)
    return SuiteFolder.claim(folder / "run", make_plan(read_suite(path), load, [], None))


def make_run(path: Path, fitness: float | None) -> None:
    """A committed run with files as large as a small fit's, without waiting for the disk."""
    path.mkdir(parents=True)
    files = {name: f"{name} of {path.name}".encode() * 100 for name in FILES}
    files["metrics.json"] = json.dumps(metrics(fitness), indent=2).encode()
    files["timing.csv"] = b"trial,generation,seconds\n1,60,1.250\n"
    for name, data in files.items():
        if name in ("metrics.json", "timing.csv"):
            (path / name).write_bytes(data)
    prints = {name: Fingerprint.of(data) for name, data in files.items()}
    (path / "DONE.json").write_bytes(Commit("2026-01-01T00:00:00", prints).to_bytes())


def test_every_state_is_told(tmp_path: Path) -> None:
    """Done, found nothing, damaged, failed, running and waiting."""
    with make_suite(tmp_path, 1, 6) as suite:
        keys = [key for _, _, key in suite.trials()]
        make_run(suite.trial(keys[0]), 0.25)
        make_run(suite.trial(keys[1]), None)
        make_run(suite.trial(keys[2]), 0.5)
        better = json.dumps(metrics(0.1), indent=2)
        (suite.trial(keys[2]) / "metrics.json").write_text(better)
        suite.note_failure(keys[3], Failure("it was too hard", 3))
        with RunFolder.claim(suite.trial(keys[4])):
            entries = read_entries(suite)
        assert [entry.state for entry in entries] == [
            *("done", "done", "damaged", "failed", "running", "waiting")
        ]
        assert entries[0] == TrialEntry(
            case="n0",
            network="n0",
            variant="",
            trial=1,
            state="done",
            seed=3,
            fitness=0.25,
            r2=0.625,
            complexity=18,
            generations=60,
            evaluations=1141,
            seconds=1.25,
            folder="trials/n0/0001",
        )
        assert entries[1].fitness is None
        assert entries[3].error == "it was too hard"
        assert [is_done(suite.trial(key)) for key in keys] == [True, True] + [False] * 4


@pytest.mark.parametrize("position", [0, 10, 150, -150, -30, -3])
def test_a_changed_byte_of_a_commit_is_damage(tmp_path: Path, position: int) -> None:
    """Wherever it is."""
    with make_suite(tmp_path, 1, 1) as suite:
        ((_, _, key),) = suite.trials()
        make_run(suite.trial(key), 1.0)
        done = suite.trial(key) / "DONE.json"
        data = bytearray(done.read_bytes())
        data[position] ^= 1
        done.write_bytes(bytes(data))
        assert [entry.state for entry in read_entries(suite)] == ["damaged"]


def test_a_failure_is_forgotten_with_success(tmp_path: Path) -> None:
    """And what failed is remembered by the folder."""
    with make_suite(tmp_path, 1, 2) as suite:
        suite.note_failure("n0/0001", Failure("no", 1))
        suite.note_failure("n0/0002", Failure("never", 1))
        suite.note_failure("n0/0001", None)
    assert SuiteFolder.open(suite.path).failures == {"n0/0002": Failure("never", 1)}


def test_many_failures_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And all are there when the folder is left, or a second later."""
    written: list[Path] = []

    def write_counted(path: Path, failures: Mapping[str, Failure]) -> None:
        written.append(path)
        write_failures(path, failures)

    monkeypatch.setattr("srnet_cli.suites.folder.write_failures", write_counted)
    now = [0.0]
    monkeypatch.setattr("srnet_cli.suites.folder.time.monotonic", lambda: now[0])
    with make_suite(tmp_path, 1, 50) as suite:
        for _, _, key in suite.trials():
            suite.note_failure(key, Failure("no", 1))
        assert len(written) == 1
        now[0] = 2.0
        suite.note_failure("n0/0001", Failure("no", 1))
        assert len(SuiteFolder.open(suite.path).failures) == 50
        suite.note_failure("n0/0001", None)
    assert len(SuiteFolder.open(suite.path).failures) == 49
    assert len(written) == 3


def test_a_trial_that_is_held_by_others_does_not_pass_for_done(tmp_path: Path) -> None:
    """When its turn is over it has failed, with what is known of why."""
    with make_suite(tmp_path, 1, 3) as suite:
        keys = [key for _, _, key in suite.trials()]
        suite.note_failure(keys[0], Failure("in use", 1))
        with RunFolder.claim(suite.trial(keys[0])):
            entries = read_entries(suite, keys[:2])
    assert [entry.state for entry in entries] == ["failed", "failed", "waiting"]
    assert [entry.error for entry in entries] == ["in use", "it has ended without a result", ""]


MEASURE = """
import json, sys
from pathlib import Path
from srnet_cli.suites import running
from srnet_cli.rendering.formats import render
from srnet_cli.suites.document import document, trials_document
path = Path(sys.argv[1])
listed = render(trials_document(running.entries(path)), "csv")
table = render(document(running.report(path)), "table")
status = Path("/proc/self/status")
# The peak that getrusage knows is that of the process which began this one, where it was higher.
lines = status.read_text().splitlines() if status.exists() else ["VmHWM: 0 kB"]
peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
assert listed.count("done") == 10000, listed[:1000]
assert table.count("1000/1000") == 10
print(json.dumps(peak))
"""


@pytest.mark.slow
def test_ten_thousand_trials_in_a_moment(tmp_path: Path) -> None:
    """Listing and summary know all of them, in at most 500 MB; how long they take is measured by
    ``bench/suite_overhead.py``."""
    with make_suite(tmp_path, 10, 1000) as suite:
        for number, (_, _, key) in enumerate(suite.trials()):
            make_run(suite.trial(key), 1.0 + number % 7)
    output = subprocess.run(
        [sys.executable, "-c", MEASURE, str(suite.path)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ,
    ).stdout
    assert json.loads(output) <= 500e6
