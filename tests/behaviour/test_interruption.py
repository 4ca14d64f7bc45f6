"""Fits that are interrupted: by signals, kill -9 and full disks, and how they go on."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from disk_faults import disk_with
from rhythms import ONE_BY_ONE, SAVING_EACH
from small_run import Recorder, results, write_config

from srnet_cli.errors import Interrupted, StorageError
from srnet_cli.evolution.mnncgp.strategy import MnncgpEs
from srnet_cli.explain.explaining import run as explain
from srnet_cli.fit import finishing, fitting
from srnet_cli.networks import training
from srnet_cli.networks.cache import cache_folder
from srnet_cli.store import RunFolder

TRIALS = ("seed: 3", "seed: 3\ntrials: 2")


def send(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize("at", [2, 31, 59])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_what_was_found(
    finished: Path, tmp_path: Path, number: int, at: int
) -> None:
    """A stopped fit leaves formulas to explain and ends with 128 + the signal's number; the same
    command goes on from there to results byte-identical to those of an uninterrupted run."""
    config, run = write_config(tmp_path), tmp_path / "run"
    recorder = Recorder(at, send(number))
    with pytest.raises(Interrupted, match=f"stopped by signal {number}; what was found") as stop:
        fitting.run(config, run_dir=run, reporter=recorder, rhythm=ONE_BY_ONE)
    assert stop.value.exit_code == 128 + number
    assert len(recorder.news) == at  # not one chunk more
    assert (run / "expressions.json").is_file()
    explanation = explain(str(run))
    assert (explanation.is_done, explanation.generations) == (False, at)
    recorder = Recorder()
    assert not fitting.run(config, run_dir=run, reporter=recorder, rhythm=ONE_BY_ONE).was_done
    assert f"going on after {at} generations" in recorder.notices
    assert results(run) == results(finished)
    assert RunFolder(run).verify() == []


def test_a_signal_while_formulas_are_made_simpler(finished: Path, tmp_path: Path) -> None:
    """Nothing waits for the fronts: the run stops with the formulas as found, and goes on to the
    same bytes. The time they take is no time of the search."""

    class Stopping(Recorder):
        def notice(self, text: str) -> None:
            super().notice(text)
            if text.startswith("simpler formulas"):
                os.kill(os.getpid(), signal.SIGTERM)

    config, run = write_config(tmp_path), tmp_path / "run"
    with pytest.raises(Interrupted) as stop:
        fitting.run(config, run_dir=run, reporter=Stopping(), rhythm=ONE_BY_ONE)
    assert stop.value.exit_code == 143
    assert not (run / "fronts.json").exists()
    assert json.loads((run / "expressions.json").read_text())["compositions"] is None
    assert "they are made when it finishes" in explain(str(run)).shown.why
    timing = (run / "timing.csv").read_bytes()
    fitting.run(config, run_dir=run, rhythm=ONE_BY_ONE)
    assert results(run) == results(finished)
    assert (run / "timing.csv").read_bytes().startswith(timing.rpartition(b",")[0])


def test_results_that_take_long_do_not_hold_up_a_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal while results are written ends that at once. What is written in haste afterwards is
    given up when its moment is over; the checkpoint has everything, and the run goes on."""
    original, calls = finishing._write, []

    def endless(
        findings: object, fronts: object, proofs: object = None, *, in_haste: bool = False
    ) -> object:
        calls.append(in_haste)
        if not in_haste:
            os.kill(os.getpid(), signal.SIGHUP)
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(finishing, "_write", endless)
    config, run = write_config(tmp_path, ("generations: 60", "generations: 4")), tmp_path / "run"
    before = time.monotonic()
    with pytest.raises(Interrupted, match="what was found is in") as stop:
        fitting.run(config, run_dir=run, rhythm=ONE_BY_ONE)
    assert time.monotonic() - before < 60  # neither call would ever end
    assert stop.value.exit_code == 129
    assert calls == [False, True]
    assert json.loads((run / "run.json").read_text())["state"] == "stopped"
    assert explain(str(run)).generations == 4
    monkeypatch.setattr(finishing, "_write", original)
    assert fitting.run(config, run_dir=run, rhythm=ONE_BY_ONE).metrics.generations == (4,)
    assert RunFolder(run).verify() == []


def test_signals_again_and_again(tmp_path: Path) -> None:
    """A run of two trials that is stopped five times ends as one that never was."""
    config = write_config(tmp_path, TRIALS, ("generations: 60", "generations: 40"))
    expected = results(fitting.run(config, run_dir=tmp_path / "whole", rhythm=ONE_BY_ONE).path)
    run = tmp_path / "run"
    for _ in range(5):
        with pytest.raises(Interrupted):
            fitting.run(
                config, run_dir=run, reporter=Recorder(13, send(signal.SIGINT)), rhythm=ONE_BY_ONE
            )
    result = fitting.run(config, run_dir=run, rhythm=ONE_BY_ONE)
    assert result.metrics.generations == (40, 40)
    assert results(run) == expected


