"""The pace of a search, its chunks, and its threads."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import pytest
from rhythms import ONE_BY_ONE
from small_run import Recorder, write_config

from srnet_cli.cgp.kernels import jit
from srnet_cli.evolution.strategies import STRATEGIES
from srnet_cli.fit import fitting, search, validating
from srnet_cli.fit.preparation import Prepared, prepare
from srnet_cli.fit.search import _Pace, announce_compilation, thread_count


def test_chunks_grow_to_a_tenth_of_a_second() -> None:
    """At a steady pace chunks grow fourfold at most, until one takes as long as it may."""
    pace, sizes = _Pace(), []
    for _ in range(10):
        sizes.append(pace.chunk)
        pace.update(pace.chunk, pace.chunk / 4096)
    assert sizes == [1, 4, 16, 64, 256, 409, 409, 409, 409, 409]
    assert pace.generations_per_second == pytest.approx(4096)


def test_a_slow_chunk_shortens_the_next_at_once() -> None:
    """When the machine gets busy the next chunk is sized by the slow pace, not by the mean."""
    pace = _Pace()
    for _ in range(10):
        pace.update(pace.chunk, pace.chunk / 4096)
    pace.update(500, 5.0)
    assert pace.chunk == 10
    assert pace.generations_per_second is not None
    assert 100 < pace.generations_per_second < 1000


def test_the_pace_is_that_of_late() -> None:
    """What happened more than some ten seconds ago does not count."""
    pace = _Pace()
    for _ in range(5):
        pace.update(1, 8.0)
    for _ in range(20):
        pace.update(100, 1.0)
    assert pace.generations_per_second == pytest.approx(100)


def test_a_chunk_of_no_time_is_no_error() -> None:
    """A clock too coarse for the chunk gives a pace all the same."""
    pace = _Pace()
    pace.update(1, 0.0)
    assert pace.chunk == 4
    pace.update(0, 1.0)
    assert pace.chunk == 1


def test_progress_counts_what_is_left(tmp_path: Path) -> None:
    """News number trials and generations; speed and time left come once they are known, for all
    trials that are still to run."""
    recorder = Recorder()
    config = write_config(tmp_path, ("seed: 3", "trials: 2"), ("generations: 60", "generations: 4"))
    fitting.run(config, run_dir=tmp_path / "run", reporter=recorder, rhythm=ONE_BY_ONE)
    assert [(news.trial, news.generation) for news in recorder.news] == [
        *((1, n) for n in range(1, 5)),
        *((2, n) for n in range(1, 5)),
    ]
    assert {(news.trials, news.generations) for news in recorder.news} == {(2, 4)}
    first, second, *_ = recorder.news
    assert first.evaluations_per_second is not None
    assert second.evaluations_per_second is not None
    assert second.seconds_left is not None
    # 19 individuals a generation; 2 generations of this trial are left, and 4 of the next.
    generations = second.evaluations_per_second / 19 * second.seconds_left
    assert generations == pytest.approx(6)
    assert recorder.news[-1].seconds_left == 0


def test_threads() -> None:
    """auto means all processors; more than there are is said and cut, never an error."""
    recorder = Recorder()
    available = thread_count("auto", recorder)
    assert 1 <= available <= (os.cpu_count() or 1)
    assert thread_count(1, recorder) == 1
    assert recorder.notices == []
    assert thread_count(1000, recorder) == available
    assert recorder.notices == [
        f"evolution.threads: 1000 asked for, {available} there; using those"
    ]


@pytest.mark.parametrize(
    ("folder", "compiled", "said"),
    [
        (None, False, "every run will do this"),
        (Path("x"), False, "first run only"),
        (Path("x"), True, None),
    ],
)
def test_compilation_is_announced(
    monkeypatch: pytest.MonkeyPatch, folder: Path | None, compiled: bool, said: str | None
) -> None:
    """A wait for the compiler is announced, with whether it will come again."""
    monkeypatch.setattr(jit, "JIT_DISABLED", False)
    monkeypatch.setattr(jit, "CACHE_FOLDER", folder)
    monkeypatch.setattr(jit, "is_compiled", lambda kernel: compiled)
    recorder = Recorder()
    announce_compilation("module.function", recorder)
    assert [said in notice for notice in recorder.notices if said] == ([True] if said else [])
    assert len(recorder.notices) == (1 if said else 0)


def test_no_compilation_is_announced_as_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """With compilation switched off the search says that it will be slow."""
    monkeypatch.setattr(jit, "JIT_DISABLED", True)
    recorder = Recorder()
    announce_compilation("module.function", recorder)
    assert "NUMBA_DISABLE_JIT" in recorder.notices[0]


def test_searches_of_finished_trials_are_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Going on in the last trial does not prepare the others once more."""
    made = []
    original = search.make_search

    def counted(prepared: Prepared, trial: int, threads: int) -> search.Search:
        made.append(trial)
        return original(prepared, trial, threads)

    monkeypatch.setattr(search, "make_search", counted)
    config = write_config(tmp_path, ("seed: 3", "trials: 4"), ("generations: 60", "generations: 2"))
    run = fitting.run(config, run_dir=tmp_path / "run").path
    assert made == [0, 1, 2, 3]
    (run / "DONE.json").unlink()
    made.clear()
    fitting.run(config, run_dir=tmp_path / "run")
    assert made == [0, 3]


def test_compilation_is_announced_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line comes before the first thing that compiles, the making of a search."""
    recorder, said = Recorder(), []
    original = search.make_search

    def watched(prepared: Prepared, trial: int, threads: int) -> search.Search:
        said.append(any("compiling" in notice for notice in recorder.notices))
        return original(prepared, trial, threads)

    monkeypatch.setattr(jit, "JIT_DISABLED", False)
    monkeypatch.setattr(jit, "is_compiled", lambda kernel: False)
    monkeypatch.setattr(search, "make_search", watched)
    config = write_config(tmp_path, ("generations: 60", "generations: 1"))
    fitting.run(config, run_dir=tmp_path / "run", reporter=recorder)
    assert said == [True]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_kernel_that_is_looked_for_is_compiled_by_warming_up(
    tmp_path: Path, strategy: str
) -> None:
    """After a search has been warmed up the cache holds the kernel that the strategy names, and
    the search itself compiles nothing more of it."""
    own = {"auto": "auto\n  direct_share: 0"}.get(strategy, strategy)
    path = write_config(tmp_path, ("strategy: mnncgp-es", f"strategy: {own}"))
    prepared = prepare(validating.load(path), Recorder())
    made = search.make_search(prepared, 0, 1)
    made.warm_up()
    kernel = STRATEGIES[strategy].kernel
    assert jit.JIT_DISABLED or jit.is_compiled(kernel)
    name, function = kernel.split(".")
    room = {"auto": "auto.", "mnncgp-es": "mnncgp.", "direct": "direct."}[strategy]
    module = import_module(f"srnet_cli.cgp.kernels.{room}{name}")
    compiled = len(getattr(getattr(module, function), "signatures", ()))
    state = made.init()
    made.advance(state, 2)
    assert len(getattr(getattr(module, function), "signatures", ())) == compiled
