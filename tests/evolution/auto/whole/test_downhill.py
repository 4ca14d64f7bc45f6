"""L-BFGS on a whole composition lowers the loss, and says nothing where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compositions import composed
from numpy.typing import NDArray
from problems import network_problem

from srnet_cli.evolution.auto.budget import DescentBudget
from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.auto.evidence import Sample
from srnet_cli.evolution.auto.whole.downhill import downhill
from srnet_cli.evolution.auto.whole.objective import Objective

Array = NDArray[np.float64]

PROBLEM = network_problem((2, 4, 3, 2), 300, seed=3)
BUDGET = DescentBudget()


def lowered(
    begin: Composition, sample: Sample, *, has_classes: bool = False, budget: DescentBudget = BUDGET
) -> Composition:
    return downhill(begin, Objective(begin, sample, has_classes=has_classes), sample, budget)


@pytest.mark.parametrize("has_classes", [False, True])
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_loss_falls(seed: int, is_weighted: bool, has_classes: bool) -> None:
    """By much, of least-squares readouts that are optimal one after another; equal arguments give
    equal bytes."""
    importance = np.random.default_rng(4).uniform(0.5, 1.5, 300) if is_weighted else None
    sample = Sample(PROBLEM.inputs, PROBLEM.targets, importance)
    begin = composed(PROBLEM, seed)
    objective = Objective(begin, sample, has_classes=has_classes)
    end = lowered(begin, sample, has_classes=has_classes)
    assert (
        objective.evaluate(end.parameters()).loss < 0.8 * objective.evaluate(objective.start).loss
    )
    again = lowered(begin, sample, has_classes=has_classes)
    np.testing.assert_array_equal(again.parameters(), end.parameters())


def test_rows_that_count_more_are_met_better() -> None:
    """Where all importance lies on half of the rows, those get less of the error."""
    half = np.where(PROBLEM.inputs[:, 0] > 0.0, 1.99, 0.01)
    begin = composed(PROBLEM)

    def error(end: Composition) -> float:
        rows = half > 1.0
        gap = end.outputs(PROBLEM.inputs[rows]) - PROBLEM.targets[-1][rows]
        return float(np.mean(gap**2))

    even = lowered(begin, Sample(PROBLEM.inputs, PROBLEM.targets))
    uneven = lowered(begin, Sample(PROBLEM.inputs, PROBLEM.targets, half))
    assert error(uneven) < error(even)


def test_units_that_never_change_stay() -> None:
    """They have no error to lower, and later layers may read them."""
    hidden = np.array(PROBLEM.targets[0])
    hidden[:, 1] = 0.25
    problem = replace(PROBLEM, targets=(hidden, *PROBLEM.targets[1:]))
    begin = composed(problem)
    end = lowered(begin, Sample(problem.inputs, problem.targets))
    assert end is not begin
    np.testing.assert_allclose(end.units(problem.inputs)[0][:, 1], 0.25, atol=1e-12)


def test_what_a_readout_leaves_out_stays_out() -> None:
    """Entries that are 0 are 0 afterwards; all others of their layer have moved."""
    begin = composed(PROBLEM)
    first = begin.layers[0]
    weights = first.weights.copy()
    weights[0, 1] = 0.0
    begin = begin.with_layer(0, replace(first, weights=weights))
    end = lowered(begin, Sample(PROBLEM.inputs, PROBLEM.targets))
    moved = end.layers[0].weights != begin.layers[0].weights
    np.testing.assert_array_equal(moved, weights != 0.0)


def test_what_has_no_finite_loss_is_handed_back() -> None:
    """A composition without a value on some row."""
    begin = composed(PROBLEM)
    broken = begin.with_layer(2, replace(begin.layers[2], bias=np.array([np.nan, 0.0])))
    assert lowered(broken, Sample(PROBLEM.inputs, PROBLEM.targets)) is broken


def test_a_small_budget_is_one_step() -> None:
    """There is a step however little may be computed; more of them lead further."""
    begin, sample = composed(PROBLEM), Sample(PROBLEM.inputs, PROBLEM.targets)
    objective = Objective(begin, sample, has_classes=False)
    losses = [
        objective.evaluate(lowered(begin, sample, budget=budget).parameters()).loss
        for budget in (replace(BUDGET, values=1.0), replace(BUDGET, iterations=10), BUDGET)
    ]
    start = objective.evaluate(objective.start).loss
    assert start > losses[0] > losses[1] > losses[2]
