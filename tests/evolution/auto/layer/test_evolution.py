"""A layer's generations: what they put into the composition, and what the outputs make of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from budgets import SHORT
from compositions import FUNCTIONS as COMPOSED_OF
from compositions import chromosome, expressions_and_inputs
from numpy.typing import NDArray
from problems import network_problem

from srnet_cli.cgp.kernels.seeding import MOST_SUMMANDS
from srnet_cli.config.schema import AutoSettings
from srnet_cli.evolution.auto.chromosome import Chromosome, Decoder
from srnet_cli.evolution.auto.composition import Composition, Layer
from srnet_cli.evolution.auto.evidence import Evidence
from srnet_cli.evolution.auto.layer.evolution import LayerEvolution, LayerPlan, LayerTurns
from srnet_cli.evolution.auto.layer.targets import expressions_by_layer
from srnet_cli.evolution.auto.state import State
from srnet_cli.evolution.auto.strategy import Auto
from srnet_cli.evolution.problem import Problem
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

Array = NDArray[np.float64]


def stages(problem: Problem, expressions: list[int], seed: int = 0) -> list[LayerEvolution]:
    evidence = Evidence.from_problem(problem)
    plans = [LayerPlan(count, longest=12, are_neurons=False) for count in expressions]
    turns = LayerTurns(evidence, plans, SHORT.layer, threads=1)
    return [
        LayerEvolution(
            index,
            evidence,
            turns,
            SHORT.layer,
            lambda generation: np.random.default_rng([seed, generation]),
        )
        for index in range(len(problem.targets))
    ]


def output_error(composition: Composition, problem: Problem) -> float:
    """1 − R² of the outputs on the rows to fit, all together."""
    rows = slice(problem.fit_rows)
    truth = problem.targets[-1][rows]
    gap = composition.outputs(problem.inputs[rows]) - truth
    return float(np.sum(gap**2) / np.sum((truth - truth.mean(axis=0)) ** 2))


@pytest.mark.parametrize("seed", range(3))
def test_outputs_are_never_worse_than_a_linear_regression(seed: int) -> None:
    """With layers wider than their expressions: at the beginning, and after a generation of every
    layer, one after the other, at each of which the error does not rise; at the end it is less."""
    problem = network_problem((3, 10, 10, 2), 500, 100, seed=20 + seed)
    rows = slice(problem.fit_rows)
    design = np.column_stack([problem.inputs[rows], np.ones(500)])
    outputs = problem.targets[-1][rows]
    least = outputs - design @ np.linalg.lstsq(design, outputs, rcond=None)[0]
    linear = float(np.sum(least**2) / np.sum((outputs - outputs.mean(axis=0)) ** 2))
    settings = AutoSettings.model_validate(
        {"functions": PUBLISHED_FUNCTIONS, "direct_share": 0.0, "expressions": 2}
    )
    state = Auto(problem, settings, seed).init()
    errors = [output_error(state.composition, problem)]
    assert errors[0] == pytest.approx(linear, rel=1e-4)
    for stage in stages(problem, expressions_by_layer(problem, 2), seed):
        state.progress = None
        stage.step(state)
        state.generation += 1
        errors.append(output_error(state.composition, problem))
        assert errors[-1] <= errors[-2] * (1.0 + 1e-6)
    assert errors[-1] < 0.95 * errors[0]
    for layer in state.composition.layers[:-1]:
        expressions, inputs = expressions_and_inputs(layer)
        assert expressions == 1
        assert inputs


def spoilt(decoder: Decoder) -> Chromosome:
    """The logarithm of the first input, which has no value on half of the rows."""
    genes = decoder.empty().genes.copy()
    genes[:3], genes[-1] = (COMPOSED_OF.index("log"), 0, 0), decoder.inputs + 1
    return Chromosome(genes, decoder.empty().edges)


def test_units_keep_their_own_expressions_where_one_is_spoilt() -> None:
    """Also where inputs stand beside the expressions of a complete layer, one of which is what the
    spoilt expression is replaced by."""
    problem = network_problem((MOST_SUMMANDS + 2, 2, 1), 300, 50, seed=5)
    decoders = [Decoder.reading(inputs, COMPOSED_OF) for inputs in problem.widths[:-1]]
    good = chromosome(decoders[0], "tanh", 1.0, 0.5, 0.2)
    first = Layer.unsolved(decoders[0], [spoilt(decoders[0]), good], np.zeros(2))
    output = Layer.unsolved(decoders[1], [decoders[1].empty()], np.zeros(1))
    composition = Composition((first, output))
    state = State(composition, best=composition, cycle=1)
    with np.errstate(all="ignore"):
        stages(problem, [2, 1])[0].step(state)
    layer = state.composition.layers[0]
    np.testing.assert_array_equal(layer.chromosomes[1].genes, good.genes)
    assert len(layer.chromosomes) > 2
    assert all(term.genes[-1] < decoders[0].inputs for term in layer.chromosomes[2:])


def test_inputs_beside_an_incomplete_layer_are_not_its_expressions() -> None:
    """When a later cycle takes it up, it goes on with what is missing."""
    problem = network_problem((2, 5, 1), 300, 50, seed=6)
    evolution = stages(problem, [3, 1])[0]
    settings = AutoSettings.model_validate(
        {"functions": PUBLISHED_FUNCTIONS, "direct_share": 0.0, "expressions": 3}
    )
    state = Auto(problem, settings, 0).init()
    evolution.step(state)
    assert expressions_and_inputs(state.composition.layers[0]) == (1, [0, 1])
    kept = state.composition.layers[0].chromosomes[0]
    state.cycle, state.progress = 1, None
    evolution.step(state)
    layer = state.composition.layers[0]
    assert expressions_and_inputs(layer) == (2, [0, 1])
    np.testing.assert_array_equal(layer.chromosomes[0].genes, kept.genes)
    broken = replace(layer, chromosomes=(*layer.chromosomes[2:],))
    state.composition = state.composition.with_layer(0, broken)
    state.progress = None
    evolution.step(state)
    assert expressions_and_inputs(state.composition.layers[0]) == (1, [0, 1])
