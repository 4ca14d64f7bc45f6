"""The files of a comparison. What depends on the clock has one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from srnet_cli.compare.bootstrap import LEVEL, RESAMPLES, Figure
from srnet_cli.compare.comparison import Comparison, SetComparison
from srnet_cli.compare.explainers import EXPLAINERS
from srnet_cli.compare.instances import NEIGHBOURS, SIGMAS
from srnet_cli.compare.tasks import REPEATS, Done, fit_seed_of, seed_of
from srnet_cli.runs import files
from srnet_cli.store import encode_json

PLOTTED = (files.CURVES,)
"""Files of a run that its plots need."""


def json_bytes(comparison: Comparison) -> bytes:
    """``compare.json``: settings, figures, and every explanation."""
    return encode_json(record(comparison))


def csv_bytes(comparison: Comparison) -> bytes:
    """``compare.csv``: a line a figure."""
    lines = ["set,explainer,measure,value,low,high,instances"]
    for name, one in comparison.sets.items():
        for kind, judged in one.judged.items():
            for measure, figure in judged.figures.items():
                lines.append(f"{name},{kind},{measure},{_cells(figure)}")
            failed = sum(judged.failures.values())
            lines.append(f"{name},{kind},failed,{failed},,,{len(one.instances)}")
    return ("\n".join(lines) + "\n").encode()


def timing_bytes(comparison: Comparison) -> bytes:
    """``compare_timing.csv``: seconds, which differ from one time to the next."""
    lines = ["explainer,measure,value,low,high,instances"]
    for kind, cost in comparison.costs.items():
        lines.append(f"{kind},fit_seconds,{cost.fit!r},,,")
        lines.append(f"{kind},explanation_seconds,{_cells(cost.explanation)}")
    return ("\n".join(lines) + "\n").encode()


def record(comparison: Comparison) -> dict[str, Any]:
    """The content of ``compare.json``."""
    fitted, firsts = comparison.fitted, _first_seeds(comparison)
    return {
        "run": comparison.name,
        "features": list(fitted.model.features),
        "target": fitted.inputs.target,
        "classes": list(fitted.inputs.classes),
        "explained": "probabilities" if comparison.is_classifier else "outputs",
        "plane": None if comparison.plane is None else list(comparison.plane.names),
        "seed": comparison.seed,
        "seeds_per_instance": REPEATS,
        "sigmas": list(SIGMAS),
        "neighbours": NEIGHBOURS,
        "bootstrap": {"resamples": RESAMPLES, "level": LEVEL},
        "explainers": {
            kind: {
                "title": comparison.titles[kind],
                "fit_seed": fit_seed_of(firsts[kind].task, comparison.seed)
                if EXPLAINERS[kind].is_random
                else None,
                "settings": dict(EXPLAINERS[kind].settings),
            }
            for kind in comparison.kinds
        },
        **_formulas(comparison),
        "sets": {
            name: _set(comparison, number, one)
            for number, (name, one) in enumerate(comparison.sets.items())
        },
    }


def _formulas(comparison: Comparison) -> dict[str, Any]:
    """The whole-network formulas that were compared, where there are any."""
    answers = comparison.answers
    if answers is None:
        return {}
    columns = zip(answers.outputs, answers.texts, answers.complexities, answers.errors, strict=True)
    keys = ("output", "formula", "complexity", "unexplained")
    return {"formulas": [dict(zip(keys, cells, strict=True)) for cells in columns]}


def _set(comparison: Comparison, number: int, one: SetComparison) -> dict[str, Any]:
    instances = one.instances
    return {
        "rows": len(instances),
        "trivial": one.trivial,
        "explainers": {
            kind: {
                "figures": {name: asdict(figure) for name, figure in judged.figures.items()},
                "failures": judged.failures,
                "failures_with_other_seeds": judged.unstable_failures,
            }
            for kind, judged in one.judged.items()
        },
        "instances": [
            {
                "row": row,
                "x": instances.X[index],
                "network": instances.network[index],
                "gradient": instances.gradient[index],
                **{
                    kind: dict(_explanation(comparison, done, number, index))
                    for kind, done in _first_seeds(comparison).items()
                },
            }
            for index, row in enumerate(instances.rows.tolist())
        ],
    }


def _explanation(
    comparison: Comparison, done: Done, number: int, index: int
) -> Iterator[tuple[str, Any]]:
    outcome = done.outcomes[number]
    instances = list(comparison.sets.values())[number].instances
    if outcome.errors[index]:
        yield "error", outcome.errors[index]
        return
    yield "value", outcome.values[index]
    yield "intercept", outcome.intercepts[index]
    yield "coefficients", outcome.coefficients[index]
    if EXPLAINERS[done.task.kind].is_random:
        row = int(instances.rows[index])
        yield "seed", seed_of(done.task, comparison.seed, instances.set_name, row)


def _first_seeds(comparison: Comparison) -> dict[str, Done]:
    return {done.task.kind: done for done in reversed(comparison.done) if not done.task.repeat}


def _cells(figure: Figure) -> str:
    numbers = (figure.value, figure.low, figure.high)
    cells = [repr(number) if np.isfinite(number) else "" for number in numbers]
    return ",".join([*cells, str(figure.instances)])
