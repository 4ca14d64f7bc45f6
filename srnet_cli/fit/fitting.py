"""``srnet fit``: from a config to a run folder with formulas."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from srnet_cli.config.resolved import signature, to_yaml
from srnet_cli.config.schema import Experiment
from srnet_cli.errors import Interrupted, StorageError, UsageError
from srnet_cli.fit import validating
from srnet_cli.fit.allowance import after_search
from srnet_cli.fit.finishing import Findings, finish, finish_in_haste
from srnet_cli.fit.run_log import LoggedReporter
from srnet_cli.reporting import Reporter, Silent
from srnet_cli.runs import files
from srnet_cli.signals import Signals, StopNow
from srnet_cli.store import RunFolder, require_free, runs_root

if TYPE_CHECKING:
    from srnet_cli.fit.search import Rhythm
    from srnet_cli.fronts.formulas import NetworkFormulas
    from srnet_cli.networks.readers.loaded import LoadedNetwork
    from srnet_cli.runs.records import Metrics


@dataclass(frozen=True)
class FitResult:
    """What a fit leaves behind.

    Attributes:
        path: the run folder.
        metrics: the content of ``metrics.json``.
        formulas: what the network computes; None where nobody searched, or nothing was found.
        was_done: whether an earlier fit had already finished this very run.
    """

    path: Path
    metrics: Metrics
    formulas: NetworkFormulas | None = None
    was_done: bool = False


@dataclass(frozen=True)
class _Request:
    """What was asked for.

    Attributes:
        experiment: the settings.
        config: the content of the config file.
        mark: the experiment's signature.
        path: the run folder.
        is_own: whether the folder is known to be this run's, whatever has become of its files.
        python_network: a network made in Python, if it is such.
        rhythm: how often the search is looked after; None: as usual.
    """

    experiment: Experiment
    config: bytes
    mark: str
    path: Path
    is_own: bool = False
    python_network: LoadedNetwork | None = None
    rhythm: Rhythm | None = None


def run(
    config: Path,
    overrides: Sequence[str] = (),
    *,
    run_dir: Path | None = None,
    name: str | None = None,
    reporter: Reporter | None = None,
    rhythm: Rhythm | None = None,
) -> FitResult:
    """Fit a config, or go on with a fit that was interrupted.

    Args:
        config: the config file.
        overrides: ``key.path=value`` entries that replace what the file says.
        run_dir: the run's folder; by default ``<name>-<signature>`` in the runs' root.
        name: replaces the experiment's name.
        reporter: is told what happens.
        rhythm: how often the search is looked after; None: as usual.

    Raises:
        ConfigError, UsageError: the config is wrong, or another process works on this run.
        DataError, ModelError: the rows or the network cannot be used.
        StorageError: the run folder cannot be written.
        Interrupted: a signal came; what was found is in the folder.
    """

    def request() -> _Request:
        return replace(_request(config, overrides, run_dir, name), rhythm=rhythm)

    return _run(request, reporter, Signals())


def run_experiment(
    experiment: Experiment,
    config: bytes,
    path: Path,
    reporter: Reporter | None = None,
    python_network: LoadedNetwork | None = None,
) -> FitResult:
    """Fit an experiment that is loaded and checked already, in a worker; see ``run``.

    Args:
        experiment: the settings.
        config: the content of the config file, to be kept with the run.
        path: the run folder, which nothing else is kept in.
        reporter: is told what happens.
        python_network: a network made in Python, which the settings name as
            ``network.callable``; see ``networks.callables``.

    Raises:
        SrnetError: as ``run``.
    """

    def request() -> _Request:
        require_free(path)
        return _Request(
            experiment=experiment,
            config=config,
            mark=signature(experiment),
            path=path,
            is_own=True,
            python_network=python_network,
        )

    return _run(request, reporter, Signals(quits_on_second=False))


def _run(ask: Callable[[], _Request], reporter: Reporter | None, signals: Signals) -> FitResult:
    begun = time.monotonic()
    with signals:
        try:
            with signals.at_once():
                request = ask()
                done = _finished(request)
            return done or _fit(request, LoggedReporter(reporter or Silent()), signals, begun)
        except StopNow:
            raise Interrupted(signals.number or 0) from None


def _request(
    config: Path, overrides: Sequence[str], run_dir: Path | None, name: str | None
) -> _Request:
    named = overrides if name is None else (*overrides, f"name={_quoted(name)}")
    loaded = validating.load_checked(config, named)
    experiment = loaded.experiment
    mark = signature(experiment)
    path = run_dir or runs_root() / f"{experiment.name}-{mark}"
    require_free(path)
    # A pipe can be read only once, and has been.
    content = config.read_bytes() if config.is_file() else to_yaml(experiment).encode()
    return _Request(experiment, content, mark, path)


def _quoted(text: str) -> str:
    """The text as YAML that is a text, whatever it looks like."""
    return json.dumps(text, ensure_ascii=False)


def _finished(request: _Request) -> FitResult | None:
    """The result of this very run, if it has finished before and is whole."""
    folder = RunFolder(request.path)
    if not folder.is_done:
        return None
    from srnet_cli.runs.records import Metrics, required_of
    from srnet_cli.runs.run import read_answers

    if folder.verify(required_of(folder)) or _mark(folder) != request.mark:
        return None
    return FitResult(request.path, Metrics.read(folder), read_answers(folder), was_done=True)


def _fit(request: _Request, reporter: LoggedReporter, signals: Signals, begun: float) -> FitResult:
    with signals.at_once():
        # Imported late: a mistake, or a run that has finished, is answered without waiting.
        from srnet_cli.evolution.strategies import strategy_of
        from srnet_cli.fit.inputs import run_info, write_inputs
        from srnet_cli.fit.preparation import prepare
        from srnet_cli.fit.search import (
            USUAL,
            Trials,
            announce_compilation,
            make_search,
            thread_count,
        )
        from srnet_cli.fit.shorter_runs import take_up_shorter

        experiment = request.experiment
        prepared = prepare(experiment, reporter, request.python_network)
        prepared = replace(prepared, seconds=time.monotonic() - begun)
        threads = thread_count(experiment.evolution.threads, reporter)
        announce_compilation(strategy_of(experiment).kernel, reporter)
        first = make_search(prepared, 0, threads)
        # Of wide networks this takes seconds, too; compiling, which may follow, is not counted.
        prepared = replace(prepared, seconds=time.monotonic() - begun)
        first.warm_up()
    with RunFolder.claim(request.path) as folder:
        _take_over(folder, request, reporter)
        folder.signature = request.mark
        reporter.attach(folder)
        write_inputs(folder, prepared, request.config)
        run_info(experiment, request.mark, "running").write(folder)
        if not request.is_own:
            take_up_shorter(folder, experiment, reporter)
        rhythm = request.rhythm or USUAL
        trials = Trials(
            folder=folder,
            prepared=prepared,
            first=first,
            threads=threads,
            reporter=reporter,
            signals=signals,
            rhythm=rhythm,
        )
        trials.run()
        allowance = after_search(experiment, trials.seconds, prepared.outlay)
        findings = Findings(folder, prepared, trials.states, threads, allowance)
        if not finish(findings, reporter, signals):
            finish_in_haste(findings, signals)
            run_info(experiment, request.mark, "stopped").write(folder)
            raise Interrupted(signals.number or 0, str(folder.path))
        run_info(experiment, request.mark, "finished").write(folder)
        folder.commit(files.required(has_model=findings.assessment is not None))
    assert findings.metrics is not None
    return FitResult(request.path, findings.metrics, findings.formulas)


def _take_over(folder: RunFolder, request: _Request, reporter: Reporter) -> None:
    """Refuse the folder of another config; reopen one that has finished and is damaged."""
    try:
        mark = _mark(folder)
    except StorageError as error:
        if not request.is_own or isinstance(error.__cause__, OSError):
            raise
        mark = None
    if mark not in (None, request.mark):
        raise UsageError(
            f"{folder.path} holds another run (signature {mark}, this config has {request.mark})",
            hint="choose another folder, or remove that one",
            remedies=("run_dir",),
        )
    if mark is not None:
        _compare_arithmetic(folder, reporter)
    if folder.is_done:
        from srnet_cli.runs.records import required_of

        damage = folder.verify(required_of(folder))
        if damage:
            reporter.notice(f"{folder.path} is damaged ({damage[0]}) and is repaired")
        folder.reopen()


def _compare_arithmetic(folder: RunFolder, reporter: Reporter) -> None:
    """Say so where a run goes on with another arithmetic than the one it was begun with."""
    from srnet_cli.arithmetic import arithmetic
    from srnet_cli.runs.records import RunInfo

    begun, now = RunInfo.read_uncommitted(folder).versions, arithmetic()
    others = [name for name in now if begun.get(name, now[name]) != now[name]]
    if others:
        differ = [f"{name} {begun[name]}, here {now[name]}" for name in others]
        reporter.notice(
            f"the run was begun with {'; '.join(differ)}: results may differ in their last digits "
            "from those of a run that never moved"
        )


def _mark(folder: RunFolder) -> str | None:
    """The signature of the run in a folder, None where it holds none.

    Read without a look at the commit, which may be what is damaged.

    Raises:
        StorageError: it cannot be told.
    """
    if not folder.has(files.RUN):
        return None
    from srnet_cli.runs.records import RunInfo

    return RunInfo.read_uncommitted(folder).signature
