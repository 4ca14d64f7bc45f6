"""``srnet compare``: a run's formulas beside LIME and MAPLE, on the same network and rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.answers import Answers
from srnet_cli.compare.bootstrap import bootstrap
from srnet_cli.compare.comparison import Comparison, Cost, SetComparison
from srnet_cli.compare.effort import FULL, Effort
from srnet_cli.compare.explainers import EXPLAINERS, Subject
from srnet_cli.compare.files import PLOTTED, csv_bytes, json_bytes, timing_bytes
from srnet_cli.compare.instances import SETS, Instances, choose, require_finite
from srnet_cli.compare.measures import is_trivial, judge
from srnet_cli.compare.path import path_instances
from srnet_cli.compare.plane import View, plane_of
from srnet_cli.compare.plots import plots
from srnet_cli.compare.tasks import TaskResult, run_all
from srnet_cli.errors import Interrupted, ModelError, UsageError
from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.reporting import StepReporter
from srnet_cli.runs import files
from srnet_cli.runs.expressions_file import printed_layers, shortener
from srnet_cli.runs.records import RunInfo
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.signals import Signals, StopNow
from srnet_cli.store import RunFolder, find_run, runs_root

Array = NDArray[np.float64]

INSTANCES = 200


def run(
    references: Sequence[str] = (),
    *,
    lime: bool = False,
    maple: bool = False,
    instances: int = INSTANCES,
    jobs: int = 1,
    view: View | None = None,
    reporter: StepReporter,
    effort: Effort = FULL,
) -> list[Comparison]:
    """Compare one run or several, and keep the results in their folders.

    Args:
        references: folders, names or ``latest``; none is the latest.
        lime, maple: which explainers to set beside the formulas.
        instances: how many rows of each set to explain.
        jobs: number of processes; it changes no result.
        view: the plane on which the classes of classifiers are drawn.
        reporter: told what happens.
        effort: how often what is random is repeated.

    Raises:
        UsageError: no such run, another process holds it, a package is missing, a number is out of
            range, or a run has no such view.
        DataError: a run has no rows that can be explained.
        StorageError, ModelError: a run is damaged, or the results cannot be written.
        Interrupted: a signal came; runs that had been compared keep their results.
    """
    for name, value in (("instances", instances), ("jobs", jobs)):
        if value < 1:
            raise UsageError("give 1 or more", options={name: value})
    kinds = ["formula", *(["lime"] if lime else []), *(["maple"] if maple else [])]
    for kind in kinds:
        EXPLAINERS[kind].require()
    view = view or View()
    saved: list[Path] = []
    with Signals() as signals:
        try:
            with signals.at_once():
                runs = _read(references, view)  # all, before minutes go into the first of them

            def compared(run: _Run) -> Comparison:
                return compare(
                    run.fitted,
                    run.name,
                    run.seed,
                    kinds,
                    count=instances,
                    jobs=jobs,
                    reporter=reporter,
                    view=view,
                    effort=effort,
                )

            return [_kept(run, compared, reporter, signals, saved) for run in runs]
        except StopNow:
            raise _interrupted(signals.number or 0, saved) from None


@dataclass(frozen=True)
class _Run:
    name: str
    seed: int
    fitted: FittedRun


def _read(references: Sequence[str], view: View) -> list[_Run]:
    paths = [find_run(runs_root(), reference) for reference in (references or ["latest"])]
    return [_read_one(path, view) for path in dict.fromkeys(paths)]


def _read_one(path: Path, view: View) -> _Run:
    """Read a run, and check what its comparison would otherwise fail on after minutes."""
    folder = RunFolder.open(path)
    info = RunInfo.read(folder)
    name = info.title
    fitted = read_run(path)
    view.check(name, fitted.model.features, fitted.network.output_activation == "softmax")
    for rows in ("train", *SETS):
        if rows in fitted.sets:
            require_finite(fitted.sets[rows], "training" if rows == "train" else rows)
    if fitted.is_done:
        for needed in PLOTTED:
            folder.read(needed)
    return _Run(name, info.seed, fitted)


def _kept(
    run: _Run,
    compared: Callable[[_Run], Comparison],
    reporter: StepReporter,
    signals: Signals,
    saved: list[Path],
) -> Comparison:
    """Compare a run; a signal stops that at once, but for the moment in which it is written."""
    path = run.fitted.path
    with RunFolder.claim(path) if _can_keep(run.fitted, reporter) else nullcontext() as folder:
        with signals.at_once():
            comparison = compared(run)
            files = _files(comparison) if folder else {}
        if folder:
            folder.amend(files)
            saved.append(path)
            comparison = replace(comparison, is_saved=True)
    with signals.at_once():
        return comparison


def _interrupted(number: int, saved: Sequence[Path]) -> Interrupted:
    error = Interrupted(number, ", ".join(map(str, saved)))
    error.hint = "the same command compares from the start" if saved else ""
    return error


def compare(
    fitted: FittedRun,
    name: str,
    seed: int,
    kinds: Sequence[str],
    count: int,
    jobs: int,
    reporter: StepReporter,
    view: View | None = None,
    effort: Effort = FULL,
) -> Comparison:
    """Compare a run that has been read.

    Args:
        fitted: the run.
        name: what it is called, wherever its folder is.
        seed: what all random numbers come from.
        kinds: names of explainers; where the run answers with whole-network formulas, these are
            compared too.
        count, jobs, reporter, view, effort: as for ``run``.

    Raises:
        DataError: there are no rows that can be explained.
    """
    subject = subject_of(fitted)
    if subject.answers is not None:
        kinds = ["direct", *kinds]
    sets = choose(subject, fitted.sets, count, seed)
    for instances in sets:
        if len(instances) < count:
            reporter.notice(
                f"{name}: there are only {len(instances)} {SET_NAMES[instances.set_name]} rows; "
                "all are explained"
            )
    for missing in (rows for rows in SETS if rows not in fitted.sets):
        if missing != "boundary" or fitted.network.output_activation == "softmax":
            reporter.notice(f"{name}: the run has no {SET_NAMES[missing]} rows")
    line = path_instances(subject, fitted.sets)

    def step(done: int, total: int) -> None:
        reporter.step(done, total, f"{name}: explanations")

    results = run_all(subject, (*sets, line), kinds, seed, jobs, step, effort.repeats)
    return Comparison(
        name=name,
        fitted=fitted,
        seed=seed,
        sets=_judged(subject, sets, kinds, results, seed, effort.resamples),
        line=line,
        costs={kind: _cost(kind, results, seed, effort.resamples) for kind in kinds},
        results=tuple(results),
        plane=plane_of(subject, view or View()),
        answers=subject.answers,
        effort=effort,
    )


def subject_of(fitted: FittedRun) -> Subject:
    """What explainers get of a run.

    Raises:
        DataError: its training rows have missing values.
        ModelError: its network is known by its values only.
    """
    if not fitted.network.has_slopes:
        raise ModelError(
            f"{fitted.path}: explanations ask the network at new points, and this one is known by "
            "its values only",
            hint="load the network itself, as a file, and fit it again",
        )
    train = fitted.sets["train"]
    require_finite(train, "training")
    assessment = fitted.assessment
    layers = printed_layers(assessment, shortener(assessment, fitted.settings))
    nodes = sum(layer.complexity for layer in layers)
    answers = None
    if fitted.formulas is not None:
        answers = Answers.from_formulas(fitted.formulas, fitted.has_classes)
    return Subject(fitted.network, fitted.model, train, nodes, answers)


def _judged(
    subject: Subject,
    sets: Sequence[Instances],
    kinds: Sequence[str],
    results: Sequence[TaskResult],
    seed: int,
    resamples: int,
) -> dict[str, SetComparison]:
    compared = {}
    for number, instances in enumerate(sets):
        judged = {
            kind: judge(
                subject,
                instances,
                [result.outcomes[number] for result in results_of(kind, results)],
                seed,
                resamples,
            )
            for kind in kinds
        }
        trivial = is_trivial(subject, instances)
        compared[instances.set_name] = SetComparison(instances, trivial, judged)
    return compared


def results_of(kind: str, results: Sequence[TaskResult]) -> list[TaskResult]:
    """What an explainer has given, seed by seed."""
    return [result for result in results if result.task.kind == kind]


def _cost(kind: str, results: Sequence[TaskResult], seed: int, resamples: int) -> Cost:
    first = results_of(kind, results)[0]
    seconds = np.concatenate([outcome.seconds for outcome in first.outcomes])
    usable = np.flatnonzero(np.isfinite(seconds))
    mean = bootstrap(lambda i: float(seconds[i].mean()), usable, seed, resamples)
    return Cost(first.fit_seconds, mean)


def _can_keep(fitted: FittedRun, reporter: StepReporter) -> bool:
    """Whether the folder takes results; says so where it does not."""
    if not fitted.is_done:
        reporter.notice(f"{fitted.path}: not finished, so the comparison is printed but not kept")
        return False
    if not os.access(fitted.path, os.W_OK):
        reporter.notice(f"{fitted.path}: read-only, so the comparison is printed but not kept")
        return False
    return True


def _files(comparison: Comparison) -> dict[str, bytes]:
    """What is added to the run folder, by path within it."""
    return {
        files.COMPARISON_TABLE: csv_bytes(comparison),
        files.COMPARISON: json_bytes(comparison),
        files.COMPARISON_TIMING: timing_bytes(comparison),
        **plots(comparison),
    }
