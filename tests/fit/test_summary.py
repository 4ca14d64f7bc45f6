"""What ``srnet fit`` says at its end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from srnet_cli.expressions.hypothesis import parse_hypothesis
from srnet_cli.expressions.names import Names
from srnet_cli.fidelity.layers import LayerFidelity
from srnet_cli.fit.fitting import FitResult
from srnet_cli.fit.summary import document
from srnet_cli.fronts.formulas import FormulaFront, NetworkFormula, NetworkFormulas
from srnet_cli.rendering.document import Display
from srnet_cli.rendering.formats import render
from srnet_cli.runs.records import Metrics


def as_table(result: FitResult) -> str:
    return render(document(result), "table")


def layer(r2: float | None, undefined: int = 0) -> LayerFidelity:
    return LayerFidelity(mse=1.0, r2=r2, unit_r2=(r2,), undefined_rows=undefined)


METRICS = Metrics(
    trial=1,
    fitness=(0.25,),
    generations=(7,),
    evaluations=(70,),
    losses=(0.1, 0.2),
    network=None,
    rows={"train": 10, "interpolation": 20},
    fidelity={
        "train": (layer(0.5), layer(0.75)),
        "interpolation": (layer(None, 3), layer(None, 3)),
    },
)


def result(**changes: Any) -> FitResult:
    return FitResult(Path("runs/a-1"), replace(METRICS, **changes))


def test_the_summary_is_fitness_fidelity_and_folder() -> None:
    """Fitness, R² of every layer on every set of rows, and where the run lies."""
    assert as_table(result()).splitlines() == [
        "fitness 0.25",
        "",
        "R² to the network  training  held-out  held-out: 1−R²",
        "hidden 1             0.5000      none",
        "output               0.7500      none",
        "rows                     10        20",
        "without a value           0         3",
        "",
        "these formulas do not explain the network: their R² on held-out rows has no value; give "
        "the search more generations or time, or other functions",
        "",
        "run runs/a-1",
    ]


def test_trials_are_summarised() -> None:
    """Of several trials the best counts, beside the median and how many found nothing."""
    text = as_table(result(trial=3, fitness=(4.0, None, 1.0, 2.0)))
    assert "fitness 1 (trial 3 of 4, median 2, 1 found nothing)" in text


def test_nothing_found_is_said() -> None:
    """Without a finite expression the summary says so, and what to try."""
    metrics = replace(METRICS, fitness=(None,), fidelity=None)
    text = as_table(FitResult(Path("r"), metrics, was_done=True))
    assert text.splitlines() == [
        "this run had finished before; nothing was computed",
        "no expression was finite on all rows; try other functions or more generations",
        "",
        "run r",
    ]


def test_json_is_metrics_and_folder() -> None:
    """JSON holds metrics.json, where it lies, formulas, and nothing that JSON does not know."""
    record = json.loads(render(document(result()), "json"), parse_constant=pytest.fail)
    written = json.loads(json.dumps(METRICS.to_dict()))
    assert record == {"run": "runs/a-1", "was_done": False, "formulas": None, **written}


NAMES = Names(("speed", "radius"))


def formula(text: str, nodes: int, error: float) -> NetworkFormula:
    return NetworkFormula(parse_hypothesis(text, NAMES).expr, nodes, error)


def front(output: str) -> FormulaFront:
    law = formula("speed**2/radius", 6, 1.7e-4)
    return FormulaFront(
        output, (formula("speed", 1, 0.73), law, formula("speed**2/radius - 0.001", 8, 1.6e-4))
    )


def with_formulas(*outputs: str, **changes: Any) -> FitResult:
    formulas = NetworkFormulas(NAMES, "interpolation", tuple(map(front, outputs)))
    return replace(result(**changes), formulas=formulas)


def test_the_answer_and_the_next_step_come_last() -> None:
    """The layers, then the formula with its figures, the folder, and what to type."""
    text = render(document(with_formulas("y"), next_step="srnet explain a-1"), "table")
    lines = text.splitlines()
    assert lines[0] == "layer by layer: fitness 0.25"
    assert [line.strip() for line in lines[-6:]] == [
        "",
        "y = speed**2/radius",
        "y: 6 nodes, 1−R² 0.00017 on held-out rows",
        "",
        "run runs/a-1",
        "next: srnet explain a-1",
    ]


def test_formulas_alone_are_not_called_layers() -> None:
    """A search of nothing but whole-network formulas has one layer of fidelity."""
    one = {"train": (layer(0.5),), "interpolation": (layer(0.4),)}
    text = as_table(with_formulas("y", fidelity=one))
    assert text.startswith("fitness 0.25\n")
    assert "layer by layer" not in text


@pytest.mark.parametrize(
    ("form", "shown"), [("markdown", "speed**2/radius"), ("latex", r"\mathrm{speed}^{2}")]
)
def test_every_format_shows_the_answer(form: str, shown: str) -> None:
    """And JSON holds the whole front."""
    assert shown in render(document(with_formulas("y")), form)
    record = json.loads(render(document(with_formulas("y")), "json"))
    formulas = record["formulas"]["outputs"][0]["formulas"]
    assert [one["is_answer"] for one in formulas] == [False, True, False]


def test_of_many_outputs_some_are_shown() -> None:
    """The rest is counted, with what to type for it."""
    display = Display(spelled=lambda option: f"srnet explain --{option}")
    text = render(document(with_formulas(*(f"y_{k}" for k in range(100))), display), "table")
    assert "y_11 = speed**2/radius" in text
    assert "y_12" not in text
    assert "… and 88 more outputs; srnet explain --full prints all" in text
