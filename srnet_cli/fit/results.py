"""What a fit leaves in its folder: formulas, figures, curves and plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from srnet_cli.config.schema import Experiment
from srnet_cli.evolution.strategies import State, best_trial, strategy_of, symbolic_network
from srnet_cli.fidelity.classes import DECISION, agreements, class_names
from srnet_cli.fidelity.layers import measure
from srnet_cli.fidelity.validity import check, regions
from srnet_cli.fit.plots import fitness_plot, fronts_plot
from srnet_cli.fit.preparation import Prepared
from srnet_cli.model import SymbolicNetwork
from srnet_cli.runs.expressions_file import checked_rows, describe, shortener
from srnet_cli.runs.fronts import StoredFronts
from srnet_cli.store import RunFolder


def write_results(
    folder: RunFolder,
    prepared: Prepared,
    states: Sequence[State],
    fronts: StoredFronts | None = None,
    *,
    in_haste: bool = False,
) -> dict[str, Any]:
    """Write what the best trial so far has found.

    Args:
        folder: the run folder.
        prepared: what was searched for.
        states: the trials that have begun.
        fronts: simpler forms of what the best of them has found.
        in_haste: leave out what may take seconds: simplification and plots.

    Returns:
        The content of ``metrics.json``.

    Raises:
        StorageError: a file cannot be written.
    """
    experiment = prepared.experiment
    folder.write("curves.csv", curves(states, experiment).encode())
    metrics = _metrics(prepared, states)
    best = states[best_trial(states)]
    if np.isfinite(best.fitness):
        metrics |= _write_formulas(folder, prepared, best, fronts, in_haste)
    folder.write_json("metrics.json", metrics)
    if not in_haste:
        traces = [state.trace for state in states]
        measured = strategy_of(experiment).measured(prepared.problem.has_classes)
        folder.write("plots/fitness.png", fitness_plot(traces, measured))
    return metrics


def _metrics(prepared: Prepared, states: Sequence[State]) -> dict[str, Any]:
    experiment = prepared.experiment
    evaluations = strategy_of(experiment).evaluations
    best = best_trial(states)
    return {
        "trial": best + 1,
        "fitness": [_finite(state.fitness) for state in states],
        "generations": [state.generation for state in states],
        "evaluations": [evaluations(state.generation, experiment.evolution) for state in states],
        "losses": states[best].trace[-1, 2:].tolist() if len(states[best].trace) else None,
        "network": None if prepared.quality is None else asdict(prepared.quality),
        "rows": {name: len(rows) for name, rows in prepared.sets.items()},
    }


def _write_formulas(
    folder: RunFolder,
    prepared: Prepared,
    best: State,
    fronts: StoredFronts | None,
    in_haste: bool,
) -> dict[str, Any]:
    """Write the model and its formulas; returns what they are worth."""
    model = symbolic_network(best, prepared.experiment, prepared.network, prepared.dataset.features)
    fidelity = measure(model, prepared.network, prepared.sets)
    classes = _classes(prepared, model)
    dataset = prepared.dataset
    where = regions(
        prepared.experiment, dataset.features, prepared.sets["train"], dataset.categories
    )
    checked = check(model, prepared.network, where)
    validity = {name: found.to_dict() for name, found in checked.items()}
    folder.write_json("model.json", model.to_dict())
    rows = None if in_haste else checked_rows(prepared.sets)
    shorten = (
        None if rows is None else shortener(prepared.network, rows, prepared.experiment.evolution)
    )
    known = None if fronts is None else fronts.fronts
    described = describe(model, fidelity, rows, shorten, known)
    more = {"classification": classes, "validity": validity}
    folder.write_json("expressions.json", described | more)
    if fronts is not None:
        fronts.write(folder)
        folder.write("plots/fronts.png", fronts_plot(fronts.fronts))
    return {
        "fidelity": {name: [one.to_dict() for one in of] for name, of in fidelity.items()},
        "agreement": None if classes is None else classes["agreement"],
        "validity": validity,
        "complexity": [layer["complexity"] for layer in described["layers"]],
    }


def _classes(prepared: Prepared, model: SymbolicNetwork) -> dict[str, Any] | None:
    """What a classifier's formulas say, and how often the network says so; else None."""
    found = agreements(model, prepared.network, prepared.sets)
    if found is None:
        return None
    names = class_names({"classes": prepared.dataset.classes}, model.layers[-1].width)
    agreement = {name: asdict(one) for name, one in found.items()}
    return {"classes": names, "decision": DECISION, "agreement": agreement}


def curves(states: Sequence[State], experiment: Experiment) -> str:
    """``curves.csv``: a row for the first generation, each that found something better, the last.

    Args:
        states: one a trial.
        experiment: the settings of the search.
    """
    evaluations = strategy_of(experiment).evaluations
    layers = states[0].trace.shape[1] - 2
    names = [f"layer_{number}" for number in range(1, layers + 1)]
    lines = [",".join(["trial", "generation", "evaluations", "fitness", *names])]
    for trial, state in enumerate(states):
        for generation, *values in _rows(state):
            count = evaluations(int(generation), experiment.evolution)
            numbers = [trial + 1, int(generation), count, *values]
            lines.append(",".join(map(repr, numbers)))
    return "\n".join(lines) + "\n"


def _rows(state: State) -> list[list[float]]:
    rows: list[list[float]] = state.trace.tolist()
    if state.generation and (not rows or rows[0][0] > 1):
        rows.insert(0, [1.0, *[float("inf")] * (state.trace.shape[1] - 1)])
    if rows and rows[-1][0] < state.generation:
        rows.append([float(state.generation), *rows[-1][1:]])
    return rows


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
