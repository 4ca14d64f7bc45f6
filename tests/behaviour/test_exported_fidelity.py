"""Whoever computes with what a run exports gets the fidelity that is printed, on every kind of run.

The formulas are read back from text by SymPy or Python and computed by mpmath with 30 digits or by
NumPy, none of which the program computes figures with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import mpmath
import numpy as np
import pytest
import sympy
from budgets import limit_auto
from exported import RUN
from scipy.special import softmax
from small_run import CONFIG, small_config

from srnet_cli.explain.explaining import explain
from srnet_cli.explain.explanation import Explanation
from srnet_cli.export.formats import FORMATS
from srnet_cli.export.subject import subject_of
from srnet_cli.fit import fitting
from srnet_cli.networks import Network, network_to_bytes
from srnet_cli.runs.choice import Choice
from srnet_cli.runs.run import FittedRun, read_run
from srnet_cli.runs.selection import Selection

pytestmark = pytest.mark.slow

Array = np.ndarray
RNG = np.random.default_rng(7)
HIDDEN = RNG.normal(size=(4, 2))
HALF = HIDDEN[:2]

TABLE = """\
name: table
dataset:
  file: table.csv
  target: kind
  task: {task}
  standardise: true
  test_fraction: 0.4
  oracle_rows: 200
network:
  train: {{hidden: [2], activation: tanh, max_iter: 100}}
evolution:
  strategy: auto
  direct_share: 0
  max_length: 7
  functions: [add, mul, sin, cos]
  threads: 1
"""


def network_of(first: Array, last: Array) -> Network:
    """A tanh network of one hidden layer."""
    biases = (RNG.normal(size=len(first)), np.array([0.7]))
    return Network((first, last), biases, activation="tanh")


NETWORKS = {
    "collinear": network_of(np.concatenate([HALF, HALF, -HALF]), RNG.normal(size=(1, 6))),
    "constant unit": network_of(HIDDEN * np.array([[1], [0], [1], [1]]), RNG.normal(size=(1, 4))),
    "constant output": network_of(HIDDEN, np.zeros((1, 4))),
}
AUTO = small_config(
    ("strategy: mnncgp-es", "strategy: auto\n  direct_share: 0\n  max_length: 7"),
    ("samples: 60", "samples: 60\n  oracle_rows: 200"),
)
TRAINED = "train: {hidden: [3, 2], max_iter: 300}"
KINDS = {
    "published": CONFIG,
    "auto": AUTO,
    "standardised": TABLE.format(task="regression"),
    "classifier": TABLE.format(task="classification"),
    **{name: AUTO.replace(TRAINED, "load: net.safetensors") for name in NETWORKS},
}


@pytest.fixture(scope="module", params=KINDS)
def fitted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FittedRun]:
    """A finished run of every kind."""
    folder = tmp_path_factory.mktemp("run")
    if request.param in NETWORKS:
        (folder / "net.safetensors").write_bytes(network_to_bytes(NETWORKS[request.param]))
    rows = np.random.default_rng(1).uniform(-1, 1, (90, 2)) * [1.0, 300.0] + [0.0, 1000.0]
    kinds = np.round(rows[:, 0] + rows[:, 1] / 300.0, 0 if "classifier" in request.param else 6)
    lines = [f"{a!r},{b!r},{k!r}" for (a, b), k in zip(rows.tolist(), kinds.tolist(), strict=True)]
    (folder / "table.csv").write_text("\n".join(["a,b,kind", *lines]) + "\n")
    (folder / "config.yaml").write_text(KINDS[request.param])
    with pytest.MonkeyPatch.context() as patch:
        limit_auto(patch)
        yield read_run(fitting.run(folder / "config.yaml", run_dir=folder / "run").path)


def r2(truth: Array, given: Array) -> float:
    """Pooled R²; of a truth that is constant 1 where it is met, else 0."""
    rest, spread = np.sum((truth - given) ** 2), np.sum((truth - truth.mean(axis=0)) ** 2)
    if spread <= 1e-20 * np.sum(truth**2):
        return float(np.allclose(truth, given, rtol=1e-9))
    return 1.0 - float(rest / spread)


def close(stated: float | None, computed: float) -> bool:
    if stated is None:
        return not np.isfinite(computed)
    return stated == pytest.approx(computed, rel=1e-9, abs=1e-12)


def exactly(text: str) -> Callable[[dict[str, Array]], Array]:
    """A formula in SymPy's own notation, computed row by row with 30 digits."""
    expr = sympy.sympify(text)
    names = sorted(symbol.name for symbol in expr.free_symbols)
    function = sympy.lambdify([sympy.Symbol(name) for name in names], expr, "mpmath")

    def values(columns: dict[str, Array]) -> Array:
        rows = zip(*(columns[name].tolist() for name in names), strict=True) if names else ()
        with mpmath.workdps(30):
            computed = [float(mpmath.re(function(*map(mpmath.mpf, row)))) for row in rows]
        return (
            np.array(computed) if names else np.full(len(next(iter(columns.values()))), float(expr))
        )

    return values


