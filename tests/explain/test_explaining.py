"""``srnet explain``: the formulas as printed, and what they are worth."""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compared import inputs_record
from programs import program

from oracles import interpret
from srnet_cli.errors import ModelError, StorageError, UsageError
from srnet_cli.explain.explaining import explain, run
from srnet_cli.explain.explanation import Explanation, Formula
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks import Network, Scaler
from srnet_cli.runs.choice import Choice
from srnet_cli.runs.run import FittedRun, read_run


def fitted(model: SymbolicNetwork, network: Network, X: np.ndarray) -> FittedRun:
    """A run that never was: a model for a network on some rows."""
    return FittedRun(
        path=Path("run"),
        is_done=True,
        inputs=inputs_record(model.features),
        model=model,
        network=network,
        sets={"train": X[::2], "interpolation": X},
        trial=1,
        trials=1,
        generations=9,
    )


def wide(
    units: int = 20, outputs: int = 1, scaler: Scaler | None = None, feature: str = "x0"
) -> FittedRun:
    """Two inputs, a hidden layer of ``units`` copies of sin(x0 + x1), and their mean."""
    hidden = program([("add", 0, 1), ("sin", 2)], inputs=2)
    output = program([("square", 0)], inputs=units)
    rng = np.random.default_rng(1)
    model = SymbolicNetwork(
        (
            SymbolicLayer((hidden,), rng.uniform(1, 2, (1, units)), rng.uniform(1, 2, units)),
            SymbolicLayer((output,), rng.uniform(1, 2, (1, outputs)), np.zeros(outputs)),
        ),
        (feature, "x1"),
        scaler,
    )
    network = Network(
        (rng.normal(size=(units, 2)), rng.normal(size=(outputs, units))),
        (rng.normal(size=units), rng.normal(size=outputs)),
        scaler=scaler,
    )
    return fitted(model, network, rng.uniform(-1, 1, (50, 2)))


def evaluate(formula: Formula, columns: dict[str, np.ndarray]) -> np.ndarray:
    names = {name: getattr(np, name) for name in ("sin", "cos", "tan", "log", "sqrt", "exp")}
    with np.errstate(all="ignore"):
        return eval(formula.text, names, columns) * np.ones(len(next(iter(columns.values()))))


def by_layers(explanation: Explanation, features: list[str], X: np.ndarray) -> np.ndarray:
    """The outputs by the printed lines alone, one after the other."""
    columns = dict(zip(features, X.T, strict=True))
    if explanation.scaling:
        columns = {line.name: evaluate(line, columns) for line in explanation.scaling}
    for layer in explanation.layers:
        for line in layer.expressions:
            columns[line.name] = evaluate(line, columns)
        columns = {line.name: evaluate(line, columns) for line in layer.units}
    return np.column_stack(list(columns.values()))


def by_network(explanation: Explanation, features: list[str], X: np.ndarray) -> np.ndarray:
    columns = dict(zip(features, X.T, strict=True))
    return np.column_stack([evaluate(line, columns) for line in explanation.network or ()])


def r2(truth: np.ndarray, found: np.ndarray) -> float:
    return 1 - float(np.sum((truth - found) ** 2) / np.sum((truth - truth.mean(axis=0)) ** 2))


@pytest.mark.parametrize("digits", [1, 2, 4, 9, 17])
def test_the_stated_fidelity_is_that_of_the_printed_lines(finished: Path, digits: int) -> None:
    """Whoever computes with what is printed gets the R² that is printed with it, to 1e-9."""
    shown, read = run(str(finished), digits=digits), read_run(finished)
    X = read.sets["interpolation"]
    truth = read.network.predict(X)
    for stated, found in (
        (shown.printed.layers, by_layers(shown, ["x", "y"], X)),
        (shown.printed.network, by_network(shown, ["x", "y"], X)),
    ):
        if stated is None:
            assert not np.isfinite(found).all()
        else:
            assert stated == pytest.approx(r2(truth, found), rel=1e-9, abs=1e-9)


def test_with_all_digits_nothing_is_lost(finished: Path) -> None:
    """17 digits give the model's own R², which is the one in expressions.json."""
    shown = run(str(finished), digits=17, choice=Choice(as_found=True))
    record = json.loads((finished / "expressions.json").read_text())
    assert shown.printed.rows == "interpolation"
    assert shown.printed.layers == pytest.approx(shown.printed.exact, rel=1e-9)
    assert shown.printed.exact == pytest.approx(record["network"]["r2"]["interpolation"], rel=1e-12)
    assert shown.printed.enough_digits is None
    for layer, written in zip(shown.layers, record["layers"], strict=True):
        assert (layer.name, layer.complexity) == (written["name"], written["complexity"])
        assert layer.figures.r2 == written["r2"]
        assert layer.figures.mse == written["mse"]
        assert layer.figures.undefined_rows == written["undefined_rows"]


