"""Networks and limits that leave little to say: a fit ends, and prints what it means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from budgets import limit_auto
from sympy import lambdify, symbols, sympify

from srnet_cli import cli
from srnet_cli.fit import fitting
from srnet_cli.runs.run import read_run

pytestmark = pytest.mark.slow

Array = np.ndarray
RNG = np.random.default_rng(5)
INPUTS = 3

CONFIG = """\
name: odd
dataset: {{rows: rows.npz, test_fraction: 0.3, oracle_rows: 200}}
network: {{load: network.npz, activation: tanh}}
evolution:
  strategy: auto
  generations: 8
  max_length: 7
  functions: [add, mul, sin, square]
  threads: 1
{limits}"""

LIMITS = "  max_depth: 1\n  max_nesting: {sin: {sin: 0, square: 0}, square: {sin: 0, square: 0}}\n"


def weights(outputs: int = 1, hidden: int = 4) -> dict[str, Array]:
    """A network of one hidden layer."""
    return {
        "weight1": RNG.normal(size=(hidden, INPUTS)),
        "bias1": RNG.normal(size=hidden),
        "weight2": RNG.normal(size=(outputs, hidden)),
        "bias2": np.arange(1.0, outputs + 1.0),
    }


def of_one_input() -> dict[str, Array]:
    found = weights()
    return found | {"weight1": found["weight1"] * np.array([0.0, 1.0, 0.0])}


NETWORKS = {
    "constant": weights() | {"weight2": np.zeros((1, 4))},
    "one input": of_one_input(),
    "equal units": weights() | {"weight1": np.ones((4, INPUTS)), "bias1": np.zeros(4)},
    "many outputs": weights(outputs=30),
    "little room": weights(),
}


def explained(run: Path, capsys: pytest.CaptureFixture[str], *options: object) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        cli.main(["explain", "--run", str(run), *map(str, options)])
    assert stop.value.code == 0
    return capsys.readouterr().out


def by_lines(layers: list[dict[str, Any]], features: list[str], X: Array) -> Array:
    """The outputs by the printed lines, read by sympy."""
    columns = dict(zip(features, X.T, strict=True))
    for layer in layers:
        for line in layer["expressions"]:
            columns[line["name"]] = value(line["text"], columns)
        columns = {line["name"]: value(line["text"], columns) for line in layer["units"]}
    return np.column_stack(list(columns.values()))


def value(text: str, columns: dict[str, Array]) -> Array:
    names = symbols(list(columns))
    found = lambdify(names, sympify(text, {name.name: name for name in names}))(*columns.values())
    return np.broadcast_to(found, len(next(iter(columns.values()))))


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=pytest.mark.long) if k == "many outputs" else k for k in NETWORKS],
)
def test_what_is_printed_is_what_is_meant(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text, LaTeX and JSON are printed; the lines of the layers, at four digits as well, give the
    figure that is printed with them; formulas.txt, the first answer and the layers agree."""
    np.savez(tmp_path / "network.npz", **NETWORKS[kind])
    np.savez(tmp_path / "rows.npz", X=np.random.default_rng(0).uniform(0.0, 2.0, (200, INPUTS)))
    config = tmp_path / "odd.yaml"
    config.write_text(CONFIG.format(limits=LIMITS if kind == "little room" else ""))
    with pytest.MonkeyPatch.context() as patch:
        limit_auto(patch)
        run = fitting.run(config, run_dir=tmp_path / "run").path
    text, latex = explained(run, capsys), explained(run, capsys, "--format", "latex")
    assert "layer by layer" in text
    assert r"\begin{align*}" in latex
    fitted = read_run(run)
    X = fitted.sets["interpolation"]
    truth = fitted.network.predict(X)
    for digits in (4, 17):
        record = json.loads(explained(run, capsys, "--format", "json", "--digits", digits))
        found = by_lines(record["layers"], record["layers"][0]["inputs"], X)
        stated = record["printed"]["layers"]
        left = np.sum((truth - found) ** 2)
        total = np.sum((truth - truth.mean(axis=0)) ** 2)
        if kind != "constant":
            assert stated == pytest.approx(1.0 - left / total, rel=1e-9, abs=1e-9)
        else:
            assert left <= (1e-3 * np.abs(truth).max()) ** 2 * len(X)
    answers = [
        formula["formula"]
        for output in json.loads((run / "formulas.json").read_text())["outputs"]
        for formula in output["formulas"]
        if formula["is_answer"]
    ]
    assert record["answer"]["chosen"] == answers
    written = " ".join((run / "formulas.txt").read_text().split())
    assert all(" ".join(answer.split()) in written for answer in answers)
    if kind == "one input":
        assert {str(s) for answer in answers for s in sympify(answer).free_symbols} <= {"x1"}
    if kind == "constant":
        assert sympify(answers[0]).is_number
    if kind == "little room":
        assert not any("sin(sin" in line for line in text.splitlines())
