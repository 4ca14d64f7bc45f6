"""What hidden units mean in the inputs' own terms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sympy import Symbol, lambdify
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.errors import UsageError
from srnet_cli.explain import units
from srnet_cli.networks import Network
from srnet_cli.rendering.formats import render
from srnet_cli.runs.run import FittedRun, read_run

# Six units of two inputs: a sum, the same again, a constant, one without a way to the output, a
# difference, and one that hardly matters.
WEIGHTS = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 0.0], [2.0, 0.0], [1.0, -1.0], [0.0, 1.0]])
NETWORK = Network(
    (WEIGHTS, np.array([[1.0, 1.0, 5.0, 0.0, 2.0, 1e-3]])),
    (np.array([0.0, 0.0, 0.7, 0.0, 0.0, 0.0]), np.zeros(1)),
    activation="tanh",
)


@pytest.fixture
def fitted(finished: Path) -> FittedRun:
    """A run whose network is the one above."""
    run = read_run(finished)
    rows = np.random.default_rng(0).uniform(-1.0, 1.0, (400, 2))
    return replace(run, network=NETWORK, sets={"train": rows[:100], "interpolation": rows[100:]})


def test_units_are_said_in_the_inputs_terms(fitted: FittedRun) -> None:
    """What is printed gives the unit on other rows, with the error that stands beside it, and units
    come in the order of what they do to the output."""
    meaning = units.meaning(fitted, 1)
    assert [unit.name for unit in meaning.units] == ["h4", "h0", "h5"]
    assert [unit.effect for unit in meaning.units] == sorted(
        (unit.effect for unit in meaning.units), reverse=True
    )
    X = np.random.default_rng(1).uniform(-1.0, 1.0, (500, 2))
    names = fitted.inputs.features
    values = dict(
        zip(("h0", "h1", "h2", "h3", "h4", "h5"), NETWORK.activations(X)[0].T, strict=True)
    )
    for unit in meaning.units:
        formula = lambdify(list(map(Symbol, names)), parse_expr(unit.formula.text), "numpy")
        left = np.mean((formula(*X.T) - values[unit.name]) ** 2) / values[unit.name].var()
        assert left < 2.0 * unit.formula.error + 1e-6
        assert unit.formula.error < 0.05


def test_what_says_nothing_is_named(fitted: FittedRun) -> None:
    """Constant units with their value, equal ones, and those that the output does not depend on."""
    meaning = units.meaning(fitted, 1)
    assert meaning.constant == (("h2", pytest.approx(np.tanh(0.7))),)
    assert meaning.twins == (("h1", "h0"),)
    assert meaning.without_effect == ("h3",)
    shown = render(units.document(meaning), "table")
    assert "units that never change: h2 = 0.6044" in shown
    assert "units that equal another: h1 = h0" in shown
    assert "units that do nothing to the outputs: h3" in shown


def test_of_many_those_that_matter_are_searched_for(fitted: FittedRun) -> None:
    """The others are counted."""
    meaning = units.meaning(fitted, 1, most=1)
    assert [unit.name for unit in meaning.units] == ["h4"]
    assert meaning.others == 2


def test_a_layer_that_says_nothing(fitted: FittedRun) -> None:
    """Where all units are constant there is nothing to search for."""
    dead = replace(NETWORK, weights=(np.zeros((6, 2)), NETWORK.weights[1]))
    meaning = units.meaning(replace(fitted, network=dead), 1)
    assert meaning.units == ()
    assert len(meaning.constant) == 6
    assert "no unit of this layer says anything" in render(units.document(meaning), "table")


@pytest.mark.parametrize("layer", [0, 2, -1, 7])
def test_layers_that_are_not_there(fitted: FittedRun, layer: int) -> None:
    """The line says which there are."""
    with pytest.raises(UsageError, match=rf"no hidden layer {layer}: .* hidden layers 1 to 1"):
        units.meaning(fitted, layer)
