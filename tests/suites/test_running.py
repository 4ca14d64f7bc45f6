"""Suites from end to end: in processes, on a cluster, interrupted, poisoned, on a full disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG, until
from small_run import write_config
from small_suite import SUITE, Watcher, results, write_suite

from srnet_cli.errors import ConfigError, Interrupted, StorageError, TrialsFailed, UsageError
from srnet_cli.executor.local import Processes
from srnet_cli.executor.tasks import Ended
from srnet_cli.fit import fitting
from srnet_cli.reporting import SuiteProgress
from srnet_cli.store import RunFolder
from srnet_cli.suites import running, session, trial
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.session import Where


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the suite's files are."""
    return tmp_path_factory.mktemp("suite")


@pytest.fixture(scope="module")
def local(folder: Path) -> Path:
    """The suite, run in two local processes."""
    summary = running.run(write_suite(folder), where=Where(jobs=2), run_dir=folder / "local")
    assert not summary.failures
    return summary.path


def test_every_trial_is_a_run_that_verifies(local: Path) -> None:
    """A committed run folder each, and reports."""
    trials = [f"trials/{case}/{number:04}" for case in ("first", "second") for number in (1, 2)]
    for name in trials:
        run = RunFolder.open(local / name)
        assert run.is_done
        assert run.verify() == []
    rows = (local / "results.csv").read_text().splitlines()
    assert len(rows) == 5
    assert rows[1].startswith("first,first,,1,done,3,")
    names = {"results.csv", "timing.csv", "plots", "trials", "suite.json", "suite.yaml"}
    assert {path.name for path in local.iterdir()} == names | {
        f"summary.{suffix}" for suffix in ("json", "csv", "md", "tex")
    }


def test_trials_are_those_of_one_config_with_as_many(local: Path, tmp_path: Path) -> None:
    """``srnet fit`` with ``trials: 2`` finds what the suite's two trials find."""
    config = write_config(tmp_path, ("generations: 60", "generations: 20"))
    fitted = fitting.run(config, ["trials=2"], run_dir=tmp_path / "fit")
    alone = [
        json.loads((local / f"trials/first/{number:04}/metrics.json").read_text())["fitness"][0]
        for number in (1, 2)
    ]
    assert list(fitted.metrics.fitness) == alone
    assert alone[0] != alone[1]


def test_a_finished_suite_is_answered_at_once(local: Path, folder: Path) -> None:
    """Nothing is run again, and the answer is the same."""
    before = results(local)
    watcher = Watcher()
    running.run(folder / "tiny.yaml", run_dir=local, reporter=watcher)
    assert results(local) == before
    assert watcher.last is None


def test_a_damaged_trial_that_comes_back_is_written_over(local: Path, tmp_path: Path) -> None:
    """Whatever part of it is damaged."""
    whole = local / "trials/first/0001"
    files = {
        path.relative_to(whole).as_posix(): path.read_bytes()
        for path in whole.rglob("*")
        if path.is_file() and path.name != "LOCK"
    }
    for name in ("DONE.json", "metrics.json"):
        run = Path(shutil.copytree(whole, tmp_path / name))
        (run / name).write_bytes(b"damaged")
        session._adopt(run, files)
        assert RunFolder.open(run).verify() == []
        assert all((run / file).read_bytes() == data for file, data in files.items())


def test_a_signal_stops_and_the_same_command_goes_on(
    local: Path, folder: Path, tmp_path: Path
) -> None:
    """With exit code 143; the results are those of a suite left in peace."""
    sent: list[int] = []

    def stop(progress: SuiteProgress) -> None:
        if progress.done and not sent:
            sent.append(signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted) as caught:
        running.run(
            folder / "tiny.yaml",
            where=Where(jobs=1),
            run_dir=tmp_path / "run",
            reporter=Watcher(stop),
        )
    assert caught.value.exit_code == 143
    assert 1 <= len(list((tmp_path / "run").glob("trials/*/*/DONE.json"))) < 4
    running.run(folder / "tiny.yaml", where=Where(jobs=1), run_dir=tmp_path / "run")
    assert results(tmp_path / "run") == results(local)


def test_more_trials_add_to_those_there_are(local: Path, folder: Path, tmp_path: Path) -> None:
    """Those that had ended stay as they were; what made the others is written down, and said."""
    run = Path(shutil.copytree(local, tmp_path / "run"))
    plan = json.loads((run / "suite.json").read_text())
    assert plan["versions"] == [trial.versions()]
    plan["versions"][0]["numpy"] = "1.0"
    (run / "suite.json").write_text(json.dumps(plan))
    watcher = Watcher()
    summary = running.run(
        folder / "tiny.yaml", trials=3, where=Where(jobs=2), run_dir=run, reporter=watcher
    )
    assert [(case.done, case.trials) for case in summary.cases] == [(3, 3), (3, 3)]
    before = results(local)
    del before["results.csv"]
    assert before.items() <= results(run).items()
    (said,) = (notice for notice in watcher.notices if "different versions" in notice)
    assert f"numpy 1.0, {trial.versions()['numpy']}" in said
    assert "numba" not in said
    assert len(SuiteFolder.open(run).info.versions) == 2


