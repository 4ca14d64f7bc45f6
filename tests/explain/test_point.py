"""``srnet explain --at``: one point, with the slopes there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compared import fitted, linear_formula, network

from srnet_cli import cli
from srnet_cli.errors import UsageError
from srnet_cli.explain.point import SHOWN, PointExplanation, document, explain_at, run
from srnet_cli.networks import Network
from srnet_cli.rendering.document import Display
from srnet_cli.rendering.formats import render
from srnet_cli.runs.choice import Choice, chosen
from srnet_cli.runs.run import read_run

SLOPES, BIAS = np.array([[1.5, -0.02]]), np.array([0.25])
LINEAR = fitted(Network((2 * SLOPES,), (BIAS,)), linear_formula(SLOPES, BIAS))


def shown(explanation: PointExplanation, form: str = "table", **wishes: Any) -> str:
    display = Display(wishes.pop("full", False))
    return render(document(explanation, display, **wishes), form)


def test_a_given_point() -> None:
    """Values, slopes and effects of formula and network, where all are known."""
    (output,) = explain_at(LINEAR, "x1=10, x0=2").outputs
    assert output.name == "y"
    assert output.formula == pytest.approx(1.5 * 2 - 0.2 + 0.25)
    assert output.network == pytest.approx(3.0 * 2 - 0.4 + 0.25)
    spread = LINEAR.sets["train"].std(axis=0)
    for k, effect in enumerate(output.effects):
        assert (effect.feature, effect.value) == (f"x{k}", (2.0, 10.0)[k])
        assert effect.formula == pytest.approx(SLOPES[0, k])
        assert effect.network == pytest.approx(2 * SLOPES[0, k])
        assert effect.formula_effect == pytest.approx(SLOPES[0, k] * spread[k])
        assert effect.network_effect == pytest.approx(2 * SLOPES[0, k] * spread[k])


def test_a_row_is_a_held_out_row(finished: Path) -> None:
    """Counted from 0; the values are the run's own."""
    made = read_run(finished)
    X = made.sets["interpolation"][4:5]
    (output,) = run(str(finished), "4", choice=Choice(as_found=True)).outputs
    assert [effect.value for effect in output.effects] == X[0].tolist()
    assert output.formula == made.model.predict(X)[0, 0]
    assert output.network == made.network.predict(X)[0, 0]


def test_the_formulas_are_those_that_explain_shows(finished: Path) -> None:
    """Without and with wishes, the value is that of the same composition as in ``explain``."""
    made = read_run(finished)
    X = made.sets["interpolation"][4:5]
    for choice in (Choice(), Choice(fidelity=1.0)):
        shown, _ = chosen(made, choice)
        (output,) = run(str(finished), "4", choice=choice).outputs
        assert output.formula == shown.model.predict(X)[0, 0]


def test_probabilities_of_classes() -> None:
    """A classifier's outputs are its classes' probabilities."""
    net = network((2, 4, 3), output="softmax")
    made = fitted(net, linear_formula(np.ones((3, 2)), np.arange(3.0), "softmax"), classes="abc")
    found = explain_at(made, "0")
    assert [output.name for output in found.outputs] == [f"probability of {c}" for c in "abc"]
    assert sum(output.formula or 0 for output in found.outputs) == pytest.approx(1)
    # Equal slopes of all logits move no probability.
    assert found.outputs[0].effects[0].formula == pytest.approx(0)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("60", "there are 60 held-out rows"),
        ("-1", "there are 60 held-out rows"),
        ("two", "not the number of a row"),
        ("", "not the number of a row"),
        ("x0=1", "no value for x1"),
        ("x0=1,x2=3", "no feature 'x2'"),
        ("x0=1,x0=1,x1=2", "'x0' is given twice"),
        ("x0=1,x1=much", "'x1=much' is not a finite number"),
        ("x0=1,x1=nan", "'x1=nan' is not a finite number"),
        ("x0=1,x1=2,3", "no feature"),
    ],
)
def test_what_is_no_point_is_one_line(at: str, message: str) -> None:
    """It names what is wrong with the point."""
    with pytest.raises(UsageError, match=message):
        explain_at(LINEAR, at)


@pytest.mark.parametrize("form", ["table", "json", "markdown", "latex"])
def test_every_format_shows_the_values(form: str) -> None:
    """What has no value, as beside a pole, is called none and is null in JSON."""
    text = shown(explain_at(LINEAR, "x0=2,x1=10"), form)
    if form == "json":
        assert json.loads(text)["outputs"][0]["formula"] == pytest.approx(3.05)
    else:
        assert "3.05" in text
        assert "5.85" in text
    undefined = linear_formula(np.array([[1e308, 1e308]]), BIAS)
    text = shown(explain_at(fitted(LINEAR.network, undefined), "x0=1e9,x1=1"), form)
    assert ("null" if form == "json" else "none") in text


def test_the_command(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the command line, in place of the formulas."""
    with pytest.raises(SystemExit) as stop:
        cli.main(["explain", "--at", "x=0.5,y=1"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert out.rstrip() == shown(run(str(finished), "x=0.5,y=1"))
    assert "slope by x" in out


def test_digits_are_those_asked_for() -> None:
    """Of every figure; out of range they are an error that names them."""
    found = explain_at(LINEAR, "x0=2.123456789,x1=10")
    assert "2.12345679" in shown(found, digits=9)
    assert "2.123 " in shown(found)
    with pytest.raises(UsageError, match="digits 0: give 1 to 17"):
        document(found, digits=0)


def test_of_many_features_those_that_matter_are_shown() -> None:
    """By the greatest effect, with a line that counts the others; in full all are there."""
    slopes = np.arange(1.0, 31.0)[None]
    made = fitted(Network((slopes,), (BIAS,)), linear_formula(slopes, BIAS), inputs=30)
    found = explain_at(made, "0")
    brief, full = shown(found), shown(found, full=True)
    assert brief.count("slope by") == SHOWN
    assert "slope by x29 " in brief
    assert f"… and {30 - SHOWN} more features of smaller effect; full prints all" in brief
    assert full.count("slope by") == 30
