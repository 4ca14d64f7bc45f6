"""The symbolic network: composition, and a saved form that is exact and checked."""

from __future__ import annotations

import copy
import json
import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import program, programs

from oracles import interpret
from srnet_cli.cgp.program import Program
from srnet_cli.errors import ModelError
from srnet_cli.model import SymbolicLayer, SymbolicNetwork, symbolic
from srnet_cli.networks.network import Scaler

RNG = np.random.default_rng(5)


def layer(*expressions: Program, units: int) -> SymbolicLayer:
    """A layer with a random readout."""
    shape = (len(expressions), units)
    return SymbolicLayer(expressions, RNG.normal(size=shape), RNG.normal(size=units))


@st.composite
def networks(draw: st.DrawFn) -> SymbolicNetwork:
    """Networks of one to three layers, with and without scaler, weights on edges and classes."""
    widths = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    layers = []
    for inputs, units in pairwise(widths):
        expressions = st.lists(
            programs(inputs=inputs, max_length=5, weighted=None), min_size=1, max_size=2
        )
        layers.append(layer(*draw(expressions), units=units))
    scaler = Scaler(RNG.normal(size=widths[0]), RNG.uniform(0.5, 2, widths[0]))
    return SymbolicNetwork(
        tuple(layers),
        tuple(f"x{i}" for i in range(widths[0])),
        draw(st.sampled_from([None, scaler])),
        draw(st.sampled_from(["linear", "softmax"])),
    )


def small() -> SymbolicNetwork:
    """Two features, two expressions, one of them with weights on its edges."""
    weighted = program(
        [("mul", 0, 1), ("sin", 2)], inputs=2, coefficients=[(0.1, 2.0), (-3.0, 1.0)]
    )
    plain = program([("add", 0, 2)], inputs=2, constants=[0.25])
    first = SymbolicLayer((weighted, plain), np.array([[1.0], [0.5]]), np.array([0.125]))
    last = SymbolicLayer((program([]),), np.array([[2.0, -1.0]]), np.array([0.0, 1.0]))
    scaler = Scaler(np.array([0.5, 0.0]), np.array([2.0, 1.0]))
    return SymbolicNetwork((first, last), ("a", "b"), scaler)


