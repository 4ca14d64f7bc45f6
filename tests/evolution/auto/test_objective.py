"""A classifier's loss against NumPy, and its gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from compositions import composed
from numpy.typing import NDArray
from problems import network_problem

from oracles import interpret
from srnet_cli.evolution.auto.chromosome import Decoder
from srnet_cli.evolution.auto.composition import Layer
from srnet_cli.evolution.auto.objective import Objective
from srnet_cli.evolution.auto.refinement import with_parameters
from srnet_cli.evolution.problem import Problem

Array = NDArray[np.float64]


def errors(layers: list[Layer], decoders: list[Decoder], problem: Problem) -> list[float]:
    """Mean 1 − R² of every layer, then the outputs' divergence, by the slow interpreter."""
    units, found = problem.inputs, []
    for layer, decoder in zip(layers, decoders, strict=True):
        columns = [interpret(decoder.program(one), units) for one in layer.chromosomes]
        units = np.column_stack(columns) @ layer.weights + layer.bias
        found.append(units)
    told = [
        float(np.mean(np.mean((ours - truth) ** 2, axis=0) / truth.var(axis=0)))
        for ours, truth in zip(found, problem.targets, strict=True)
    ]
    p, q = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in (problem.targets[-1], units))
    return [*told, float(np.mean(np.sum(p * np.log(p / q), axis=1)))]


@pytest.mark.nojit
@pytest.mark.parametrize("widths", [(2, 3, 2), (1, 2, 3, 4), (3, 2)])
def test_loss_and_gradient(widths: tuple[int, ...]) -> None:
    """The loss is the divergence, the outputs' error and the mean of the hidden errors, each
    relative to its beginning; its gradient is that of central differences, through all layers."""
    problem = network_problem(widths, 1030, seed=2)  # more than a block of rows
    decoders, layers = composed(problem)
    objective = Objective(layers, decoders, problem.inputs, problem.targets)
    begin = errors(layers, decoders, problem)

    def loss(flat: Array) -> float:
        moved = [
            with_parameters(*each)
            for each in zip(layers, decoders, objective.split(flat), strict=True)
        ]
        relative = np.array(errors(moved, decoders, problem)) / begin
        hidden = relative[:-2].mean() if len(relative) > 2 else 0.0
        return float(relative[-1] + relative[-2] + hidden)

    flat = objective.start + 0.01 * np.random.default_rng(1).normal(size=len(objective.start))
    found = objective.evaluate(flat, squared=True)
    assert found.loss == pytest.approx(loss(flat), rel=1e-9)
    step = 1e-6
    slopes = [
        (loss(flat + step * e) - loss(flat - step * e)) / (2 * step) for e in np.eye(len(flat))
    ]
    np.testing.assert_allclose(found.gradient, slopes, atol=1e-6 * np.abs(slopes).max())
    assert (found.squares >= 0).all()
    assert not objective.evaluate(flat).squares.any()


def test_what_has_no_value_is_infinite() -> None:
    """A composition that is not finite on some row has an infinite loss, without a warning."""
    problem = network_problem((2, 3, 2), 40, seed=2)
    decoders, layers = composed(problem)
    objective = Objective(layers, decoders, problem.inputs, problem.targets)
    assert objective.evaluate(np.full(len(objective.start), np.nan)).loss == np.inf


def test_constant_units_weigh_nothing() -> None:
    """What the formulas make of a hidden unit that never changes, and that no later one reads, has
    no slope; that of the others has one."""
    problem = network_problem((2, 3, 2), 40, seed=2)
    hidden = problem.targets[0].copy()
    hidden[:, 1] = 0.25
    problem = Problem(problem.inputs, (hidden, problem.targets[1]), 40)
    decoders, layers = composed(problem)  # the second layer reads the first unit and the last
    objective = Objective(layers, decoders, problem.inputs, problem.targets)
    found = objective.evaluate(objective.start * 1.01)
    assert np.isfinite(found.loss)
    readout = objective.split(found.gradient)[0][-9:].reshape(3, 3)  # of W, then of b
    assert not readout[:, 1].any()
    assert readout[:, [0, 2]].all()
