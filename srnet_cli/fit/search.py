"""The trials of a run, in chunks short enough to be interrupted, from and to checkpoints."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from srnet_cli.evolution.direct.strategy import evaluations as direct_evaluations
from srnet_cli.evolution.restoring import require_fits, restored
from srnet_cli.evolution.strategies import Search, State, strategy_of
from srnet_cli.executor.processors import processors
from srnet_cli.fit.allowance import SEARCH, of_search, usable_seconds
from srnet_cli.fit.inputs import inputs_of
from srnet_cli.fit.limits import StoppingRules
from srnet_cli.fit.live_fronts import LiveFronts
from srnet_cli.fit.preparation import Prepared
from srnet_cli.fit.timing import Timing
from srnet_cli.reporting import Reporter, SearchProgress
from srnet_cli.signals import Signals
from srnet_cli.store import RunFolder

_PACE_SECONDS = 10.0


@dataclass(frozen=True)
class Rhythm:
    """How often a search is looked after, which changes no result.

    Attributes:
        chunk_seconds: it runs about so long before signals and limits are looked at.
        checkpoint_seconds: between two checkpoints.
    """

    chunk_seconds: float = 0.1
    checkpoint_seconds: float = 5.0


USUAL = Rhythm()
"""That of every fit."""


def make_search(prepared: Prepared, trial: int, threads: int) -> Search:
    """The search of one trial.

    Raises:
        ConfigError: it would need more memory than is reasonable.
    """
    experiment = of_search(prepared.experiment, prepared.outlay)
    number = experiment.first_trial + trial
    return strategy_of(experiment).search(
        prepared.problem, experiment.evolution, experiment.seed, number, threads
    )


def drop_damaged(folder: RunFolder, reporter: Reporter) -> None:
    """Remove checkpoints that are damaged or of another run, and say so.

    Raises:
        StorageError: one cannot be removed.
    """
    dropped = folder.drop_damaged_checkpoints()
    if dropped:
        checkpoints = "1 checkpoint is" if dropped == 1 else f"{dropped} checkpoints are"
        reporter.notice(f"{checkpoints} damaged or of another run, and not used")


class Trials:
    """All trials of a run, or those that an earlier process has left.

    Args:
        folder: the run folder, which holds the checkpoints.
        prepared: what is searched for.
        first: the search of trial 0, made early to see that it can be.
        threads: threads that the others use.
        reporter: is told how it goes.
        signals: says when to stop.
        rhythm: how often it is looked after.

    Attributes:
        states: one per trial that has begun.
    """

    def __init__(
        self,
        folder: RunFolder,
        prepared: Prepared,
        first: Search,
        threads: int,
        reporter: Reporter,
        signals: Signals,
        rhythm: Rhythm = USUAL,
    ) -> None:
        self._folder = folder
        self._prepared = prepared
        self._strategy = strategy_of(prepared.experiment)
        self._rules = StoppingRules(of_search(prepared.experiment, prepared.outlay))
        self._live_fronts = LiveFronts(
            inputs_of(prepared), prepared.network, prepared.sets["train"]
        )
        self._first = first
        self._threads = threads
        self._reporter = reporter
        self._signals = signals
        self._rhythm = rhythm
        checkpoint = folder.newest_checkpoint()
        drop_damaged(folder, reporter)
        self.states: list[Any] = (
            restored(prepared.experiment, checkpoint, folder.path, prepared.problem.widths)
            if checkpoint
            else []
        )
        self._number = len(self.states)  # of the trial at hand, from 1
        last = self.states[-1].generation if self.states else 0
        self._timing = Timing(folder, len(self.states), last)
        if checkpoint:
            reporter.notice(f"going on after {checkpoint.generation} generations")

    def run(self) -> None:
        """Run every trial to its end, or until a signal comes.

        Raises:
            StopNow: a signal came before this process had anything to save.
            StorageError: a checkpoint cannot be written; the one before is still good.
        """
        for trial in self._unfinished():
            search = self._search(trial)
            if len(self.states) == trial:
                self.states.append(search.init())
            else:
                require_fits(search, self.states, trial, self._folder.path)
            self._run_trial(search, trial)
            if self._signals.number is not None:
                return

    @property
    def seconds(self) -> float:
        """What all trials have taken, those of earlier processes included."""
        return self._timing.seconds

    def _unfinished(self) -> Iterator[int]:
        """Numbers of the trials to run: those that a shorter run has left, the last, the others."""
        for trial, state in enumerate(self.states[:-1]):
            if self._goes_on(state):
                yield trial
        yield from range(max(len(self.states) - 1, 0), self._prepared.experiment.trials)

    def _goes_on(self, state: State) -> bool:
        settings, goes_on = self._prepared.experiment.evolution, self._strategy.goes_on
        if goes_on is None or settings.max_seconds is not None:
            return False
        return goes_on(state, settings) and self._rules.generations_left(state) > 0

    def _search(self, trial: int) -> Search:
        return make_search(self._prepared, trial, self._threads) if trial else self._first

    def _run_trial(self, search: Search, trial: int) -> None:
        """Advance one state to its end, with a checkpoint every few seconds and a last one."""
        pace, state = _Pace(self._rhythm.chunk_seconds), self.states[trial]
        self._number = trial + 1
        saved = time.monotonic()
        while not self._is_over(search, state, pace) and self._signals.number is None:
            self._advance(search, state, pace)
            self._reporter.progress(self._progress(state, pace))
            if time.monotonic() - saved > self._rhythm.checkpoint_seconds:
                self._save()
                saved = time.monotonic()
        if self._signals.number is not None:
            self._reporter.notice("stopping: saving what was found (once more quits at once)")
        self._save()

    def _is_over(self, search: Search, state: State, pace: _Pace) -> bool:
        now, speed = self._seconds(), pace.generations_per_second
        return search.is_over(state) or self._rules.is_reached(state, now, speed)

    def _seconds(self) -> float:
        return self._timing.seconds_of(self._number)

    def _advance(self, search: Search, state: State, pace: _Pace) -> None:
        begin, clock = state.generation, time.monotonic()
        chunk = min(pace.chunk, self._rules.generations_left(state))
        search.advance(state, chunk, lambda: self._signals.number is not None)
        pace.update(state.generation - begin, time.monotonic() - clock)

    def _save(self) -> None:
        self._folder.save_checkpoint(
            sum(state.generation for state in self.states), self._strategy.pack(self.states)
        )
        self._timing.save(self._number, self.states[self._number - 1].generation)

    def _progress(self, state: State, pace: _Pace) -> SearchProgress:
        experiment, trial = self._prepared.experiment, self._number
        settings, done = experiment.evolution, state.generation
        is_direct = self._strategy.is_direct(state)
        evaluate = direct_evaluations if is_direct else self._strategy.evaluations
        lately = evaluate(done, settings) - evaluate(done - 1, settings)
        speed = pace.generations_per_second
        known = self._strategy.direct_fronts(state)
        return SearchProgress(
            trial=trial,
            trials=experiment.trials,
            generation=done,
            generations=self._rules.generations,
            fitness=state.fitness,
            losses=state.trace[-1, 2:].tolist() if len(state.trace) else (),
            evaluations_per_second=None if speed is None else speed * lately,
            seconds_left=self._seconds_left(state, trial, speed),
            is_bound=self._rules.is_open_ended and settings.max_seconds is None,
            is_direct=is_direct,
            fronts=partial(self._live_fronts, known),
        )

    def _seconds_left(self, state: State, trial: int, pace: float | None) -> float | None:
        """Until everything is done, where time is limited, else until the search is."""
        seconds = self._rules.seconds_left(state, trial, self._seconds(), pace)
        experiment = self._prepared.experiment
        limit = usable_seconds(experiment, self._prepared.outlay)
        if limit is None or seconds is None:
            return seconds
        return seconds + (1.0 - SEARCH) * limit * experiment.trials


class _Pace:
    """How fast a search goes, and how many generations make a chunk at that pace.

    Args:
        chunk_seconds: that a chunk shall take.
    """

    def __init__(self, chunk_seconds: float = USUAL.chunk_seconds) -> None:
        self._chunk_seconds = chunk_seconds
        self.chunk = 1
        self.generations_per_second: float | None = None
        self._chunks: deque[tuple[int, float]] = deque()

    def update(self, generations: int, seconds: float) -> None:
        """Take a chunk into account."""
        self._chunks.append((generations, max(seconds, 1e-9)))
        while sum(spent for _, spent in self._chunks) > _PACE_SECONDS and len(self._chunks) > 1:
            self._chunks.popleft()
        done, spent = map(sum, zip(*self._chunks, strict=True))
        self.generations_per_second = max(done, 1) / spent
        # By the slower of now and lately, as the machine may be busy; and no more than fourfold.
        pace = min(generations / max(seconds, 1e-9), self.generations_per_second)
        self.chunk = max(1, min(4 * self.chunk, int(pace * self._chunk_seconds)))


def thread_count(wanted: int | str, reporter: Reporter) -> int:
    """Threads to search with: those asked for, as far as the machine has them."""
    available = processors()
    if wanted == "auto":
        return available
    if int(wanted) > available:
        reporter.notice(f"evolution.threads: {wanted} asked for, {available} there; using those")
    return min(int(wanted), available)


def announce_compilation(kernel: str, reporter: Reporter) -> None:
    """Say so where the search will have to wait for the compiler.

    Args:
        kernel: what it runs, see ``Strategy.kernel``.
        reporter: is told.
    """
    from srnet_cli.cgp.kernels.jit import CACHE_FOLDER, JIT_DISABLED, is_compiled

    if JIT_DISABLED:
        reporter.notice("compilation is switched off (NUMBA_DISABLE_JIT): this will be slow")
    elif CACHE_FOLDER is None:
        reporter.notice("compiling kernels (no folder to keep them in: every run will do this)")
    elif not is_compiled(kernel):
        reporter.notice("compiling kernels, first run only (some minutes)")
