"""The joint refinement against finite differences and NumPy's least squares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compositions import composed
from numpy.typing import NDArray
from problems import network_problem

from oracles import interpret
from srnet_cli.evolution.auto.composition import Composition, Layer
from srnet_cli.evolution.auto.evidence import Sample
from srnet_cli.evolution.auto.measures import OUTPUTS
from srnet_cli.evolution.auto.whole.refinement import Refinement
from srnet_cli.evolution.problem import Problem

Array = NDArray[np.float64]


def problem_of(widths: tuple[int, ...] = (2, 3, 2), n: int = 60) -> Problem:
    return network_problem(widths, n, seed=5)


def composition(problem: Problem, seed: int = 0) -> Composition:
    """Two expressions a hidden layer and one for the outputs, readouts solved."""
    return composed(problem, seed, outputs=("tanh",))


def outputs(composition: Composition, X: Array) -> list[Array]:
    """Units of all layers by the slow interpreter."""
    units = [X]
    for layer in composition.layers:
        columns = [interpret(program, units[-1]) for program in layer.programs]
        units.append(np.column_stack(columns) @ layer.weights + layer.bias)
    return units[1:]


def errors(composition: Composition, problem: Problem) -> Array:
    """1 − R² of all units in a row."""
    units, targets = np.hstack(outputs(composition, problem.inputs)), np.hstack(problem.targets)
    return np.mean((units - targets) ** 2, axis=0) / targets.var(axis=0)


def refinement_of(problem: Problem) -> Refinement:
    return Refinement(Sample(problem.inputs, problem.targets))


@pytest.mark.nojit
@pytest.mark.parametrize("widths", [(2, 3, 2), (1, 2, 3, 1), (3, 2), (2, 1, 1)])
def test_the_system_is_that_of_finite_differences(widths: tuple[int, ...]) -> None:
    """JᵀJ and −Jᵀr are those of the residuals' central differences by every parameter, through
    all later layers."""
    problem = problem_of(widths, 25)
    begin = composition(problem)
    system, right = refinement_of(problem).normal_equations(begin)

    share = np.ones(sum(widths[1:]))
    share[-widths[-1] :] = OUTPUTS * max(sum(widths[1:-1]), 1) / widths[-1]
    spread = np.concatenate([t.std(axis=0) for t in problem.targets])
    factor = np.sqrt(share / (errors(begin, problem) + 1e-14) / 25) / spread
    flat = begin.parameters()

    def residuals(at: Array) -> Array:
        units = outputs(begin.with_parameters(at), problem.inputs)
        return ((np.hstack(units) - np.hstack(problem.targets)) * factor).ravel()

    step = 1e-6
    jacobian = np.column_stack(
        [
            (residuals(flat + step * e) - residuals(flat - step * e)) / (2 * step)
            for e in np.eye(len(flat))
        ]
    )
    scale = np.sqrt(np.diag(system))
    scale = np.outer(scale, scale) + 1e-12
    np.testing.assert_allclose(system / scale, jacobian.T @ jacobian / scale, atol=1e-5)
    np.testing.assert_allclose(
        right / np.abs(right).max(), -jacobian.T @ residuals(flat) / np.abs(right).max(), atol=1e-5
    )


@pytest.mark.parametrize("seed", range(6))
def test_it_is_never_worse_on_its_own_rows(seed: int) -> None:
    """Whatever it starts from, the sum of the units' log errors does not rise, as recomputed with
    the slow interpreter; usually it falls by much."""
    problem = problem_of((2, 3, 3, 1), 200)
    begin = composition(problem, seed)
    refined, loss, damping = refinement_of(problem).run(begin, 8, 1e-3)
    share = np.array([1.0] * 6 + [6.0 * OUTPUTS])
    old = share @ np.log(errors(begin, problem) + 1e-14)
    new = share @ np.log(errors(refined, problem) + 1e-14)
    assert new < old - 0.1
    assert loss == pytest.approx(new / share.sum(), rel=1e-6)
    assert 1e-12 <= damping <= 1e8


def test_it_finds_what_made_the_rows() -> None:
    """From weights nearby, the exact weights of every layer are found together."""
    problem = problem_of((2, 2, 1), 300)
    truth = composition(problem)
    exact = Problem(problem.inputs, tuple(outputs(truth, problem.inputs)), 300)
    values = truth.parameters()
    near = values * (1 + 0.05 * np.random.default_rng(8).normal(size=len(values)))
    moved, damping = truth.with_parameters(near), 1e-3
    assert errors(moved, exact).max() > 1e-4
    for _ in range(5):
        moved, _, damping = refinement_of(exact).run(moved, 8, damping)
    assert errors(moved, exact).max() < 1e-13


def test_constant_units_are_left_in_peace() -> None:
    """A unit that never changes weighs nothing; all stays finite."""
    problem = problem_of((2, 3, 1), 50)
    hidden = problem.targets[0].copy()
    hidden[:, 1] = 0.25
    problem = Problem(problem.inputs, (hidden, np.full((50, 1), 3.0)), 50)
    begin = composition(problem)
    system, right = refinement_of(problem).normal_equations(begin)
    assert np.isfinite(system).all()
    assert np.isfinite(right).all()
    refined = refinement_of(problem).run(begin, 5, 1e-3).point
    assert np.isfinite(refined.parameters()).all()


def test_what_is_not_finite_is_handed_back() -> None:
    """A composition that has no value on some row comes back as it is."""
    problem = problem_of((2, 3, 1), 50)
    begin = composition(problem)
    broken = begin.with_layer(1, replace(begin.layers[1], bias=np.array([np.nan])))
    refined, _, damping = refinement_of(problem).run(broken, 5, 1e-3)
    assert refined is broken
    assert damping == 1e-3


def test_large_systems_get_fewer_steps() -> None:
    """Many parameters and units leave time for few steps, very many for none."""
    problem = problem_of((2, 3, 1), 50)
    begin, refinement = composition(problem), refinement_of(problem)
    assert refinement.affordable(begin, 8, 1e10) == 8
    first = begin.layers[0]
    steps = []
    for k in (1, 60, 200):
        wide = Layer.unsolved(first.decoder, first.chromosomes * k, np.zeros(30))
        steps.append(refinement.affordable(begin.with_layer(0, wide), 8, 1e10))
    assert steps[0] == 8
    assert 0 < steps[1] < 8
    assert steps[2] == 0
