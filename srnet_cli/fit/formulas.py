"""The formulas of the network, when a direct search has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from srnet_cli.evolution.problem import direct_outputs
from srnet_cli.evolution.strategies import State, best_trial, strategy_of
from srnet_cli.fit.inputs import inputs_of
from srnet_cli.fit.preparation import Prepared
from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.fronts.writing import Rows
from srnet_cli.runs.formulas import formulas_from_halls
from srnet_cli.signals import never


def network_formulas(
    prepared: Prepared, states: Sequence[State], is_late: Callable[[], bool] = never
) -> NetworkFormulas | None:
    """The formulas of the best trial, or None where its strategy has searched for none.

    Args:
        prepared: what was searched for.
        states: the trials that have begun.
        is_late: whether time is up.
    """
    if not states:
        return None
    experiment, problem = prepared.experiment, prepared.problem
    halls = strategy_of(experiment).direct_fronts(states[best_trial(states)])
    even = slice(problem.fit_rows if problem.fit_rows < len(problem.raw) else 0, None)
    outputs = direct_outputs(problem.targets[-1][even], problem.has_classes)
    formulas = formulas_from_halls(
        halls,
        inputs_of(prepared),
        prepared.network,
        prepared.sets,
        experiment.evolution,
        Rows(problem.raw[even], outputs),
        is_late,
    )
    if formulas is None or prepared.structure is None:
        return formulas
    structure = prepared.structure.structure
    sentences = tuple(tuple(structure.sentences(output)) for output in range(structure.outputs))
    return replace(formulas, structure=sentences)
