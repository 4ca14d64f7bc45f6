"""More generations for a run that has been made: it goes on, to the bytes of a longer run."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from rhythms import SAVING_EACH
from small_run import Recorder, results, write_config

from srnet_cli.errors import Interrupted
from srnet_cli.fit import fitting
from srnet_cli.fit.search import USUAL, Rhythm


def fit(
    folder: Path, generations: int, runs: str, *extra: str, rhythm: Rhythm = USUAL
) -> tuple[Path, list[str]]:
    """Fit the small config with so many generations; the run, and what was said."""
    folder.joinpath(runs).mkdir(exist_ok=True)
    recorder = Recorder()
    overrides = [f"evolution.generations={generations}", *extra]
    place = folder / runs / f"run-{generations}-{len(extra)}"
    config = write_config(folder)
    path = fitting.run(config, overrides, run_dir=place, reporter=recorder, rhythm=rhythm).path
    return path, [notice for notice in recorder.notices if "taking up" in notice]


@pytest.mark.parametrize("extra", [(), ("trials=2", "evolution.patience=25")])
def test_a_longer_run_goes_on_from_a_shorter_one(extra: tuple[str, ...], tmp_path: Path) -> None:
    """The same bytes as of a run that was as long from the beginning; the shorter one stays."""
    whole, said = fit(tmp_path, 60, "whole", *extra)
    assert said == []
    short, _ = fit(tmp_path, 20, "parts", *extra)
    before = results(short)
    longer, said = fit(tmp_path, 60, "parts", *extra)
    assert len(said) == 1
    assert str(short) in said[0]
    assert results(longer) == results(whole)
    assert results(short) == before


def test_states_of_another_run_make_way_for_those_of_a_shorter_one(tmp_path: Path) -> None:
    """They are not gone on from, whatever generation they are of, and that is said."""
    other, _ = fit(tmp_path, 30, "others", "seed=9")
    whole, _ = fit(tmp_path, 12, "whole")
    fit(tmp_path, 6, "parts")
    shutil.copytree(other / "checkpoint", tmp_path / "parts" / "run-12-0" / "checkpoint")
    (tmp_path / "parts" / "run-12-0" / "LOCK").touch()
    recorder = Recorder()
    place = tmp_path / "parts" / "run-12-0"
    fitting.run(
        tmp_path / "small.yaml", ["evolution.generations=12"], run_dir=place, reporter=recorder
    )
    assert results(place) == results(whole)
    assert "not used" in (place / "log.txt").read_text()


def test_trials_are_added(tmp_path: Path) -> None:
    """More trials than before, of more generations: each goes on, and the new ones begin."""
    whole, _ = fit(tmp_path, 15, "whole", "trials=3")
    fit(tmp_path, 10, "parts", "trials=2")
    longer, said = fit(tmp_path, 15, "parts", "trials=3")
    assert len(said) == 1
    assert results(longer) == results(whole)


def test_an_interrupted_continuation_goes_on(tmp_path: Path) -> None:
    """Stopped in the trial that it takes up first, it goes on with that, then with the others."""
    whole, _ = fit(tmp_path, 12, "whole", "trials=2", rhythm=SAVING_EACH)
    fit(tmp_path, 6, "parts", "trials=2", rhythm=SAVING_EACH)
    place, stop = tmp_path / "parts" / "run-12-1", lambda: os.kill(os.getpid(), signal.SIGTERM)
    recorder = Recorder(3, stop)
    with pytest.raises(Interrupted):
        fitting.run(
            tmp_path / "small.yaml",
            ["evolution.generations=12", "trials=2"],
            run_dir=place,
            reporter=recorder,
            rhythm=SAVING_EACH,
        )
    assert (recorder.news[-1].trial, recorder.news[-1].generation) == (1, 9)
    longer, said = fit(tmp_path, 12, "parts", "trials=2", rhythm=SAVING_EACH)
    assert said == []
    assert results(longer) == results(whole)


@pytest.mark.parametrize("change", ["seed=4", "evolution.mutation=0.2", "dataset.samples=61"])
def test_a_run_of_something_else_is_left_alone(change: str, tmp_path: Path) -> None:
    """Anything but the limits differs: from the beginning."""
    fit(tmp_path, 5, "runs")
    assert fit(tmp_path, 6, "runs", change)[1] == []


@pytest.mark.parametrize("damage", ["versions", "checkpoint", "network", "longer"])
def test_what_is_no_beginning_is_not_taken_up(damage: str, tmp_path: Path) -> None:
    """Other versions, a damaged state, another network, a longer run: from the beginning."""
    short, _ = fit(tmp_path, 5, "runs")
    (short / "DONE.json").unlink()
    if damage == "checkpoint":
        for path in (short / "checkpoint").iterdir():
            path.write_bytes(path.read_bytes()[:-1] + b"\1")
    elif damage != "longer":
        name, key = {"versions": ("run.json", "versions"), "network": ("inputs.json", "x")}[damage]
        record = json.loads((short / name).read_bytes())
        record |= {key: {"numpy": "0"}, "network_sha256": "0"}
        (short / name).write_text(json.dumps(record))
    assert fit(tmp_path, 4 if damage == "longer" else 6, "runs")[1] == []


@pytest.mark.parametrize("strategy", ["auto\n  direct_share: 0", "direct"])
def test_strategies_that_divide_their_effort_begin_again(strategy: str, tmp_path: Path) -> None:
    """What they do first depends on how long they may go on, so nothing is taken up, as is told."""
    said = []
    for generations in (1, 2):
        config = write_config(
            tmp_path,
            ("strategy: mnncgp-es", f"strategy: {strategy}"),
            ("generations: 60", f"generations: {generations}"),
        )
        recorder = Recorder()
        fitting.run(config, run_dir=tmp_path / "runs" / str(generations), reporter=recorder)
        said += recorder.notices
    assert not any("taking up" in line for line in said)
    assert sum("begins anew beside" in line for line in said) == 1
    shutil.rmtree(tmp_path / "runs")
