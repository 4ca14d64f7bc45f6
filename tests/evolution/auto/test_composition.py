"""Layers and what they make together, against the slow interpreter and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from compositions import composed
from problems import network_problem

from oracles import interpret
from srnet_cli.evolution.auto.composition import Composition

PROBLEM = network_problem((2, 3, 3, 2), 60, seed=5)
COMPOSITION = composed(PROBLEM)


def test_units_are_those_of_the_programs() -> None:
    """Layer by layer, each from the units of the one before."""
    inputs = PROBLEM.inputs
    for layer, units in zip(COMPOSITION.layers, COMPOSITION.units(PROBLEM.inputs), strict=True):
        columns = np.column_stack([interpret(program, inputs) for program in layer.programs])
        np.testing.assert_allclose(units, columns @ layer.weights + layer.bias, rtol=1e-12)
        inputs = units
    np.testing.assert_array_equal(COMPOSITION.outputs(PROBLEM.inputs), units)
    np.testing.assert_array_equal(Composition(()).outputs(PROBLEM.inputs), PROBLEM.inputs)


def test_parameters_go_out_and_back() -> None:
    """A composition of its own parameters is the same; other ones come back as they were given."""
    values = COMPOSITION.parameters()
    same = COMPOSITION.with_parameters(values)
    for ours, theirs in zip(same.layers, COMPOSITION.layers, strict=True):
        for a, b in zip(ours.chromosomes, theirs.chromosomes, strict=True):
            np.testing.assert_array_equal(a.edges, b.edges)
        np.testing.assert_array_equal(ours.weights, theirs.weights)
    other = np.arange(1.0, len(values) + 1)
    np.testing.assert_array_equal(COMPOSITION.with_parameters(other).parameters(), other)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_readouts_are_solved_from_a_layer_on(first: int) -> None:
    """Layers before stay the same objects; from there on each is the least squares of NumPy on
    what it reads."""
    shifted = composed(PROBLEM, seed=1)
    read = shifted.below(first).outputs(PROBLEM.inputs)
    solved = shifted.solved(read, [2.0 * t + 1.0 for t in PROBLEM.targets], first)
    assert solved.below(first).is_same(shifted.below(first))
    assert not solved.is_same(shifted)
    inputs = [PROBLEM.inputs, *solved.units(PROBLEM.inputs)]
    for index in range(first, 3):
        columns = np.column_stack([solved.layers[index].columns(inputs[index]), np.ones(60)])
        target = 2.0 * PROBLEM.targets[index] + 1.0
        best = columns @ np.linalg.lstsq(columns, target, rcond=None)[0]
        np.testing.assert_allclose(inputs[index + 1], best, rtol=1e-6, atol=1e-8)


def test_a_layer_without_values_keeps_its_readout() -> None:
    """Where an expression is not finite on some row nothing is solved, in it or behind it."""
    rows = PROBLEM.inputs.copy()
    rows[3] = np.nan
    solved = COMPOSITION.solved(rows, PROBLEM.targets)
    for ours, theirs in zip(solved.layers, COMPOSITION.layers, strict=True):
        assert ours.weights is theirs.weights
