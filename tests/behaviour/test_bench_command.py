"""``srnet bench`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_suite import SUITE, results, write_suite

from srnet_cli import cli
from srnet_cli.executor.local import Processes
from srnet_cli.executor.tasks import Ended, Lost
from srnet_cli.networks import train_network
from srnet_cli.store import list_runs
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.trial import Outcome, TrialHere, run_job


class Inline:
    """Processes that are none: what is handed to them is done at once, and some is lost."""

    def __init__(self, work: Any, count: int) -> None:
        self._events: list[Ended | Lost] = []

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def free(self) -> list[str]:
        return [] if self._events else ["here"]

    def begin(self, place: str, key: str, payload: Any) -> None:
        if key in POISON and isinstance(payload, TrialHere):
            self._events.append(Lost(key, place))
        elif key in STOPPED:
            STOPPED.remove(key)
            self._events.append(Ended(key, place, Outcome("stopped", "stopped by signal 15")))
        else:
            self._events.append(Ended(key, place, run_job(payload)))

    def wait(self, seconds: float) -> list[Ended | Lost]:
        events, self._events = self._events, []
        return events

    def avoid(self, place: str, reason: str) -> None:
        pass

    def stop(self, seconds: float) -> None:
        pass


POISON: set[str] = set()
STOPPED: set[str] = set()


@pytest.fixture(autouse=True)
def _inline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("srnet_cli.suites.session.Processes", Inline)
    POISON.clear()
    STOPPED.clear()


def run(*arguments: object) -> int:
    """Run the command in this process; gives its exit code."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def test_a_poisoned_trial_fails_alone_with_exit_5(
    tmp_path: Path, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named, the others have ended; the same command tries it anew, and then all is well.
    Then the folder answers, in every form, lists its trials, and is equal to itself."""
    suite = write_suite(tmp_path)
    POISON.add("first/0002")
    assert run("bench", suite, "--quiet", "--format", "json") == 5
    captured = capsys.readouterr()
    assert "srnet: 1 trial has failed" in captured.err
    assert "'srnet bench SUITE' tries them anew" in captured.err
    told = json.loads(captured.out)
    assert [(case["done"], case["failed"]) for case in told["cases"]] == [(1, 1), (2, 0)]
    assert told["failures"][0]["error"].startswith("the worker was lost every time")
    folder = Path(told["path"])
    assert SuiteFolder.open(folder).failures["first/0002"].attempts == 3

    POISON.clear()
    assert run("bench", suite, "--quiet") == 0
    assert "2/2" in capsys.readouterr().out
    assert not SuiteFolder.open(folder).failures
    assert list_runs(runs_dir) == []  # a suite is no run

    for form in ("table", "json", "csv", "markdown", "latex"):
        assert run("bench", folder, "--format", form) == 0
        assert run("bench", folder.name, "--list", "--format", form) == 0
        assert run("bench", "--compare", folder, folder.name, "--format", form) == 0
        assert "second" in capsys.readouterr().out
    assert run("explain", "--run", folder / "trials/first/0001") == 0
    assert "output" in capsys.readouterr().out


def test_a_trial_whose_worker_was_stopped_is_run_again(
    tmp_path: Path, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A signal to a worker alone costs nothing but time."""
    STOPPED.add("first/0002")
    assert run("bench", write_suite(tmp_path)) == 0
    captured = capsys.readouterr()
    assert captured.out.count("2/2") == 2
    assert "first/0002: here was lost (stopped by signal 15); the trial is begun again" in (
        captured.err
    )


def test_trials_of_a_grid_have_folders_of_their_own(tmp_path: Path, runs_dir: Path) -> None:
    """Every combination once."""
    text = SUITE.replace("trials: 2", "trials: 1\nmatrix: {evolution.mutation: [0.1, 0.3]}")
    assert run("bench", write_suite(tmp_path, text), "--quiet", "--run-dir", tmp_path / "run") == 0
    folders = {path.name for path in (tmp_path / "run/trials").iterdir() if path.is_dir()}
    assert folders == {f"{name}-mutation-{m}" for name in ("first", "second") for m in (0.1, 0.3)}
    assert (tmp_path / "run/plots/ranks.png").is_file()


def test_networks_are_trained_once_also_without_a_cache(
    tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the number of trials and variants; and results do not tell of it."""
    trained: list[object] = []

    def train(settings: Any, *arguments: Any) -> Any:
        trained.append(settings)
        return train_network(settings, *arguments)

    monkeypatch.setattr("srnet_cli.networks.loading.train_network", train)
    text = SUITE.replace("trials: 2", "trials: 1\nmatrix: {evolution.mutation: [0.1, 0.3]}")
    text = text.replace("  second: other.yaml\n", "")
    suite = write_suite(tmp_path, text, ("max_iter: 300", "max_iter: 299"))
    (tmp_path / "file").touch()
    with monkeypatch.context() as patch:
        patch.setenv("SRNET_CACHE_DIR", str(tmp_path / "file"))
        assert run("bench", suite, "--quiet", "--run-dir", tmp_path / "without") == 0
    assert len(trained) == 1
    assert run("bench", suite, "--quiet", "--run-dir", tmp_path / "with") == 0
    assert len(trained) == 2
    assert results(tmp_path / "without") == results(tmp_path / "with")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a suite"),
        (["x.yaml"], "x.yaml: no such file"),
        (["x.yaml", "--jobs", "0"], "--jobs"),
        (["--compare", "a", "b", "--trials", "3"], "are compared alone"),
        (["--compare", "a", "b"], "a is not the folder of a suite"),
        ([".", "--trials", "3"], "only reported on"),
        (["."], ". is not the folder of a suite"),
        (["x.yaml", "--list"], "x.yaml is not the folder of a suite"),
        (["x.yaml", "--tls-cert", "c.pem"], "certificates need a scheduler"),
        ([".", "--tls-ca-file", "c.pem"], "only reported on"),
        (["--compare", "a", "b", "--tls-key", "c.pem"], "are compared alone"),
    ],
)
def test_wrong_arguments_are_one_line(
    arguments: list[str],
    message: str,
    runs_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With exit code 2, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert run("bench", *arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


def test_places_stand_in_for_processes() -> None:
    """What these tests use has all that is used of processes."""
    names = {name for name in vars(Processes) if not name.startswith("_")}
    assert names == {name for name in vars(Inline) if not name.startswith("_")}
