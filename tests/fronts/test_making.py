"""The fronts of a model: sorted, not dominated, and what they say they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from programs import program
from sympy import Symbol, lambdify
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.evolution.problem import Problem
from srnet_cli.expressions import Shortener, layer_formulas
from srnet_cli.fronts.compositions import Programs, composed
from srnet_cli.fronts.front import Fronts
from srnet_cli.fronts.making import Formulas, Maker
from srnet_cli.fronts.rows import Judge, forward
from srnet_cli.fronts.tuning import tuned
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.model.readout import solve_readout
from srnet_cli.networks import Network, Scaler

RNG = np.random.default_rng(5)
SCALER = Scaler(np.array([1.0, -1.0]), np.array([2.0, 0.5]))
NETWORK = Network(
    (RNG.normal(size=(4, 2)), RNG.normal(size=(3, 4)), RNG.normal(size=(1, 3))),
    (RNG.normal(size=4), RNG.normal(size=3), RNG.normal(size=1)),
    activation="tanh",
    scaler=SCALER,
)
FIT, HELD_OUT = (SCALER.mean + SCALER.scale * RNG.uniform(-1, 1, (n, 2)) for n in (300, 200))
ROWS = np.concatenate([FIT, SCALER.mean + SCALER.scale * RNG.uniform(-1, 1, (400, 2))])
PROBLEM = Problem(NETWORK.inputs(ROWS), tuple(NETWORK.activations(ROWS)), 300)
NAMES = "h{unit}"


def found() -> SymbolicNetwork:
    """A model as a search may find it: sums through tanh, with readouts of least squares."""
    layers, units = [], PROBLEM.inputs[:300]
    for number, target in enumerate(PROBLEM.targets):
        count = units.shape[1]
        programs = tuple(
            program(
                [("add", k, (k + 1) % count), ("tanh", count), ("add", count + 1, k)],
                inputs=count,
                coefficients=[(0.7 + k, -0.4), (1.0, 1.0), (0.9, 0.01)],
            )
            for k in range(min(count, 3 - number))
        )
        layer = SymbolicLayer(programs, np.empty((0, 0)), np.empty(0))
        weights, bias = solve_readout(layer.expressions(units), target[:300])
        layers.append(SymbolicLayer(programs, weights, bias))
        units = layers[-1](units)
    return SymbolicNetwork(tuple(layers), ("a", "b"), SCALER)


FOUND = found()


@pytest.fixture(scope="module")
def shorten() -> Shortener:
    return Shortener([NETWORK.inputs(HELD_OUT), *NETWORK.activations(HELD_OUT)[:-1]])


@pytest.fixture(scope="module")
def fronts(shorten: Shortener) -> Fronts:
    return made(shorten)


def written(shorten: Shortener) -> Formulas:
    inputs = forward(FOUND.layers, SCALER(HELD_OUT))
    return Formulas(HELD_OUT, shorten, NAMES, inputs, SCALER)


def made(shorten: Shortener, tune: Callable[..., Programs] = tuned) -> Fronts:
    """The fronts of FOUND."""
    truth, inputs = NETWORK.activations(HELD_OUT), forward(FOUND.layers, SCALER(HELD_OUT))
    judge = Judge("interpolation", truth, NETWORK.effects(truth), inputs)
    formulas = written(shorten)
    return Maker(FOUND, NETWORK, PROBLEM, judge, formulas, tune=tune).fronts()


def r2(truth: np.ndarray, values: np.ndarray, weights: np.ndarray | float = 1.0) -> float:
    rest, spread = (truth - values) ** 2, (truth - truth.mean(axis=0)) ** 2
    return 1 - float(np.sum(rest * weights) / np.sum(spread * weights))


def test_there_is_something_to_choose(fronts: Fronts) -> None:
    """Every layer, and the whole, has several forms."""
    assert all(len(front) >= 3 for front in fronts.layers)
    assert len(fronts.compositions) >= 5


def test_fronts_are_sorted_and_not_dominated(fronts: Fronts) -> None:
    """Complexity and R² fall, strictly, from each entry to the next."""
    for figures in (
        *([(m.complexity, m.effect_r2) for m in front] for front in fronts.layers),
        [(one.complexity, one.r2) for one in fronts.compositions],
    ):
        for column in zip(*figures, strict=True):
            assert list(column) == sorted(set(column), reverse=True)


def test_what_is_left_is_tuned_again(fronts: Fronts, shorten: Shortener) -> None:
    """For whatever a front would hold with weights as they were found there is, at no greater
    complexity, something that leaves less, but for what rows to fit do not say of others."""
    before = made(shorten, tune=lambda programs, X, goal: programs)
    gains = []
    for front, old in zip(fronts.layers, before.layers, strict=True):
        for member in old:
            best = max(m.effect_r2 for m in front if m.complexity <= member.complexity)
            assert 1 - best < 1.1 * (1 - member.effect_r2) + 1e-12
            gains.append((1 - member.effect_r2 + 1e-12) / (1 - best + 1e-12))
    assert max(gains) > 1.02


def test_figures_of_members_are_those_of_their_programs(fronts: Fronts) -> None:
    """On held-out rows, with the layers before as found."""
    truth, inputs = NETWORK.activations(HELD_OUT), forward(FOUND.layers, SCALER(HELD_OUT))
    effects = NETWORK.effects(truth)
    for index, front in enumerate(fronts.layers):
        for member in front:
            values = member.layer(inputs[index])
            assert member.r2 == pytest.approx(r2(truth[index], values), abs=1e-9)
            weighted = r2(truth[index], values, effects[index])
            assert member.effect_r2 == pytest.approx(weighted, abs=1e-9)


def test_figures_of_compositions_are_those_of_their_programs(
    fronts: Fronts, shorten: Shortener
) -> None:
    """R² is that of the network as a whole; complexity that of the formulas as printed."""
    truth = NETWORK.predict(HELD_OUT)
    for one in fronts.compositions:
        model = one.model(FOUND)
        assert one.r2 == pytest.approx(r2(truth, model.predict(HELD_OUT)), abs=1e-9)
        layers = written(shorten).network(model, model.layers)
        assert one.complexity == sum(layer.complexity for layer in layers)


def test_compositions_are_made_of_members(fronts: Fronts) -> None:
    """Picks name members, and composing these anew gives the same network, to rounding."""
    for one in fronts.compositions:
        programs = [
            (known.programs if pick is None else front[pick - 1].layer.programs)
            for pick, front, known in zip(one.picks, fronts.layers, FOUND.layers, strict=True)
        ]
        made = composed(FOUND.layers, programs, PROBLEM)
        assert made is not None
        again = forward(made[0], SCALER(HELD_OUT))[-1]
        np.testing.assert_allclose(one.model(FOUND).predict(HELD_OUT), again, rtol=1e-9, atol=1e-9)


def test_readouts_of_later_layers_are_solved_on_what_they_read(fronts: Fronts) -> None:
    """From the first layer that is not as found, every readout is that of least squares."""
    solved = 0
    for one in fronts.compositions:
        units, is_found = PROBLEM.inputs[:300], True
        for layer, known, target in zip(one.layers, FOUND.layers, PROBLEM.targets, strict=True):
            is_found = is_found and layer.programs is known.programs
            columns = np.column_stack([layer.expressions(units), np.ones(300)])
            best = columns @ np.linalg.lstsq(columns, target[:300], rcond=None)[0]
            units = layer(units)
            if not is_found:
                solved += 1
                np.testing.assert_allclose(units, best, rtol=1e-7, atol=1e-9)
    assert solved > 5


def test_a_changed_layer_changes_the_readouts_behind_it() -> None:
    """Those before stay as found, to the last bit; those behind, of the same expressions too, are
    solved on what they now read."""
    programs = [layer.programs for layer in FOUND.layers]
    made = composed(FOUND.layers, programs, PROBLEM)
    assert made is not None
    assert made[0] == FOUND.layers
    programs[1] = programs[1][:1]
    made = composed(FOUND.layers, programs, PROBLEM)
    assert made is not None
    layers, outputs = made
    assert layers[0] is FOUND.layers[0]
    read = forward(layers, PROBLEM.inputs)
    np.testing.assert_allclose(outputs, read[-1], rtol=1e-12)
    for index in (1, 2):
        columns = layers[index].expressions(read[index][:300])
        weights, bias = solve_readout(columns, PROBLEM.targets[index][:300])
        np.testing.assert_array_equal(layers[index].weights, weights)
        np.testing.assert_array_equal(layers[index].bias, bias)


def test_formulas_are_those_of_the_programs(fronts: Fronts) -> None:
    """What a member of the first layer says of the inputs in their own units makes its units."""
    inputs = SCALER(HELD_OUT)
    for member in fronts.layers[0]:
        known = {"a": HELD_OUT[:, 0], "b": HELD_OUT[:, 1]}
        columns = []
        for line in member.formulas:
            *name, text = line.split(" = ")
            expr = parse_expr(text)
            values = lambdify(list(map(Symbol, known)), expr, "numpy")(*known.values())
            if name:
                known[name[0]] = values
            else:
                columns.append(values)
        units = member.layer(inputs)
        weights, bias = solve_readout(np.column_stack(columns), units)
        again = np.column_stack(columns) @ weights + bias
        np.testing.assert_allclose(again, units, rtol=0, atol=1e-6 * np.abs(units).max())


def test_fronts_are_the_same_again(fronts: Fronts, shorten: Shortener) -> None:
    """Made once more, and with forms simplified in another order, not a bit differs."""
    fresh = Shortener([NETWORK.inputs(HELD_OUT), *NETWORK.activations(HELD_OUT)[:-1]])
    for one in reversed(fronts.compositions):
        layer_formulas(one.model(FOUND), HELD_OUT, unit_names=NAMES, shorten=fresh)
    again = made(fresh)
    assert again.to_dict() == fronts.to_dict()