def test_numbers_have_the_digits_asked_for() -> None:
    """No number in a formula has more significant digits than asked for, readouts included."""
    shown = explain(wide(), 3)
    lines = [line for layer in shown.layers for line in (*layer.expressions, *layer.units)]
    numbers = [
        word
        for line in (*lines, *(shown.network or ()))
        for word in line.text.replace("*", " ").replace("(", " ").replace(")", " ").split()
        if word[0].isdigit()
    ]
    assert len(numbers) > 40
    assert all(len(word.replace(".", "").lstrip("0")) <= 3 for word in numbers)


def test_rounding_that_costs_is_said_with_the_cure() -> None:
    """Where rounding loses R², the fewest digits that keep it are named, and they keep it."""
    model = SymbolicNetwork(
        (
            SymbolicLayer(
                (program([("add", 0, 1), ("square", 2)], constants=[12345.6789]),),
                np.array([[1.0]]),
                np.array([-(12345.6**2)]),
            ),
        ),
        ("x",),
    )
    network = Network((np.array([[2 * 12345.6789]]),), (np.array([1947.3]),))
    made = fitted(model, network, np.linspace(0, 1, 30)[:, None])
    shown = explain(made, 4)
    enough = shown.printed.enough_digits
    assert shown.printed.exact == pytest.approx(1.0)
    assert enough is not None
    assert (shown.printed.layers or -1) < 0.999
    for digits in range(4, 12):
        printed = explain(made, digits).printed
        keeps = min(printed.layers or -1, printed.network or -1) > 0.999
        assert keeps == (digits >= enough), digits
    # Nobody asked for fewer: the formulas are printed so that they hold.
    shown = explain(made)
    assert shown.digits == enough
    assert shown.printed.enough_digits is None
    # Also of formulas that are worse than the mean, as these are.
    shown = explain(wide())
    for digits, is_enough in ((shown.digits - 1, False), (shown.digits, True)):
        printed = explain(wide(), digits).printed
        assert printed.exact is not None
        lost = printed.exact - min(printed.layers or -np.inf, printed.network or -np.inf)
        assert (lost < 0.001) == is_enough


def test_standardised_inputs_are_spelled_out() -> None:
    """Scaled, the lines say what the first layer reads, and all follows from the lines."""
    scaler = Scaler(np.array([0.31234, -2.0]), np.array([1.5, 1.0]))
    made = wide(scaler=scaler)
    shown = explain(made, 6, scaled=True)
    assert [(line.name, line.text) for line in shown.scaling] == [
        ("x0", "(x0 - 0.31234)/1.5"),
        ("x1", "x1 + 2"),
    ]
    X = made.sets["interpolation"]
    expected = made.model.predict(X)
    np.testing.assert_allclose(by_layers(shown, ["x0", "x1"], X), expected, rtol=1e-3)
    np.testing.assert_allclose(by_network(shown, ["x0", "x1"], X), expected, rtol=1e-3)


def test_formulas_are_of_the_inputs_own_units() -> None:
    """By default the scaler is folded into the first layer: it reads the inputs as they are."""
    made = wide(scaler=Scaler(np.array([0.31234, -2.0]), np.array([1.5, 1.0])))
    shown = explain(made, 9)
    assert shown.scaling == ()
    X = made.sets["interpolation"]
    expected = made.model.predict(X)
    np.testing.assert_allclose(by_layers(shown, ["x0", "x1"], X), expected, rtol=1e-6)


def test_an_expression_is_never_called_as_an_input() -> None:
    """An input called f is printed under another name, as f is an expression's."""
    shown = explain(wide(feature="f"), 4)
    assert shown.layers[0].inputs == ("f_", "x1")
    (line,) = shown.layers[0].expressions
    assert line.name == "f"
    assert "f_" in line.text
    assert "f_" not in shown.layers[0].units[0].text
    assert shown.layers[1].expressions == ()
    assert "h0**2" in shown.layers[1].units[0].text.replace("h11", "h0")


def test_several_expressions_and_outputs_are_numbered() -> None:
    """Expressions of one layer are f0, f1 …; outputs go by the target or the classes."""
    made = wide(outputs=3)
    first = made.model.layers[0]
    two = replace(
        first,
        programs=(*first.programs, program([("cos", 0)], inputs=2)),
        weights=np.vstack([first.weights, 2 * first.weights]),
    )
    made = replace(made, model=replace(made.model, layers=(two, made.model.layers[1])))
    shown = explain(made, 5)
    assert [line.name for line in shown.layers[0].expressions] == ["f0", "f1"]
    assert [line.name for line in shown.layers[1].units] == ["y_0", "y_1", "y_2"]
    X = made.sets["train"]
    f = np.column_stack([interpret(part, X) for part in two.programs])
    hidden = f @ two.weights + two.bias
    columns = {"x0": X[:, 0], "x1": X[:, 1]}
    for line in shown.layers[0].expressions:
        columns[line.name] = evaluate(line, columns)
    found = evaluate(shown.layers[0].units[7], columns)
    np.testing.assert_allclose(found, hidden[:, 7], rtol=1e-3)
    classes = replace(
        made,
        inputs=replace(made.inputs, classes=("a", "b\n", "c")),
        network=replace(made.network, output_activation="softmax"),
    )
    assert [line.name for line in explain(classes, 4).network or ()] == [
        "score(a)",
        "score(b\\n)",
        "score(c)",
    ]


