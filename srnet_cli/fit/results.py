"""What a fit leaves in its folder: formulas, figures, curves and plots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from srnet_cli.config.schema import Experiment
from srnet_cli.evolution.strategies import State, best_trial, strategy_of
from srnet_cli.expressions import Shortener
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.baselines import Baseline, baselines
from srnet_cli.fidelity.classes import DECISION, agreements
from srnet_cli.fidelity.labels import class_names
from srnet_cli.fidelity.layers import measure
from srnet_cli.fidelity.validity import check, regions
from srnet_cli.fit.plots import fitness_plot, fronts_plot
from srnet_cli.fit.preparation import Prepared
from srnet_cli.metrics import finite
from srnet_cli.runs import files
from srnet_cli.runs.expressions_file import ClassesEntry, describe
from srnet_cli.runs.fronts import StoredFronts
from srnet_cli.runs.proofs_file import Proofs
from srnet_cli.runs.records import Metrics
from srnet_cli.signals import never
from srnet_cli.store import RunFolder


def write_results(
    folder: RunFolder,
    prepared: Prepared,
    states: Sequence[State],
    assessment: Assessment | None,
    fronts: StoredFronts | None = None,
    *,
    shorten: Shortener | None = None,
    in_haste: bool = False,
    is_over: Callable[[], bool] = never,
    proofs: Proofs | None = None,
) -> Metrics:
    """Write what the best trial so far has found.

    Args:
        folder: the run folder.
        prepared: what was searched for.
        states: the trials that have begun.
        assessment: what the best of them has found; None where that is nothing.
        fronts: simpler forms of it.
        shorten: gives the normal forms; None: formulas as they were found.
        in_haste: leave out what may take seconds: plots.
        is_over: whether no time at all is left, which ends simplification of the whole network.
        proofs: what is proved; None where nobody asked.

    Returns:
        The content of ``metrics.json``.

    Raises:
        StorageError: a file cannot be written.
    """
    experiment = prepared.experiment
    folder.write(files.CURVES, curves(states, experiment).encode())
    metrics = _metrics(prepared, states)
    if assessment is not None:
        words = None if proofs is None else proofs.words()
        metrics = _write_formulas(
            folder,
            prepared,
            assessment,
            fronts=fronts,
            shorten=shorten,
            metrics=metrics,
            proved=words,
            is_over=is_over,
        )
    metrics.write(folder)
    if not in_haste:
        traces = [state.trace for state in states]
        measured = strategy_of(experiment).measured(prepared.problem.has_classes)
        folder.write(files.FITNESS_PLOT, fitness_plot(traces, measured))
    return metrics


def _metrics(prepared: Prepared, states: Sequence[State]) -> Metrics:
    experiment = prepared.experiment
    best = best_trial(states)
    trace = states[best].trace
    return Metrics(
        trial=best + 1,
        fitness=tuple(finite(state.fitness) for state in states),
        generations=tuple(state.generation for state in states),
        evaluations=tuple(_evaluations(state, state.generation, experiment) for state in states),
        losses=tuple(trace[-1, 2:].tolist()) if len(trace) else None,
        network=prepared.quality,
        rows={name: len(rows) for name, rows in prepared.sets.items()},
    )


def _write_formulas(
    folder: RunFolder,
    prepared: Prepared,
    assessment: Assessment,
    fronts: StoredFronts | None,
    shorten: Shortener | None,
    metrics: Metrics,
    proved: Mapping[str, tuple[str, ...]] | None,
    is_over: Callable[[], bool],
) -> Metrics:
    """Write the model and its formulas; returns the metrics with what they are worth."""
    fidelity, classes = measure(assessment), _classes(prepared, assessment)
    dataset = prepared.dataset
    where = regions(
        prepared.experiment, dataset.features, prepared.sets["train"], dataset.categories
    )
    validity = check(assessment, where)
    folder.write_json(files.MODEL, assessment.model.to_dict())
    known = None if fronts is None else fronts.fronts
    expressions = describe(
        assessment,
        fidelity,
        classes,
        validity,
        shorten=shorten,
        fronts=known,
        proved=proved,
        is_over=is_over,
    )
    expressions.write(folder)
    if fronts is not None:
        fronts.write(folder)
        folder.write(files.FRONTS_PLOT, fronts_plot(fronts.fronts))
    return replace(
        metrics,
        fidelity=fidelity,
        agreement=None if classes is None else classes.agreement,
        validity=validity,
        complexity=tuple(layer.complexity for layer in expressions.layers),
        baselines=_baselines(prepared, assessment),
    )


def _baselines(prepared: Prepared, assessment: Assessment) -> tuple[Baseline, ...]:
    problem, judged = prepared.problem, assessment.judged
    return baselines(
        problem.inputs[: problem.fit_rows],
        problem.targets[-1][: problem.fit_rows],
        prepared.network.inputs(judged.X),
        judged.truth,
        problem.importance,
    )


def _classes(prepared: Prepared, assessment: Assessment) -> ClassesEntry | None:
    """What a classifier's formulas say, and how often the network says so; else None."""
    agreement = agreements(assessment)
    if agreement is None:
        return None
    names = class_names(prepared.dataset.classes, prepared.network.widths[-1])
    return ClassesEntry(tuple(names), DECISION, agreement)


def curves(states: Sequence[State], experiment: Experiment) -> str:
    """``curves.csv``: a row for the first generation, each that found something better, the last.

    Args:
        states: one per trial.
        experiment: the settings of the search.
    """
    layers = states[0].trace.shape[1] - 2
    names = [f"layer_{number}" for number in range(1, layers + 1)]
    lines = [",".join(["trial", "generation", "evaluations", "fitness", *names])]
    for trial, state in enumerate(states):
        for generation, *values in _rows(state):
            count = _evaluations(state, int(generation), experiment)
            numbers = [trial + 1, int(generation), count, *values]
            lines.append(",".join(map(repr, numbers)))
    return "\n".join(lines) + "\n"


def _evaluations(state: State, generations: int, experiment: Experiment) -> int:
    """What a trial has evaluated in its first generations."""
    strategy = strategy_of(experiment)
    direct = strategy.direct_generations(state)
    return strategy.evaluations(generations, experiment.evolution, direct)


def _rows(state: State) -> list[list[float]]:
    rows: list[list[float]] = state.trace.tolist()
    if state.generation and (not rows or rows[0][0] > 1):
        rows.insert(0, [1.0, *[float("inf")] * (state.trace.shape[1] - 1)])
    if rows and rows[-1][0] < state.generation:
        rows.append([float(state.generation), *rows[-1][1:]])
    return rows
