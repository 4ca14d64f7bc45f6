"""Fronts of error against complexity, when a search has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from srnet_cli.config.schema import AutoSettings
from srnet_cli.evolution.auto.budget import FULL
from srnet_cli.evolution.auto.state import State as AutoState
from srnet_cli.evolution.limits import limits_of
from srnet_cli.evolution.strategies import State, best_trial, symbolic_network
from srnet_cli.expressions import Shortener
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fit.preparation import Prepared
from srnet_cli.fronts.halls import HallSettings
from srnet_cli.fronts.making import Formulas, Maker
from srnet_cli.fronts.rows import Judge, sampled
from srnet_cli.reporting import Reporter
from srnet_cli.runs.expressions_file import UNIT_NAMES
from srnet_cli.runs.fronts import StoredFronts
from srnet_cli.signals import never

_PACE = 1000.0
"""Operations of layers that are written, as the first of their fronts, in a second."""


def assessment_of(prepared: Prepared, states: Sequence[State]) -> Assessment | None:
    """What the best trial has found beside the network; None where it has found nothing."""
    if not states or not np.isfinite(states[best := best_trial(states)].fitness):
        return None
    experiment, network = prepared.experiment, prepared.network
    model = symbolic_network(states[best], experiment, network, prepared.dataset.features)
    return Assessment(model, network, prepared.sets)


def hall_settings(
    prepared: Prepared,
    states: Sequence[State],
    threads: int,
    is_late: Callable[[], bool] = never,
) -> HallSettings | None:
    """How halls of fame of layers are searched for; None where the strategy has no such formulas.

    They get two generations for each that the best trial's search had, or, of a search that time
    limits, four for each of its seconds, where these are more: a tenth of its time or so.
    """
    experiment, settings = prepared.experiment, prepared.experiment.evolution
    if not isinstance(settings, AutoSettings) or not states:
        return None
    best = best_trial(states)
    state: AutoState = states[best]  # type: ignore[assignment]
    return HallSettings(
        functions=settings.function_names,
        limits=limits_of(settings),
        longest=settings.longest,
        generations=max(2 * state.generation, int(4 * state.seconds)),
        seed=experiment.seed,
        trial=experiment.first_trial + best,
        threads=threads,
        is_late=is_late,
    )


def make_fronts(
    prepared: Prepared,
    assessment: Assessment,
    shorten: Shortener,
    reporter: Reporter,
    *,
    halls: HallSettings | None = None,
    is_late: Callable[[], bool] = never,
    seconds: float | None = None,
) -> StoredFronts | None:
    """The fronts of the layers; None of a formula straight from the inputs, which has no layers,
    and where there is no time for them.

    Args:
        prepared: what was searched for.
        assessment: what was found.
        shorten: gives the normal forms.
        reporter: is told.
        halls: how short formulas of units are searched for; None: they are not.
        is_late: whether time is up.
        seconds: that there are; None: time is not limited.
    """
    is_short = seconds is not None and assessment.model.operations > _PACE * seconds
    if is_short or is_late():
        reporter.notice("no time is left to look for simpler layers (evolution.max_seconds)")
        return None
    if assessment.model.depth < len(prepared.problem.targets):
        return None
    reporter.notice("simpler formulas: looking for what can be left out")
    model, network = assessment.model, prepared.network
    problem = prepared.problem.thinned(FULL.values)  # the rows that layers were fitted to
    with threadpool_limits(1, "blas"):  # small matrices; and results that no thread changes
        judged, checked = assessment.judged, assessment.checked
        judge = Judge(
            name=assessment.judged_set,
            truth=judged.activations,
            effects=judged.effects,
            inputs=[layer.inputs for layer in judged.layers],
        )
        formulas = Formulas(
            rows=checked.X,
            shorten=shorten,
            unit_names=UNIT_NAMES,
            inputs=[layer.inputs for layer in checked.layers],
            scaler=model.scaler,
        )
        maker = Maker(
            original=model,
            network=network,
            problem=problem,
            judge=judge,
            formulas=formulas,
            halls=halls,
            is_late=is_late,
        )
        fronts = maker.fronts()
    sample = sampled(problem)
    fit = sample.inputs[: sample.fit_rows]
    scaler = network.scaler
    return StoredFronts(fronts, fit if scaler is None else fit * scaler.scale + scaler.mean)