def test_rows_without_a_value_are_counted() -> None:
    """Where a formula has no value, R² is null, and so is that of what is printed."""
    model = SymbolicNetwork(
        (SymbolicLayer((program([("log", 0)]),), np.ones((1, 1)), np.zeros(1)),), ("x",)
    )
    network = Network((np.ones((1, 1)),), (np.zeros(1),))
    shown = explain(fitted(model, network, np.linspace(-1, 1, 40)[:, None]), 4)
    assert shown.layers[0].figures.undefined_rows == {"train": 10, "interpolation": 20}
    assert shown.layers[0].figures.r2 == {"train": None, "interpolation": None}
    assert (shown.printed.exact, shown.printed.layers, shown.printed.network) == (None, None, None)
    assert shown.printed.enough_digits is None
    assert shown.unconfirmed == ()


def test_formulas_that_are_not_the_evaluators_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A formula whose values differ from the search's is not passed over in silence."""
    assert explain(wide(units=3), 4).unconfirmed == ()
    original = SymbolicLayer.expressions

    def shifted(self: SymbolicLayer, inputs: np.ndarray) -> np.ndarray:
        return original(self, inputs) + (1e-6 if self.width == 3 else 0.0)

    monkeypatch.setattr(SymbolicLayer, "expressions", shifted)
    assert "hidden 1, expression 0" in explain(wide(units=3), 4).unconfirmed


@pytest.mark.parametrize("digits", [0, -3, 18])
def test_digits_out_of_range(finished: Path, digits: int) -> None:
    """Digits that no number has are refused in one line."""
    with pytest.raises(UsageError, match=f"digits {digits}: give 1 to 17"):
        run(str(finished), digits=digits)


def test_a_moved_read_only_run_is_explained(finished: Path, tmp_path: Path) -> None:
    """A run needs nothing but its folder, and nothing is written to it."""
    expected = run(str(finished)).to_dict()
    moved = tmp_path / "elsewhere"
    shutil.move(finished, moved)
    for path in (moved, *moved.rglob("*")):
        path.chmod(stat.S_IREAD | (stat.S_IEXEC if path.is_dir() else 0))
    try:
        before = sorted((path, path.stat().st_mtime_ns) for path in moved.rglob("*"))
        assert run(str(moved)).to_dict() == expected | {"run": str(moved)}
        assert sorted((path, path.stat().st_mtime_ns) for path in moved.rglob("*")) == before
    finally:
        for folder in (moved, *(path for path in moved.rglob("*") if path.is_dir())):
            os.chmod(folder, 0o755)


@pytest.mark.parametrize(
    "name",
    [
        *("model.json", "rows.npz", "network.safetensors", "metrics.json", "inputs.json"),
        *("fronts.json", "fronts.npz"),
    ],
)
def test_a_damaged_run_is_not_explained(finished: Path, name: str) -> None:
    """A changed byte in what explain reads is found, and named in one line."""
    path = finished / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageError, match=f"{name} is damaged"):
        run(str(finished))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("network.safetensors", b""),
        ("rows.npz", b"PK\x03\x04"),
        ("inputs.json", b"{"),
        ("config.resolved.json", b'{"name": 1}'),
    ],
)
def test_a_damaged_unfinished_run_is_one_line(finished: Path, name: str, content: bytes) -> None:
    """Without a commit to check against, what cannot be read is still one clear line."""
    (finished / "DONE.json").unlink()
    (finished / name).write_bytes(content)
    with pytest.raises((StorageError, ModelError, UsageError), match=name) as caught:
        run(str(finished))
    assert "\n" not in str(caught.value)


def test_a_run_that_has_found_nothing(finished: Path) -> None:
    """Before the first checkpoint there is nothing to explain, and the line says what to do."""
    (finished / "DONE.json").unlink()
    shutil.rmtree(finished / "checkpoint")
    with pytest.raises(UsageError, match="holds no formulas yet") as caught:
        run(str(finished))
    assert "srnet fit" in caught.value.hint


def test_an_unfinished_run_shows_its_last_checkpoint(finished: Path) -> None:
    """The model of a run without commit comes from the checkpoint, and is the same model; there are
    no fronts to choose another one from, which is said."""
    expected = run(str(finished), choice=Choice(as_found=True)).to_dict()
    for name in ("DONE.json", "model.json", "metrics.json", "expressions.json", "fronts.json"):
        (finished / name).unlink()
    found = run(str(finished)).to_dict()
    assert "they are made when it finishes" in found["shown"]["why"]
    for key in ("baselines", "proved"):
        assert expected.pop(key)
        assert not found.pop(key)
    assert found | {"shown": None} == expected | {"is_done": False, "shown": None}
    for choice in (Choice(complexity=5), Choice(layer=1, pick=1)):
        with pytest.raises(UsageError, match="has no fronts to choose from"):
            run(str(finished), choice=choice)
