"""The loss of a composition against NumPy, and its gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from compositions import composed
from numpy.typing import NDArray
from problems import network_problem

from oracles import interpret
from srnet_cli.evolution.auto.composition import Composition
from srnet_cli.evolution.auto.evidence import Sample
from srnet_cli.evolution.auto.measures import OUTPUTS
from srnet_cli.evolution.auto.whole.objective import Objective
from srnet_cli.evolution.problem import Problem

Array = NDArray[np.float64]


def errors(
    composition: Composition, problem: Problem, importance: Array | None = None
) -> list[float]:
    """Mean 1 − R² of every layer, then the outputs' divergence, by the slow interpreter."""
    counts = np.ones(len(problem.inputs)) if importance is None else importance
    units, by_layer = problem.inputs, []
    for layer in composition.layers:
        columns = [interpret(program, units) for program in layer.programs]
        units = np.column_stack(columns) @ layer.weights + layer.bias
        by_layer.append(units)
    layer_errors = []
    for ours, truth in zip(by_layer, problem.targets, strict=True):
        centred = truth - counts @ truth / counts.sum()
        layer_errors.append(float(np.mean((counts @ (ours - truth) ** 2) / (counts @ centred**2))))
    p, q = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in (problem.targets[-1], units))
    return [*layer_errors, float(np.mean(np.sum(p * np.log(p / q), axis=1)))]


@pytest.mark.nojit
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("has_classes", [True, False])
@pytest.mark.parametrize("widths", [(2, 3, 2), (1, 2, 3, 4), (3, 2)])
def test_loss_and_gradient(widths: tuple[int, ...], has_classes: bool, is_weighted: bool) -> None:
    """The loss is the divergence of a classifier, the outputs' error, three times, and the mean of
    the hidden errors, each relative to its beginning, over rows that count what they count; its
    gradient is that of central differences, through all layers."""
    problem = network_problem(widths, 1030, seed=2)  # more than a block of rows
    importance = np.random.default_rng(3).uniform(0.2, 1.8, 1030) if is_weighted else None
    if importance is not None:
        importance /= importance.mean()
    composition = composed(problem)
    objective = Objective(
        composition,
        Sample(problem.inputs, problem.targets, importance),
        has_classes=has_classes,
    )
    begin = errors(composition, problem, importance)

    def loss(flat: Array) -> float:
        now = errors(composition.with_parameters(flat), problem, importance)
        *layers, divergences = np.array(now) / begin
        hidden = np.mean(layers[:-1]) if len(layers) > 1 else 0.0
        return float(has_classes * divergences + OUTPUTS * layers[-1] + hidden)

    flat = objective.start + 0.01 * np.random.default_rng(1).normal(size=len(objective.start))
    sums = objective.evaluate(flat, squared=True)
    assert sums.loss == pytest.approx(loss(flat), rel=1e-9)
    step = 1e-6
    slopes = [
        (loss(flat + step * e) - loss(flat - step * e)) / (2 * step) for e in np.eye(len(flat))
    ]
    np.testing.assert_allclose(sums.gradient, slopes, atol=1e-6 * np.abs(slopes).max())
    assert (sums.squares >= 0).all()
    assert not objective.evaluate(flat).squares.any()


def test_what_has_no_value_is_infinite() -> None:
    """A composition that is not finite on some row has an infinite loss, without a warning."""
    problem = network_problem((2, 3, 2), 40, seed=2)
    objective = Objective(
        composed(problem), Sample(problem.inputs, problem.targets), has_classes=True
    )
    assert objective.evaluate(np.full(len(objective.start), np.nan)).loss == np.inf


def test_constant_units_weigh_nothing() -> None:
    """What the formulas make of a hidden unit that never changes, and that no later one reads, has
    no slope; that of the others has one."""
    problem = network_problem((2, 3, 2), 40, seed=2)
    hidden = problem.targets[0].copy()
    hidden[:, 1] = 0.25
    problem = Problem(problem.inputs, (hidden, problem.targets[1]), 40)
    composition = composed(problem)  # the second layer reads the first unit and the last
    objective = Objective(composition, Sample(problem.inputs, problem.targets), has_classes=True)
    sums = objective.evaluate(objective.start * 1.01)
    assert np.isfinite(sums.loss)
    first = len(composition.layers[0].parameters())
    readout = sums.gradient[first - 9 : first].reshape(3, 3)  # of W, then of b
    assert not readout[:, 1].any()
    assert readout[:, [0, 2]].all()