def test_seconds_add_up_over_interruptions(tmp_path: Path) -> None:
    """timing.csv goes on where the checkpoint does, its seconds never running backwards."""
    config, run = write_config(tmp_path), tmp_path / "run"
    with pytest.raises(Interrupted):
        fitting.run(
            config, run_dir=run, reporter=Recorder(9, send(signal.SIGINT)), rhythm=SAVING_EACH
        )
    fitting.run(config, run_dir=run, rhythm=SAVING_EACH)
    head, *lines = (run / "timing.csv").read_text().splitlines()
    rows = [[float(cell) for cell in line.split(",")] for line in lines]
    assert head == "trial,generation,seconds"
    assert [row[:2] for row in rows] == [[1, number] for number in range(1, 61)]
    seconds = [row[2] for row in rows]
    assert seconds == sorted(seconds)


def test_a_signal_in_training_leaves_nothing(
    tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while the network is trained, nothing is cached or written: scikit-learn would take
    a KeyboardInterrupt for the end of training and return a network trained by half."""
    from sklearn.neural_network import MLPRegressor

    original = MLPRegressor._update_no_improvement_count

    def interrupted(self: MLPRegressor, *arguments: object) -> None:
        if self.n_iter_ == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        original(self, *arguments)

    monkeypatch.setattr(MLPRegressor, "_update_no_improvement_count", interrupted)
    monkeypatch.setenv("SRNET_CACHE_DIR", str(tmp_path / "cache"))
    config = write_config(tmp_path, ("max_iter: 300", "max_iter: 301, solver: adam"))
    with pytest.raises(Interrupted, match="stopped by signal 15 before anything") as stop:
        fitting.run(config, rhythm=ONE_BY_ONE)
    assert stop.value.exit_code == 143
    assert not runs_dir.exists()
    assert not cache_folder().exists()
    assert training.MAX_STARTS > 1  # so that it was not the only attempt


def test_a_signal_while_kernels_are_compiled_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While kernels are compiled there is nothing to save: the fit ends at once, and goes on."""
    original = MnncgpEs.warm_up

    def compiling(self: MnncgpEs) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("went on")

    config = write_config(tmp_path, ("generations: 60", "generations: 4"))
    monkeypatch.setattr(MnncgpEs, "warm_up", compiling)
    with pytest.raises(Interrupted, match="stopped by signal 2 before anything"):
        fitting.run(config, run_dir=tmp_path / "run", rhythm=ONE_BY_ONE)
    assert not (tmp_path / "run").exists()
    monkeypatch.setattr(MnncgpEs, "warm_up", original)
    assert fitting.run(config, run_dir=tmp_path / "run", rhythm=ONE_BY_ONE).metrics.generations == (
        4,
    )


def test_signals_are_given_back(tmp_path: Path) -> None:
    """After a fit, signals do what they did before."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    fitting.run(
        write_config(tmp_path, ("generations: 60", "generations: 2")),
        run_dir=tmp_path / "r",
        rhythm=ONE_BY_ONE,
    )
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from rhythms import SAVING_EACH
from small_run import Recorder
from srnet_cli.fit import fitting
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
recorder = Recorder(31, die)
fitting.run(Path(sys.argv[1]), run_dir=Path(sys.argv[2]), reporter=recorder, rhythm=SAVING_EACH)
"""


def test_kill_9_loses_what_came_after_the_checkpoint(finished: Path, tmp_path: Path) -> None:
    """A killed run is explained from its last checkpoint, and goes on from it to the same end."""
    config, run = write_config(tmp_path), tmp_path / "run"
    tests = str(Path(__file__).parents[1] / "support")
    path = os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, config, run], env=os.environ | {"PYTHONPATH": path}
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (run / "expressions.json").exists()
    # The 31st generation was not saved any more.
    assert explain(str(run)).generations == 30
    recorder = Recorder()
    fitting.run(config, run_dir=run, reporter=recorder, rhythm=ONE_BY_ONE)
    assert "going on after 30 generations" in recorder.notices
    assert results(run) == results(finished)


def test_a_disk_that_fills_up_in_the_middle(finished: Path, tmp_path: Path) -> None:
    """A checkpoint that cannot be written ends the fit with one line and exit 4; the one before is
    good, and with space again the run goes on to the same end."""
    config, run = write_config(tmp_path), tmp_path / "run"
    recorder = Recorder()

    def full(step: str, real: Callable[..., object], args: tuple[object, ...]) -> object:
        if step == "write" and len(recorder.news) == 23:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args)

    with disk_with(full), pytest.raises(StorageError) as failure:
        fitting.run(config, run_dir=run, reporter=recorder, rhythm=SAVING_EACH)
    assert failure.value.exit_code == 4
    assert "No space left on device (ENOSPC)" in str(failure.value)
    assert "\n" not in str(failure.value)
    newest = RunFolder(run).newest_checkpoint()
    assert newest is not None
    assert newest.generation == 22
    assert RunFolder(run).verify() == []
    fitting.run(config, run_dir=run, rhythm=SAVING_EACH)
    assert results(run) == results(finished)


def test_a_checkpoint_of_another_version_is_refused(finished: Path, tmp_path: Path) -> None:
    """States that cannot be read any more are one line, not a traceback and not a fresh start."""
    (finished / "DONE.json").unlink()
    with RunFolder.claim(finished) as folder:
        folder.save_checkpoint(60, b"states as nobody lays them out")
    before = results(finished)
    for act in (
        lambda: fitting.run(write_config(tmp_path), run_dir=finished, rhythm=ONE_BY_ONE),
        lambda: explain(str(finished)),
    ):
        with pytest.raises(StorageError, match="generation 60 is damaged or of another version"):
            act()
    assert results(finished) == before
