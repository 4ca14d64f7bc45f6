"""The stopping rules: exact where they count, defined where they depend on the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from rhythms import ONE_BY_ONE
from small_run import Recorder, results, write_config

from srnet_cli.cli.progress import describe
from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.config.schema import Experiment
from srnet_cli.evolution.strategies import strategy_of
from srnet_cli.fit import fitting
from srnet_cli.fit.limits import StoppingRules
from srnet_cli.fit.search import USUAL, Rhythm
from srnet_cli.fit.timing import Timing
from srnet_cli.store import RunFolder


@dataclass
class Found:
    """A state that has found something better in the given generations."""

    generation: int
    better: tuple[int, ...] = ()
    fitness: float = 1.0
    trace: NDArray[np.float64] = field(init=False)
    direct: Found | None = None
    has_direct: bool = False

    def __post_init__(self) -> None:
        rows = [(g, 1.0 / (1 + k), 1.0) for k, g in enumerate(self.better)]
        self.trace = np.array(rows).reshape(-1, 3)


def experiment(trials: int = 1, **evolution: Any) -> Experiment:
    return experiment_from_mapping(
        {
            "name": "x",
            "trials": trials,
            "dataset": {"formula": "x", "domain": {"x": [0, 1]}},
            "network": {"train": {}},
            "evolution": {"strategy": "mnncgp-es", **evolution},
        }
    )


def test_patience_counts_from_the_last_success() -> None:
    """A trial ends so many generations after the one that found the best so far."""
    limits = StoppingRules(experiment(patience=10))
    assert limits.generations_left(Found(0)) == 1
    assert limits.generations_left(Found(1)) == 10  # nothing is found yet: counted from the first
    assert limits.generations_left(Found(25, (3, 20))) == 5
    assert not limits.is_reached(Found(29, (3, 20)), 0.0)
    assert limits.is_reached(Found(30, (3, 20)), 0.0)
    assert limits.generations_left(Found(99, (3, 20))) == 0


def test_a_rise_is_no_success() -> None:
    """A strategy may trade fitness for something else; that does not renew patience."""
    state = Found(30, (5, 10, 20))
    state.trace[2, 1] = 7.0
    assert StoppingRules(experiment(patience=25)).generations_left(state) == 5


@given(st.integers(1, 500), st.integers(2, 40), st.integers(1, 20000))
def test_evaluations_are_never_exceeded(generations: int, population: int, most: int) -> None:
    """The last generation is the last that fits, and there is always one."""
    settings = experiment(generations=generations, population=population, max_evaluations=most)
    limits = StoppingRules(settings)
    count = strategy_of(settings).evaluations
    last = limits.generations
    assert last is not None
    assert 1 <= last <= generations
    assert last == 1 or count(last, settings.evolution) <= most
    assert last == generations or count(last + 1, settings.evolution) > most


@given(st.integers(0, 30), st.integers(1, 300_000), st.integers(1, 9))
def test_both_kinds_of_generations_count(direct: int, most: int, chunk: int) -> None:
    """With auto, generations of the direct search and of layers each cost what they do: the trial
    ends before the first that is too much, whenever the direct search ends, in chunks of any
    size."""
    settings = experiment(strategy="auto", max_evaluations=most)
    limits, count = StoppingRules(settings), strategy_of(settings).evaluations
    state = Found(0)
    state.direct, state.has_direct = Found(0), direct == 0
    while left := limits.generations_left(state):
        for _ in range(min(left, chunk)):
            state.generation += 1
            state.direct.generation = min(state.generation, direct)
            state.has_direct = state.generation >= direct
    last = state.generation
    made = [count(g, settings.evolution, min(g, direct)) for g in (last, last + 1)]
    assert last == 1 or made[0] <= most
    assert made[1] > most


def test_time_ends_a_trial_after_its_first_generation() -> None:
    """However little time there is, one generation is made."""
    limits = StoppingRules(experiment(max_seconds=2.5))
    assert not limits.is_reached(Found(0), 100.0)
    assert not limits.is_reached(Found(1), 2.4)
    assert limits.is_reached(Found(1), 2.5)


def test_a_long_generation_is_begun_where_it_ends_closer_to_the_limit() -> None:
    """One of two seconds until a second before the limit; the first one always."""
    limits = StoppingRules(experiment(max_seconds=10.0))
    assert not limits.is_reached(Found(5), 8.9, pace=0.5)
    assert limits.is_reached(Found(5), 9.1, pace=0.5)
    assert not limits.is_reached(Found(5), 9.1, pace=100.0)
    assert not limits.is_reached(Found(0), 9.1, pace=0.5)


def test_time_left_is_promised_only_where_it_is_known() -> None:
    """By generations at the pace, by the limit of time, the lesser of both, over all trials; of
    auto, which ends of itself, it is a bound."""
    state = Found(50)
    assert StoppingRules(experiment(2, generations=100)).seconds_left(state, 1, 5.0, 10.0) == 15.0
    assert StoppingRules(experiment(2, generations=100)).seconds_left(state, 1, 5.0, None) is None
    timed = StoppingRules(experiment(2, generations=100, max_seconds=6))
    assert timed.seconds_left(state, 1, 5.0, 10.0) == 7.0
    assert timed.seconds_left(state, 2, 9.0, 10.0) == 0.0
    auto = StoppingRules(experiment(strategy="auto"))
    assert auto.generations is None
    assert auto.is_open_ended
    assert auto.seconds_left(state, 1, 5.0, 10.0) == 495.0
    assert auto.seconds_left(state, 1, 5.0, None) is None
    limited = StoppingRules(experiment(strategy="auto", max_seconds=60))
    assert limited.seconds_left(state, 1, 5.0, 10.0) == 55.0


def news(
    folder: Path,
    name: str,
    *extra: str,
    reporter: Recorder | None = None,
    rhythm: Rhythm = USUAL,
) -> Recorder:
    recorder = reporter or Recorder()
    config = write_config(folder, ("threads: 1", "\n  ".join(("threads: 1", *extra))))
    fitting.run(config, run_dir=folder / name, reporter=recorder, rhythm=rhythm)
    return recorder


@pytest.mark.parametrize(
    ("rule", "last"), [("max_evaluations: 200", 10), ("patience: 3", None), ("patience: 1", None)]
)
def test_counted_rules_do_not_depend_on_the_pace(
    tmp_path: Path, rule: str, last: int | None
) -> None:
    """Chunks of one generation or of any number end after the same generation, with the same
    bytes."""
    news(tmp_path, "fast", rule)
    recorder = news(tmp_path, "slow", rule, rhythm=ONE_BY_ONE)
    assert results(tmp_path / "slow") == results(tmp_path / "fast")
    end = recorder.news[-1].generation
    assert end < 60
    assert last is None or end == last


def test_patience_ends_a_run_where_the_curve_says(tmp_path: Path) -> None:
    """The run ends exactly ``patience`` generations after the last row of the curve that is
    better."""
    recorder = news(tmp_path, "run", "patience: 5", rhythm=ONE_BY_ONE)
    rows = (tmp_path / "run" / "curves.csv").read_text().splitlines()[1:]
    fitness = [float(row.split(",")[3]) for row in rows]
    better = int(rows[fitness.index(min(fitness))].split(",")[1])
    assert recorder.news[-1].generation == better + 5


def test_seconds_survive_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that earlier processes have spent on the trial counts; that of earlier trials not."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with RunFolder.claim(tmp_path / "run") as folder:
        timing = Timing(folder, 1, 0)
        now[0] = 30.0
        assert timing.seconds_of(1) == 30.0
        timing.save(1, 100)
        now[0] = 42.0
        assert timing.seconds_of(2) == 12.0
        timing.save(2, 10)
        now[0] = 1000.0
        again = Timing(folder, 2, 10)
        assert again.seconds_of(2) == 12.0
        now[0] = 1001.0
        assert again.seconds_of(2) == 13.0


def test_a_run_out_of_time_is_finished(tmp_path: Path) -> None:
    """A run that its time ended is done, with a result; asked again it computes nothing."""
    recorder = news(tmp_path, "run", "max_seconds: 1.0e-9")
    assert recorder.news[-1].generation == 1
    assert (tmp_path / "run" / "DONE.json").is_file()
    config = tmp_path / "small.yaml"
    assert fitting.run(config, run_dir=tmp_path / "run").was_done


def test_auto_promises_no_end(tmp_path: Path) -> None:
    """News of auto count generations without a last one, and the time left is a bound."""
    config = write_config(
        tmp_path,
        ("strategy: mnncgp-es", "strategy: auto\n  direct_share: 0\n  max_evaluations: 10000"),
        ("samples: 60", "samples: 60\n  oracle_rows: 200"),
    )
    recorder = Recorder()
    fitting.run(config, run_dir=tmp_path / "run", reporter=recorder)
    assert {(news.generations, news.is_bound) for news in recorder.news} == {(None, True)}
    assert recorder.news[-1].generation == 2
    assert re.match(r"≤ \S+ left, generation 2, best fitness", describe(recorder.news[-1]))
