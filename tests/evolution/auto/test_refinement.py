"""The joint refinement against finite differences and NumPy's least squares."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from problems import network_problem

from oracles import interpret
from srnet_cli.evolution.auto.chromosome import NODES, Chromosome, Decoder
from srnet_cli.evolution.auto.composition import Layer, solve_readouts
from srnet_cli.evolution.auto.refinement import Refinement, parameters, with_parameters
from srnet_cli.evolution.auto.refinement import _damped as damped
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

Array = NDArray[np.float64]

FUNCTIONS = (*PUBLISHED_FUNCTIONS, "tanh")
ADD, MUL, TANH, SIN = (FUNCTIONS.index(name) for name in ("add", "mul", "tanh", "sin"))


def chromosome(decoder: Decoder, function: int, *weights: float) -> Chromosome:
    """function(w0 · first input + w1 · last input + w2)."""
    d = decoder.inputs
    genes = np.zeros(decoder.grid.genes, dtype=np.int32)
    edges = np.ones((NODES, 2))
    nodes = [(ADD, 0, d - 1), (ADD, d + 1, d), (function, d + 2, d + 2)]
    genes[:9] = np.ravel(nodes)
    genes[-1] = d + 3
    edges[0] = weights[:2]
    edges[1, 1] = weights[2]
    return Chromosome(genes, edges)


def problem_of(widths: tuple[int, ...] = (2, 3, 2), n: int = 60) -> Problem:
    return network_problem(widths, n, seed=5)


def composition(problem: Problem, seed: int = 0) -> tuple[list[Decoder], list[Layer]]:
    """Two expressions a hidden layer and one for the outputs, readouts solved."""
    rng = np.random.default_rng(seed)
    decoders = [Decoder.of(d, FUNCTIONS) for d in problem.widths[:-1]]
    layers = []
    for index, decoder in enumerate(decoders):
        count = 1 if index == len(decoders) - 1 else 2
        chromosomes = tuple(
            chromosome(decoder, (TANH, SIN)[k], *rng.normal(size=3)) for k in range(count)
        )
        m = problem.widths[index + 1]
        layers.append(Layer(chromosomes, np.zeros((count, m)), np.zeros(m)))
    return decoders, solve_readouts(layers, decoders, problem.inputs, problem.targets)


def outputs(layers: list[Layer], decoders: list[Decoder], X: Array) -> list[Array]:
    """Units of all layers by the slow interpreter."""
    found = [X]
    for layer, decoder in zip(layers, decoders, strict=True):
        columns = [interpret(decoder.program(c), found[-1]) for c in layer.chromosomes]
        found.append(np.column_stack(columns) @ layer.weights + layer.bias)
    return found[1:]


def errors(layers: list[Layer], decoders: list[Decoder], problem: Problem) -> Array:
    """1 − R² of all units in a row."""
    found, targets = (
        np.hstack(outputs(layers, decoders, problem.inputs)),
        np.hstack(problem.targets),
    )
    return np.mean((found - targets) ** 2, axis=0) / targets.var(axis=0)


def refinement_of(problem: Problem, decoders: list[Decoder]) -> Refinement:
    return Refinement(decoders, problem.inputs, problem.targets)


@pytest.mark.nojit
@pytest.mark.parametrize("widths", [(2, 3, 2), (1, 2, 3, 1), (3, 2), (2, 1, 1)])
def test_the_system_is_that_of_finite_differences(widths: tuple[int, ...]) -> None:
    """JᵀJ and −Jᵀr are those of the residuals' central differences by every parameter, through
    all later layers."""
    problem = problem_of(widths, 25)
    decoders, layers = composition(problem)
    system, right = refinement_of(problem, decoders).normal_equations(layers)

    share = np.ones(sum(widths[1:]))
    share[-widths[-1] :] = max(sum(widths[1:-1]), 1) / widths[-1]
    spread = np.concatenate([t.std(axis=0) for t in problem.targets])
    factor = np.sqrt(share / (errors(layers, decoders, problem) + 1e-14) / 25) / spread
    values = [parameters(*pair) for pair in zip(layers, decoders, strict=True)]
    cuts = np.cumsum([len(v) for v in values])[:-1]
    flat = np.concatenate(values)

    def residuals(at: Array) -> Array:
        moved = [
            with_parameters(*part)
            for part in zip(layers, decoders, np.split(at, cuts), strict=True)
        ]
        found = outputs(moved, decoders, problem.inputs)
        return ((np.hstack(found) - np.hstack(problem.targets)) * factor).ravel()

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


def test_parameters_go_out_and_back() -> None:
    """A layer of its own parameters is the same; other ones are found again."""
    problem = problem_of()
    decoders, layers = composition(problem)
    for layer, decoder in zip(layers, decoders, strict=True):
        values = parameters(layer, decoder)
        same = with_parameters(layer, decoder, values)
        np.testing.assert_array_equal(parameters(same, decoder), values)
        for a, b in zip(same.chromosomes, layer.chromosomes, strict=True):
            np.testing.assert_array_equal(a.edges, b.edges)
        other = np.arange(1.0, len(values) + 1)
        np.testing.assert_array_equal(
            parameters(with_parameters(layer, decoder, other), decoder), other
        )


@pytest.mark.parametrize("seed", range(6))
def test_it_is_never_worse_on_its_own_rows(seed: int) -> None:
    """Whatever it starts from, the sum of the units' log errors does not rise, as recomputed with
    the slow interpreter; usually it falls by much."""
    problem = problem_of((2, 3, 3, 1), 200)
    decoders, layers = composition(problem, seed)
    refined, damping = refinement_of(problem, decoders).run(layers, 8, 1e-3)
    share = np.array([1.0] * 6 + [6.0])
    before = share @ np.log(errors(layers, decoders, problem) + 1e-14)
    after = share @ np.log(errors(refined, decoders, problem) + 1e-14)
    assert after < before - 0.1
    assert 1e-12 <= damping <= 1e8


def test_it_finds_what_made_the_rows() -> None:
    """From weights nearby, the exact weights of every layer are found together."""
    problem = problem_of((2, 2, 1), 300)
    decoders, layers = composition(problem)
    targets = outputs(layers, decoders, problem.inputs)
    exact = Problem(problem.inputs, tuple(targets), 300)
    rng = np.random.default_rng(8)
    moved = []
    for layer, decoder in zip(layers, decoders, strict=True):
        values = parameters(layer, decoder)
        near = values * (1 + 0.05 * rng.normal(size=len(values)))
        moved.append(with_parameters(layer, decoder, near))
    assert errors(moved, decoders, exact).max() > 1e-4
    damping = 1e-3
    for _ in range(5):
        moved, damping = refinement_of(exact, decoders).run(moved, 8, damping)
    assert errors(moved, decoders, exact).max() < 1e-13


def test_constant_units_are_left_in_peace() -> None:
    """A unit that never changes weighs nothing; all stays finite."""
    problem = problem_of((2, 3, 1), 50)
    hidden = problem.targets[0].copy()
    hidden[:, 1] = 0.25
    problem = Problem(problem.inputs, (hidden, np.full((50, 1), 3.0)), 50)
    decoders, layers = composition(problem)
    system, right = refinement_of(problem, decoders).normal_equations(layers)
    assert np.isfinite(system).all()
    assert np.isfinite(right).all()
    refined, _ = refinement_of(problem, decoders).run(layers, 5, 1e-3)
    assert all(np.isfinite(layer.weights).all() for layer in refined)


def test_what_is_not_finite_is_handed_back() -> None:
    """A composition that has no value on some row comes back as it is."""
    problem = problem_of((2, 3, 1), 50)
    decoders, layers = composition(problem)
    broken = [layers[0], Layer(layers[1].chromosomes, layers[1].weights, np.array([np.nan]))]
    refined, damping = refinement_of(problem, decoders).run(broken, 5, 1e-3)
    assert refined == broken
    assert damping == 1e-3


def test_large_systems_get_fewer_steps() -> None:
    """Many parameters and units leave time for few steps, very many for none."""
    problem = problem_of((2, 3, 1), 50)
    decoders, layers = composition(problem)
    refinement = refinement_of(problem, decoders)
    assert refinement.affordable(layers, 8) == 8
    steps = [
        refinement.affordable(
            [Layer(layers[0].chromosomes * k, np.zeros((2 * k, 30)), np.zeros(30)), layers[1]], 8
        )
        for k in (1, 60, 200)
    ]
    assert steps[0] == 8
    assert 0 < steps[1] < 8
    assert steps[2] == 0


@pytest.mark.nojit
def test_the_damped_step() -> None:
    """It solves the system with its diagonal raised; singular systems give a step all the same,
    systems that are not finite none."""
    A = np.array([[4.0, 1.0], [1.0, 9.0]])
    g = np.array([1.0, 2.0])
    np.testing.assert_allclose(damped(A, g, 0.5), np.linalg.solve(A + 0.5 * np.diag([4, 9]), g))
    step = damped(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([1.0, 0.0]), 1e-3)
    np.testing.assert_allclose(step, [1 / 1.001, 0.0])
    assert damped(np.full((2, 2), np.inf), g, 0.1) is None
    assert damped(A, np.array([np.nan, 1.0]), 0.1) is None
