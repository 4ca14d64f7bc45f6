"""The files of a comparison. What depends on the clock has one of its own."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from srnet_cli.compare.bootstrap import LEVEL, Figure
from srnet_cli.compare.comparison import Comparison, SetComparison
from srnet_cli.compare.explainers import EXPLAINERS
from srnet_cli.compare.instances import NEIGHBOURS, SIGMAS
from srnet_cli.compare.measures import Judged
from srnet_cli.compare.records import (
    BootstrapEntry,
    ComparisonRecord,
    ExplainerEntry,
    ExplanationEntry,
    FailureEntry,
    FigureEntry,
    FormulaEntry,
    InstanceEntry,
    JudgedEntry,
    SetEntry,
)
from srnet_cli.compare.tasks import TaskResult, fit_seed_of, seed_of
from srnet_cli.runs import files
from srnet_cli.store import encode_json, plain_values

PLOTTED = (files.CURVES,)
"""Files of a run that its plots need."""


def json_bytes(comparison: Comparison) -> bytes:
    """``compare.json``: settings, figures, and every explanation."""
    return encode_json(record(comparison).to_dict())


def csv_bytes(comparison: Comparison) -> bytes:
    """``compare.csv``: a line per figure."""
    lines = ["set,explainer,measure,value,low,high,instances"]
    for name, compared in comparison.sets.items():
        for kind, judged in compared.judged.items():
            for measure, figure in judged.figures.items():
                lines.append(f"{name},{kind},{measure},{_cells(figure)}")
            failed = sum(judged.failures.values())
            lines.append(f"{name},{kind},failed,{failed},,,{len(compared.instances)}")
    return ("\n".join(lines) + "\n").encode()


def timing_bytes(comparison: Comparison) -> bytes:
    """``compare_timing.csv``: seconds, which differ from one time to the next."""
    lines = ["explainer,measure,value,low,high,instances"]
    for kind, cost in comparison.costs.items():
        lines.append(f"{kind},fit_seconds,{cost.fit!r},,,")
        lines.append(f"{kind},explanation_seconds,{_cells(cost.explanation)}")
    return ("\n".join(lines) + "\n").encode()


def record(comparison: Comparison) -> ComparisonRecord:
    """The content of ``compare.json``."""
    fitted = comparison.fitted
    return ComparisonRecord(
        run=comparison.name,
        features=tuple(fitted.model.features),
        target=fitted.inputs.target,
        classes=tuple(fitted.inputs.classes),
        explained="probabilities" if comparison.is_classifier else "outputs",
        plane=None if comparison.plane is None else comparison.plane.names,
        seed=comparison.seed,
        seeds_per_instance=comparison.effort.repeats,
        sigmas=SIGMAS,
        neighbours=NEIGHBOURS,
        bootstrap=BootstrapEntry(comparison.effort.resamples, LEVEL),
        explainers=_explainers(comparison),
        formulas=_formulas(comparison),
        sets={
            name: _set(comparison, number, compared)
            for number, (name, compared) in enumerate(comparison.sets.items())
        },
    )


def _explainers(comparison: Comparison) -> dict[str, ExplainerEntry]:
    firsts, titles = _first_seeds(comparison), comparison.titles
    entries = {}
    for kind in comparison.kinds:
        explainer = EXPLAINERS[kind]
        seed = fit_seed_of(firsts[kind].task, comparison.seed) if explainer.is_random else None
        entries[kind] = ExplainerEntry(titles[kind], seed, dict(explainer.settings))
    return entries


def _formulas(comparison: Comparison) -> tuple[FormulaEntry, ...] | None:
    """The whole-network formulas that were compared, where there are any."""
    answers = comparison.answers
    if answers is None:
        return None
    columns = zip(answers.outputs, answers.texts, answers.complexities, answers.errors, strict=True)
    return tuple(
        FormulaEntry(output, text, complexity, plain_values(error))
        for output, text, complexity, error in columns
    )


def _set(comparison: Comparison, number: int, compared: SetComparison) -> SetEntry:
    instances, firsts = compared.instances, _first_seeds(comparison)
    return SetEntry(
        rows=len(instances),
        trivial=compared.trivial,
        explainers={kind: _judged(judged) for kind, judged in compared.judged.items()},
        instances=tuple(
            InstanceEntry(
                row=row,
                x=plain_values(instances.X[index]),
                network=plain_values(instances.network[index]),
                gradient=plain_values(instances.gradient[index]),
                explanations={
                    kind: _explanation(comparison, result, number, index)
                    for kind, result in firsts.items()
                },
            )
            for index, row in enumerate(instances.rows.tolist())
        ),
    )


def _judged(judged: Judged) -> JudgedEntry:
    figures = {
        name: FigureEntry(**plain_values(asdict(figure))) for name, figure in judged.figures.items()
    }
    return JudgedEntry(figures, judged.failures, judged.unstable_failures)


def _explanation(
    comparison: Comparison, result: TaskResult, number: int, index: int
) -> ExplanationEntry | FailureEntry:
    outcome = result.outcomes[number]
    instances = list(comparison.sets.values())[number].instances
    if outcome.errors[index]:
        return FailureEntry(outcome.errors[index])
    seed, row = None, int(instances.rows[index])
    if EXPLAINERS[result.task.kind].is_random:
        seed = seed_of(result.task, comparison.seed, instances.set_name, row)
    return ExplanationEntry(
        value=plain_values(outcome.values[index]),
        intercept=plain_values(outcome.intercepts[index]),
        coefficients=plain_values(outcome.coefficients[index]),
        seed=seed,
    )


def _first_seeds(comparison: Comparison) -> dict[str, TaskResult]:
    return {
        result.task.kind: result
        for result in reversed(comparison.results)
        if not result.task.repeat
    }


def _cells(figure: Figure) -> str:
    numbers = (figure.value, figure.low, figure.high)
    cells = [repr(number) if np.isfinite(number) else "" for number in numbers]
    return ",".join([*cells, str(figure.instances)])
