"""Fronts of error against complexity, when a search has ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from srnet_cli.evolution.strategies import State, best_trial, symbolic_network
from srnet_cli.fidelity.row_sets import judged
from srnet_cli.fit.preparation import Prepared
from srnet_cli.fronts.making import Formulas, Maker
from srnet_cli.fronts.rows import sampled
from srnet_cli.reporting import Reporter
from srnet_cli.runs.expressions_file import UNIT_NAMES, checked_rows, shortener
from srnet_cli.runs.fronts import StoredFronts


def make_fronts(
    prepared: Prepared, states: Sequence[State], reporter: Reporter
) -> StoredFronts | None:
    """The fronts of the best trial, or None where it has found nothing."""
    if not states or not np.isfinite(states[best := best_trial(states)].fitness):
        return None
    reporter.notice("simpler formulas: looking for what can be left out")
    network, sets, problem = prepared.network, prepared.sets, prepared.problem
    model = symbolic_network(states[best], prepared.experiment, network, prepared.dataset.features)
    rows, name = checked_rows(sets), judged(sets)
    formulas = Formulas(rows, shortener(network, rows, prepared.experiment.evolution), UNIT_NAMES)
    with threadpool_limits(1, "blas"):  # small matrices; and results that no thread changes
        fronts = Maker(model, network, problem, name, sets[name], formulas).fronts()
    sample = sampled(problem)
    fit = sample.inputs[: sample.fit_rows]
    scaler = network.scaler
    return StoredFronts(fronts, fit if scaler is None else fit * scaler.scale + scaler.mean)