def test_expressions_json_holds_what_it_says(fitted: FittedRun) -> None:
    """Every layer's R² is that of the stored expressions, weights and biases, with 30 digits, each
    layer reading the one before; metrics.json says the same."""
    record = json.loads((fitted.path / "expressions.json").read_text())
    metrics = json.loads((fitted.path / "metrics.json").read_text())
    for name in fitted.sets.keys() & {"interpolation", "train"}:
        X = fitted.sets[name][:60]
        truth = fitted.network.activations(fitted.sets[name])
        if len(X) < len(fitted.sets[name]):
            continue
        if (scaler := record["scaler"]) is not None:
            X = (X - scaler["mean"]) / scaler["scale"]
        for index, layer in enumerate(record["layers"]):
            columns = dict(zip(layer["inputs"], X.T, strict=True))
            values = [exactly(text)(columns) for text in layer["srepr"]]
            X = np.column_stack(values) @ np.array(layer["weights"]) + np.array(layer["bias"])
            assert close(layer["r2"][name], r2(truth[index], X))
            assert metrics["fidelity"][name][index]["r2"] == layer["r2"][name]
        assert close(record["network"]["r2"][name], r2(truth[-1], X))


def test_explain_states_what_its_lines_are_worth(fitted: FittedRun) -> None:
    """The rounded lines as printed, run as Python line by line and as one formula, give the stated
    figures of the rounded formulas; also of other choices than the first."""
    asked = [(None, Choice()), (2, Choice(fidelity=1.0)), (17, Choice(as_found=True))]
    for digits, choice in asked:
        shown = explain(fitted, digits, choice)
        X = fitted.sets[shown.printed.rows]
        truth = fitted.network.predict(X)
        assert close(shown.printed.layers, r2(truth, by_lines(shown, fitted, X)))
        if shown.network is not None:
            columns = named(fitted, X)
            whole = np.column_stack(
                [evaluated(equation.text, columns) for equation in shown.network]
            )
            assert close(shown.printed.network, r2(truth, whole))
        if digits == 17:
            assert close(shown.printed.exact, r2(truth, by_lines(shown, fitted, X)))


def named(fitted: FittedRun, X: Array) -> dict[str, Array]:
    return dict(zip(fitted.model.features, X.T, strict=True))


def evaluated(text: str, columns: dict[str, Array]) -> Array:
    names = {name: getattr(np, name) for name in ("sin", "cos", "exp", "log", "sqrt")}
    with np.errstate(all="ignore"):
        return eval(text, names, columns) * np.ones(len(next(iter(columns.values()))))


def by_lines(shown: Explanation, fitted: FittedRun, X: Array) -> Array:
    columns = named(fitted, X)
    if shown.scaling:
        columns = {line.name: evaluated(line.text, columns) for line in shown.scaling}
    for layer in shown.layers:
        for line in layer.expressions:
            columns[line.name] = evaluated(line.text, columns)
        columns = {line.name: evaluated(line.text, columns) for line in layer.units}
    return np.column_stack(list(columns.values()))


def test_exported_python_gives_the_figures(fitted: FittedRun) -> None:
    """The layers as they are exported, read by Python and NumPy alone, give the R² of the model."""
    X = fitted.sets["train"]
    record = json.loads((fitted.path / "expressions.json").read_text())
    subject = subject_of(Selection(fitted, None, "as found"))
    for form, rows in (("numpy", X), ("python", X[:20])):
        render = FORMATS[form].render
        assert render is not None
        found = RUN[form](render(subject), fitted.path)(rows)
        known = fitted.model.predict(rows)
        np.testing.assert_allclose(found, known, rtol=1e-9, atol=1e-9 * np.abs(known).max())
        if rows is X:
            assert close(record["network"]["r2"]["train"], r2(fitted.network.predict(X), found))


def test_figures_of_choices_are_those_of_their_formulas(fitted: FittedRun) -> None:
    """R² on the front of compositions is that of what ``--complexity`` then shows."""
    record = json.loads((fitted.path / "expressions.json").read_text())
    listed = record["compositions"]
    for composition in (listed[len(listed) // 2], listed[-1]):
        shown = explain(fitted, 17, Choice(complexity=composition["complexity"]))
        assert shown.shown.complexity == composition["complexity"]
        assert shown.shown.r2 == composition["r2"]
        X = fitted.sets[shown.printed.rows]
        truth, symbolic = fitted.network.predict(X), by_lines(shown, fitted, X)
        if fitted.network.output_activation == "softmax":  # fronts compare probabilities
            truth, symbolic = softmax(truth, axis=1), softmax(symbolic, axis=1)
        assert close(composition["r2"], r2(truth, symbolic))