PATIENT = """
from srnet_cli import cli
from srnet_cli.suites import session
session.STOP_SECONDS = 120.0  # the machine may be busy
cli.main()
"""


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_saves_what_runs(tmp_path: Path) -> None:
    """It goes to the command and whatever it has begun, all at once; trials are saved once."""
    suite = write_suite(tmp_path, SUITE, ("generations: 20", "generations: 1000000"))
    command = [sys.executable, "-c", PATIENT, "bench", str(suite), "--jobs", "2"]
    marks = [tmp_path / "run/trials" / case / "0001/run.json" for case in ("first", "second")]
    with subprocess.Popen(
        [*command, "--run-dir", str(tmp_path / "run")],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        until(lambda: all(mark.exists() for mark in marks) or process.poll() is not None)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(LONG) == 130
    for mark in marks:
        assert json.loads(mark.read_text())["state"] == "stopped"
        assert RunFolder.open(mark.parent).newest_checkpoint() is not None


def test_a_case_that_cannot_be_run_fails_alone(tmp_path: Path, runs_dir: Path) -> None:
    """In all its variants; the others end, and the failure is named."""
    text = SUITE.replace("trials: 2", "trials: 1\nmatrix: {evolution.mutation: [0.1, 0.3]}")
    suite = write_suite(tmp_path, text)
    bad = (tmp_path / "other.yaml").read_text().replace("x + y", "log(x - 3)")
    (tmp_path / "other.yaml").write_text(bad)
    summary = running.run(suite, where=Where(jobs=1))
    assert [(case.done, case.failed) for case in summary.cases] == [(1, 0)] * 2 + [(0, 1)] * 2
    assert {failed.network for failed in summary.failures} == {"second"}
    assert all("finite" in failed.error for failed in summary.failures)
    assert TrialsFailed(1, "x").exit_code == 5


def test_a_full_disk_is_an_error_of_storage(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No trial is blamed for it, and the others are not tried."""
    begun: list[str] = []

    def begin(self: Processes, place: str, key: str, payload: object) -> None:
        begun.append(key)

    def wait(self: Processes, seconds: float) -> list[Ended]:
        outcome = trial.Outcome("disk", "cannot write x: No space left", "free some space")
        return [Ended(begun[-1], "here", outcome)]

    monkeypatch.setattr(Processes, "begin", begin)
    monkeypatch.setattr(Processes, "wait", wait)
    with pytest.raises(StorageError, match="No space left") as caught:
        running.run(folder / "tiny.yaml", where=Where(jobs=1), run_dir=tmp_path / "run")
    assert caught.value.exit_code == 4
    assert len(begun) == 1
    assert not (tmp_path / "run/failures.json").exists()


def test_a_folder_of_another_suite_is_refused(local: Path, folder: Path, tmp_path: Path) -> None:
    """Also one of something else, and one that another process holds."""
    with pytest.raises(UsageError, match="another suite"):
        running.run(folder / "tiny.yaml", ["evolution.population=21"], run_dir=local)
    with pytest.raises(UsageError, match="neither empty nor of a suite"):
        running.run(folder / "tiny.yaml", run_dir=folder)
    planned = running.plan(folder / "tiny.yaml")
    with (
        SuiteFolder.claim(tmp_path / "run", planned),
        pytest.raises(UsageError, match=f"in use by process {os.getpid()} on") as caught,
    ):
        running.run(folder / "tiny.yaml", run_dir=tmp_path / "run")
    assert "another folder" in caught.value.hint
    assert caught.value.remedies == ("run_dir",)


def test_versions_are_noted_only_when_something_is_run(folder: Path, tmp_path: Path) -> None:
    """A scheduler that cannot be reached has run nothing, and the same folder can be used then."""
    pytest.importorskip("distributed")
    run = tmp_path / "run"
    with pytest.raises(UsageError, match="no Dask scheduler can be reached at nowhere"):
        running.run(folder / "tiny.yaml", where=Where(scheduler="nowhere"), run_dir=run)
    assert SuiteFolder.open(run).info.versions == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("small.yaml", "smal.yaml", "tiny.yaml:4: configs.first: .*smal.yaml: no such config"),
        ("trials: 2", "trials: 0", "tiny.yaml:2: trials: expected"),
        ("trials: 2", "trails: 2", "trails: unknown key; did you mean 'trials'"),
        (
            "trials: 2",
            "matrix: {evolution.mutatoin: [0.1]}",
            "tiny.yaml:2: matrix.evolution.mutatoin: .*no such key; did you mean "
            "'evolution.mutation'",
        ),
        ("trials: 2", "matrix: {evolution.mutation: 0.1}", "expected a list of values"),
        ("trials: 2", "matrix: {evolution.mutation: [2]}", "first.*evolution.mutation: expected"),
        ("trials: 2", "matrix: {seed: [1, 1]}", "given twice"),
        ("trials: 2", "matrix: {trials: [1, 2]}", "key of the suite itself"),
        ("trials: 2", "strategies: [atuo]", "first.*evolution.strategy: expected"),
        ("trials: 2", "published: fitness", "no published fitness is known of 'first'"),
        ("configs:", "configs: {}\nx:", "unknown key"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    """That names the file, the line and the key."""
    suite = write_suite(tmp_path, SUITE.replace(old, new, 1))
    with pytest.raises(ConfigError, match=message) as caught:
        running.plan(suite)
    assert "\n" not in str(caught.value)