def test_layers_compose() -> None:
    """Each layer reads the one before; the first reads standardised inputs: F(x) W + b."""
    X = RNG.normal(size=(40, 2))
    a, b = (X[:, 0] - 0.5) / 2, X[:, 1]
    hidden = np.sin(-3 * (0.1 * a * 2 * b)) + 0.5 * (a + 0.25) + 0.125
    outputs = small().layer_outputs(X)
    np.testing.assert_allclose(outputs[0], hidden[:, None], rtol=1e-12, atol=1e-15)
    expected = np.column_stack([2 * hidden, 1 - hidden])
    np.testing.assert_allclose(outputs[1], expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(small().predict(X), outputs[1])


@given(networks())
def test_layer_is_its_expressions_times_its_readout(network: SymbolicNetwork) -> None:
    """A layer's values are those of the interpreter, weighted and summed."""
    inputs = RNG.uniform(0.5, 1.5, (20, len(network.features)))
    first = network.layers[0]
    columns = np.column_stack([interpret(expression, inputs) for expression in first.programs])
    found = first.expressions(inputs)
    steady = np.isclose(found, columns, rtol=1e-9) | (np.isnan(found) & np.isnan(columns))
    rows = steady.all(axis=1) & np.isfinite(columns).all(axis=1)
    expected = columns[rows] @ first.weights + first.bias
    size = np.abs(columns[rows]) @ np.abs(first.weights) + np.abs(first.bias)
    assert np.all(np.abs(first(inputs)[rows] - expected) <= 1e-9 * size)


def test_rows_do_not_depend_on_each_other() -> None:
    """A row alone has the values, bit for bit, that it has among others."""
    X, network = RNG.normal(size=(300, 2)), small()
    whole = network.predict(X)
    np.testing.assert_array_equal(np.vstack([network.predict(row[None]) for row in X]), whole)


@pytest.mark.parametrize("most", [1, 7, 40, 10**6])
def test_outputs_are_the_same_in_parts(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Many rows of many units are computed part by part, to the same bits, and none are none."""
    rows = np.random.default_rng(0).normal(size=(23, 2))
    whole = small().layer_outputs(rows)[-1]
    monkeypatch.setattr(symbolic, "_VALUES", most)
    assert small().predict(rows).tobytes() == whole.tobytes()
    assert small().predict(rows[:0]).shape == (0, whole.shape[1])


def test_undefined_values_pass_without_warning() -> None:
    """Where an expression has no value the units have none; other rows are untouched."""
    log = SymbolicLayer((program([("log", 0)]),), np.array([[2.0, 0.0]]), np.array([1.0, 1.0]))
    network = SymbolicNetwork((log,), ("x",))
    found = network.predict(np.array([[-1.0], [0.0], [1.0]]))
    np.testing.assert_array_equal(found, [[np.nan, np.nan], [-np.inf, np.nan], [1.0, 1.0]])


@pytest.mark.parametrize("X", [np.ones((3, 1)), np.ones((3, 3)), np.ones(2)])
def test_rows_of_another_width_are_refused(X: np.ndarray) -> None:
    """The message says how many inputs are needed and how many there are."""
    with pytest.raises(ModelError, match=r"takes 2 inputs, the rows have \d"):
        small().predict(X)


@given(networks())
def test_saved_form_is_lossless(network: SymbolicNetwork) -> None:
    """Through JSON and back: the same record, the same numbers, the same predictions."""
    record = network.to_dict()
    text = json.dumps(record, allow_nan=False)
    again = SymbolicNetwork.from_dict(json.loads(text))
    assert again.to_dict() == record
    assert again.features == network.features
    assert again.output_activation == network.output_activation
    X = RNG.normal(size=(30, len(network.features)))
    np.testing.assert_array_equal(again.predict(X), network.predict(X))


def test_saved_form_is_readable() -> None:
    """Functions go by name, each with the slots that it reads."""
    first = small().to_dict()["layers"][0]
    assert first["programs"][1] == {
        "inputs": 2,
        "constants": [0.25],
        "instructions": [{"function": "add", "args": [0, 2]}],
        "output": 3,
    }
    assert first["programs"][0]["instructions"][1] == {
        "function": "sin",
        "args": [2],
        "coefficients": [-3.0],
    }


def edit(*path: str | int, value: Any = None, drop: bool = False) -> dict[str, Any]:
    """The saved form with one value replaced or one key dropped."""
    record = copy.deepcopy(small().to_dict())
    place: Any = record
    for key in path[:-1]:
        place = place[key]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return record


FIRST = ("layers", 0, "programs", 0)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (edit("layers", drop=True), "layers: Field required"),
        (edit("layers", value=[]), "layers: at least one"),
        (edit("colour", value=1), "colour: Extra inputs"),
        (edit("features", value=["a", "a"]), "features: a name occurs twice"),
        (edit("features", value=["a"]), r"scaler.mean: has shape \(2,\), \(1,\) is needed"),
        (edit("features", value=[]), "features: at least one"),
        (edit("scaler", "scale", value=[1.0, 0.0]), "scaler.scale: a scale is 0"),
        (edit("output_activation", value="relu"), "output_activation: Input should be"),
        (edit("layers", 0, "bias", value=[]), r"layers\[0\].weights: every row needs 0"),
        (edit("layers", 0, "bias", value=[1.0, 2.0]), r"layers\[0\].weights: every row needs 2"),
        (edit("layers", 0, "weights", value=[[1.0]]), r"layers\[0\].weights: has shape"),
        (edit("layers", 0, "weights", 0, 0, value=float("nan")), "finite number"),
        (edit("layers", 0, "weights", 0, 0, value="1"), "valid number"),
        (edit("layers", 0, "weights", 0, 0, value=10**400), "layers"),
        (edit("layers", 0, "programs", value=[]), r"layers\[0\].programs: at least one"),
        (edit(*FIRST, "inputs", value=3), r"reads 3 inputs, the layer before has 2"),
        (edit(*FIRST, "inputs", value=True), "valid integer"),
        (edit(*FIRST, "output", value=4), r"programs\[0\].output: there is no slot 4"),
        (edit(*FIRST, "output", value=-1), "output: Input should be greater"),
        (edit(*FIRST, "output", value=10**30), "output: Input should be less"),
        (edit(*FIRST, "instructions", 1, "args", 0, value=3), "slot that holds nothing yet"),
        (
            edit(*FIRST, "instructions", 0, "args", value=[0]),
            r"\[0\].args: mul takes 2",
        ),
        (edit(*FIRST, "instructions", 0, "function", value="gamma"), "unknown function 'gamma'"),
        (edit(*FIRST, "instructions", 0, "coefficients", drop=True), "coefficients: 2 are needed"),
        (edit(*FIRST, "constants", value=[[1.0]]), r"constants\[0\]: Input should be a valid"),
    ],
)
def test_damaged_record_is_named(record: dict[str, Any], message: str) -> None:
    """Whatever does not fit is told by its place, on one line."""
    with pytest.raises(ModelError, match=message) as caught:
        SymbolicNetwork.from_dict(record)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("data", [None, [], 3, "x", {}, {"a\nb": 1}])
def test_anything_else_is_refused(data: Any) -> None:
    """What is no record at all is refused like a damaged one."""
    with pytest.raises(ModelError, match="symbolic network") as caught:
        SymbolicNetwork.from_dict(data)
    assert "\n" not in str(caught.value)


JUNK = (None, True, -1, 2**70, 1e308, float("inf"), "", "sin", [], [1], {}, {"function": "add"})


def mutate(value: Any, chance: random.Random) -> Any:
    """A copy of a JSON value in which anything may have become anything."""
    if chance.random() < 0.04:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        items = [item for item in value.items() if chance.random() > 0.02]
        return {key: mutate(each, chance) for key, each in items}
    if isinstance(value, list):
        return [mutate(each, chance) for each in value if chance.random() > 0.02]
    return value


@given(st.integers(0, 2**32))
def test_mutated_records_load_or_are_refused(seed: int) -> None:
    """No mutation gives anything but a network that works or a one-line error."""
    record = mutate(small().to_dict(), random.Random(seed))
    try:
        network = SymbolicNetwork.from_dict(record)
    except ModelError as error:
        lines = str(error).splitlines()
    else:
        lines = ["no error"]
        X = np.ones((3, len(network.features)))
        assert network.predict(X).shape == (3, network.layers[-1].width)
    assert len(lines) == 1


def test_what_cannot_be_read_is_not_written() -> None:
    """A network with a number that is not finite has no saved form."""
    bad = SymbolicLayer((program([]),), np.array([[np.nan]]), np.zeros(1))
    with pytest.raises(ModelError, match=r"layers\[0\].weights: holds a number that is not finite"):
        SymbolicNetwork((bad,), ("x",)).to_dict()
