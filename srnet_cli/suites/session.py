"""The trials that a suite still lacks: run here or on a cluster, and written as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srnet_cli.errors import StorageError
from srnet_cli.executor.local import Processes
from srnet_cli.executor.processors import processors
from srnet_cli.executor.tasks import Begun, Ended, Event, Places, run_all
from srnet_cli.reporting import SuiteReporter
from srnet_cli.signals import Signals
from srnet_cli.store import RunFolder
from srnet_cli.suites.board import Board
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.plan import Trial
from srnet_cli.suites.records import Failure
from srnet_cli.suites.supplies import Supplies
from srnet_cli.suites.trial import (
    Outcome,
    TrialAfar,
    TrialHere,
    fault,
    run_job,
    settings_of,
    versions,
)

if TYPE_CHECKING:
    from srnet_cli.executor.cluster import Tls

STOP_SECONDS = 4.0


@dataclass(frozen=True)
class Where:
    """Where trials run.

    Attributes:
        jobs: local processes; None: one per processor.
        scheduler: address of a Dask scheduler, whose workers are used instead.
        tls: for encrypted connections to it.
    """

    jobs: int | None = None
    scheduler: str | None = None
    tls: Tls | None = None


def run_trials(
    folder: SuiteFolder,
    trials: Sequence[Trial],
    where: Where,
    reporter: SuiteReporter,
    signals: Signals,
) -> None:
    """Run trials, each to its end; returns early when a signal comes.

    A trial that fails is noted in the suite's folder, and the others go on.

    Raises:
        UsageError: the cluster cannot be used.
        StorageError: a folder cannot be written.
    """
    if trials:
        _Session(folder, trials, where, reporter, signals).run()


class _Session:
    def __init__(
        self,
        folder: SuiteFolder,
        trials: Sequence[Trial],
        where: Where,
        reporter: SuiteReporter,
        signals: Signals,
    ) -> None:
        self._folder = folder
        self._trials = {trial.key: trial for trial in trials}
        cases = {trial.case.name: trial.case.experiment for trial in trials}
        self._supplies = Supplies(cases, travel=where.scheduler is not None)
        self._where = where
        self._reporter = reporter
        self._signals = signals
        self._board = Board(folder, self._trials)

    def run(self) -> None:
        with ExitStack() as stack:
            # The cluster first: a mistake in its address must not wait for networks to be trained.
            with self._signals.at_once():
                cluster = None if self._where.scheduler is None else self._cluster(stack)
            _note_versions(self._folder, self._reporter)
            packed = self._supplies.to_pack()
            most = len(packed) if cluster else len(self._trials)
            with Processes(run_job, min(self._jobs(), max(most, 1))) as processes:
                self._supply(processes, packed)
                if cluster is None:
                    self._each(processes, self._waiting(), self._here, self._take)
            if cluster is not None:
                self._each(cluster, self._waiting(), self._afar, self._take)

    def _supply(self, processes: Places, packed: Sequence[str]) -> None:
        """Pack what trials need, each thing once, then train each network once."""
        supplies = self._supplies
        self._each(processes, packed, supplies.packing, self._keep)
        trained = supplies.to_train()
        if trained and not self._is_stopping():
            self._reporter.notice(f"training {len(trained)} networks")
            self._each(processes, trained, supplies.training, self._keep)

    def _cluster(self, stack: ExitStack) -> Places:
        from srnet_cli.executor.cluster import Cluster

        assert self._where.scheduler is not None
        return stack.enter_context(
            Cluster(
                run_job, self._where.scheduler, versions, self._reporter.notice, self._where.tls
            )
        )

    def _jobs(self) -> int:
        if self._where.jobs is not None:
            return self._where.jobs
        return processors()

    def _waiting(self) -> list[str]:
        return [key for key in self._trials if key not in self._board.failed_now]

    def _here(self, key: str) -> TrialHere:
        trial = self._trials[key]
        luggage = self._supplies.luggage(trial.case.name)
        return TrialHere(trial.experiment(), trial.case.config, self._folder.trial(key), luggage)

    def _afar(self, key: str) -> TrialAfar:
        trial = self._trials[key]
        settings = settings_of(trial.experiment())
        return TrialAfar(settings, trial.case.config, self._supplies.luggage(trial.case.name))

    def _each(
        self,
        places: Places,
        keys: Iterable[str],
        job: Callable[[str], object],
        take: Callable[[str, Outcome, int], None],
    ) -> None:
        """Run jobs of one kind until all have ended or a signal comes."""
        if self._is_stopping():
            return
        for event in run_all(places, keys, job, fault):
            if event is not None:
                self._note(event, take)
            self._reporter.suite(self._board.progress())
            if self._is_stopping():
                self._reporter.notice("stopping: saving what was found (once more quits at once)")
                places.stop(STOP_SECONDS)
                return

    def _is_stopping(self) -> bool:
        return self._signals.number is not None

    def _note(self, event: Event, take: Callable[[str, Outcome, int], None]) -> None:
        if isinstance(event, Begun):
            self._board.begin(event.key)
            return
        self._board.end(event.key, is_lost=not isinstance(event, Ended))
        if isinstance(event, Ended):
            take(event.key, event.result, event.attempts)
            return
        again = "given up" if event.is_final else "begun again"
        why = f" ({event.reason})" if event.reason else ""
        self._reporter.notice(f"{event.key}: {event.place} was lost{why}; the trial is {again}")
        if event.is_final:
            error = f"the worker was lost every time, the last was {event.place}{why}"
            take(event.key, Outcome("failed", error), event.attempts)

    def _keep(self, name: str, outcome: Outcome, attempts: int) -> None:
        """What came of packing for a case, or of training its network."""
        _require_disk(outcome)
        if outcome.luggage is not None:
            self._supplies.keep_luggage(name, outcome.luggage)
        elif outcome.network:
            self._supplies.keep_network(name, outcome.network)
        elif outcome.kind == "failed":
            self._reporter.notice(f"{name}: {outcome.error}")
            cases = self._supplies.cases(name)
            for key, trial in self._trials.items():
                if trial.case.name in cases:
                    self._fail(key, outcome, attempts)

    def _take(self, key: str, outcome: Outcome, attempts: int) -> None:
        """What came of a trial."""
        if outcome.kind == "failed":
            self._reporter.notice(f"{key}: {outcome.error}")
            self._fail(key, outcome, attempts)
            return
        _require_disk(outcome)
        if outcome.kind == "done":
            if outcome.files:
                _adopt(self._folder.trial(key), outcome.files)
            self._folder.note_failure(key, None)
            self._board.finish(key)

    def _fail(self, key: str, outcome: Outcome, attempts: int) -> None:
        self._folder.note_failure(key, Failure(outcome.error, attempts))
        self._board.fail(key)


def _note_versions(folder: SuiteFolder, reporter: SuiteReporter) -> None:
    """Write down what trials are run with, and say where others had something else."""
    here = versions()
    folder.note_versions(here)
    differ = []
    for name in here:
        met = dict.fromkeys(known.get(name, "unknown") for known in folder.info.versions)
        if set(met) != {here[name]}:
            differ.append(f"{name} {', '.join(met)}")
    if differ:
        reporter.notice(f"trials in {folder.path} are of different versions: {'; '.join(differ)}")


def _adopt(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a finished run that came from afar, over one that is damaged."""
    with RunFolder.claim(path) as run:
        if run.is_done and run.verify():
            run.reopen()
        if not run.is_done:
            run.adopt(files)


def _require_disk(outcome: Outcome) -> None:
    """What one trial cannot write, no other can: better to stop than to fail them all."""
    if outcome.kind == "disk":
        raise StorageError(outcome.error, hint=outcome.hint)
