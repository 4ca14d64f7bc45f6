"""How an explanation looks as text, Markdown, LaTeX and JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sympy import Symbol
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.explain.document import document, quality_words
from srnet_cli.explain.explaining import run
from srnet_cli.explain.explanation import (
    Explanation,
    Formula,
    LayerExplanation,
    PrintedFidelity,
)
from srnet_cli.explain.layer_section import SHOWN
from srnet_cli.expressions.layout import latex_width
from srnet_cli.expressions.printers import as_latex
from srnet_cli.networks import ClassificationQuality, RegressionQuality
from srnet_cli.rendering.document import Display
from srnet_cli.rendering.formats import RENDERERS, render
from srnet_cli.runs.choice import Shown
from srnet_cli.runs.expressions_file import Figures

TEXT = """\
runs/demo-1

layer by layer
shown: the simplest that keeps 0.99 of R²: complexity 6, R² 0.9000 on held-out rows
the most faithful, fidelity 1: complexity 40, R² 0.9080

hidden 1: 3 units from h0, h1, h2, complexity 3
  f = h0 + 1
  h0 = 2*f
  h1 = 3*f
  h2 = 4*f

output: 1 unit from h0, complexity 3
  f = h0 + 1
  h0 = 2*f

whole network, complexity 10
  y = x + 2

Fidelity
R² to the network            training  held-out  held-out: 1−R²  held-out: by effect  ceiling
hidden 1                       0.9877      none                               0.8765   0.9500
output                         0.9877      none                               0.8765   0.9500
layers as printed, 4 digits              0.8900            0.11
whole as printed, 4 digits               0.8800            0.12
rows                               60       100
without a value                     0         7

the network itself: R² 0.9000 to the truth on held-out rows, RMSE 2 (the training mean: 5)"""


FORMS = [form for form in RENDERERS if form != "csv"]


def shown(explained: Explanation, form: str = "table", full: bool = False) -> str:
    """An explanation in a format."""
    return render(document(explained, Display(full)), form)


def formula(name: str, text: str) -> Formula:
    return Formula(name, parse_expr(text))


def layer(name: str, units: int) -> LayerExplanation:
    return LayerExplanation(
        name=name,
        inputs=tuple(f"h{i}" for i in range(units)),
        expressions=(formula("f", "h0 + 1"),),
        units=tuple(formula(f"h{i}", f"{i + 2}*f") for i in range(units)),
        complexity=3,
        figures=Figures(
            mse={"train": 0.5, "interpolation": None},
            r2={"train": 0.98765, "interpolation": None},
            effect_r2={"train": None, "interpolation": 0.8765},
            ceiling={"train": 1.0, "interpolation": 0.95},
            unit_r2={"train": [0.9] * units, "interpolation": [None] * units},
            undefined_rows={"train": 0, "interpolation": 7},
        ),
    )


def explanation(units: int = 3, nodes: int | None = 10) -> Explanation:
    return Explanation(
        run="runs/demo-1",
        is_done=True,
        trial=1,
        trials=1,
        generations=5,
        target="y",
        shown=Shown("the simplest that keeps 0.99 of R²", (2, 1), 6, 0.9, 40, 0.908, 12),
        digits=4,
        scaling=(),
        layers=(layer("hidden 1", units), layer("output", 1)),
        network=None if nodes is None else (formula("y", "x + 2"),),
        network_complexity=nodes,
        rows={"train": 60, "interpolation": 100},
        printed=PrintedFidelity("interpolation", 0.9, 0.89, 0.88, None),
        unconfirmed=(),
        quality=RegressionQuality(rows=9, r2=0.9, rmse=2.0, baseline_rmse=5.0),
    )


def test_text_holds_formulas_and_fidelity() -> None:
    """The text names the run, gives every line, and a table of R² with rows without a value."""
    assert shown(explanation()) == TEXT


@pytest.mark.parametrize("form", ["table", "markdown", "latex"])
def test_wide_layers_are_abbreviated(form: str) -> None:
    """Of a hundred units eight are printed, with a line that counts the others and names --full,
    which prints them all."""
    wide = explanation(units=100)
    short, full = shown(wide, form), shown(wide, form, full=True)
    assert "… and 92 more units; full prints all" in short
    assert len(short.splitlines()) < 50
    assert all(len(line) < 160 for line in short.splitlines())
    assert "more units" not in full
    for unit in range(100):
        name = f"h_{{{unit}}} &=" if form == "latex" else f"h{unit} ="
        assert name in full
        assert (name in short) == (unit < SHOWN)


@pytest.mark.parametrize("form", ["table", "markdown", "latex"])
def test_pages_of_formula_are_left_out(form: str) -> None:
    """A formula of the whole network that nobody can read is printed only with --full."""
    long = explanation(nodes=5000)
    line = "y &= x + 2" if form == "latex" else "y = x + 2"
    short, full = shown(long, form), shown(long, form, full=True)
    assert line not in short
    assert "complexity 5000: full prints it" in short
    assert "whole as printed" not in short
    assert line in full
    none = shown(explanation(nodes=None), form, full=True)
    assert "too long for one formula" in none


@pytest.mark.parametrize("form", ["table", "markdown", "latex"])
def test_units_that_are_read_are_the_ones_shown(form: str) -> None:
    """Wherever they stand among many; of the others their number is told."""
    first, last = explanation(units=100).layers
    layers = (replace(first, read=("h3", "h77")), last)
    short = shown(replace(explanation(units=100), layers=layers), form)
    for unit in range(1, 100):
        name = f"h_{{{unit}}} &=" if form == "latex" else f"h{unit} ="
        assert (name in short) == (unit in (3, 77))
    assert "… and 98 more units that no formula of the next layer reads; full prints all" in short


def test_many_expressions_are_not_all_printed() -> None:
    """Of a layer of a hundred only the first have a line, unless all is asked for; JSON has all."""
    first, last = explanation(units=3).layers
    names = [f"f{k}" for k in range(100)]
    first = replace(first, expressions=tuple(formula(name, "h0 + 1") for name in names))
    many = replace(explanation(), layers=(first, last))
    text = shown(many)
    assert f"  f{SHOWN - 1} = h0 + 1" in text
    assert f"  f{SHOWN} = " not in text
    assert f"… and {100 - SHOWN} more expressions; full prints all" in text
    assert "  f99 = h0 + 1" in shown(many, full=True)
    record = json.loads(shown(many, "json"))["layers"][0]["expressions"]
    assert [entry["name"] for entry in record] == names
    assert record[0] == {"name": "f0", "text": "h0 + 1", "latex": "h_{0} + 1"}


def test_units_that_say_nothing_new_are_named_in_one_line() -> None:
    """Those that equal another, and those that never change; an equal one that is read is shown by
    the other's line."""
    first, last = explanation(units=6).layers
    first = replace(
        first,
        units=tuple(formula(f"h{i}", "0.5" if i > 3 else f"{i + 2}*f") for i in range(6)),
        read=("h1", "h3"),
        twins={"h3": "h2", "h5": "h4"},
        constant=("h4", "h5"),
    )
    odd = replace(explanation(), layers=(first, last))
    assert """
  f = h0 + 1
  h1 = 3*f
  h2 = 4*f
  the same as h2: h3; never change: h4 = 0.5, h5 = 0.5; … and 1 more unit that no formula of the \
next layer reads; full prints all""" in shown(odd)
    full = shown(odd, full=True)
    assert "h0 = 2*f" in full
    assert "more unit" not in full
    alone = replace(first, units=first.units[4:], twins={"h5": "h4"}, read=())
    assert "h4 = 0.5\n" in shown(replace(odd, layers=(alone, last)))


def test_json_is_always_complete() -> None:
    """JSON holds every unit and the long formula, and is plain JSON."""
    record = json.loads(
        shown(explanation(units=100, nodes=5000), "json"), parse_constant=pytest.fail
    )
    assert len(record["layers"][0]["units"]) == 100
    assert record["network"][0] == {"name": "y", "text": "x + 2", "latex": "x + 2"}
    assert record["layers"][0]["r2"] == {"train": 0.98765, "interpolation": None}


def test_a_real_run_is_printed_in_every_format(finished: Path) -> None:
    """Each format prints a run, every formula of it, without markers of escaped markup."""
    explained = run(str(finished))
    lines = [
        line
        for part in explained.layers
        for line in (*part.expressions, *part.units)
        if line.name not in part.twins
    ]
    assert len(lines) >= 3
    for form in FORMS:
        text = shown(explained, form, full=True)
        for line in lines:
            written = {"latex": line.latex, "html": line.mathml[-1]}
            assert written.get(form, line.text) in text
        assert "\x1b" not in text


def test_markdown_is_headings_lists_and_a_table(finished: Path) -> None:
    """Every table has as many cells in every row, and formulas are code."""
    text = shown(run(str(finished)), "markdown")
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.M)
    assert len(tables) == 2  # beside the truth, and the fidelity
    for rows in (table.splitlines() for table in tables):
        assert len({line.count("|") for line in rows}) == 1
    assert re.fullmatch(r"\| --- (\| ---: )+\|", tables[-1].splitlines()[1])
    assert "- `h0 = " in text


NAMES = ["a b", "50%", "{x}", "a\\b", "<=50K", "score(#1 & 2)", "a^b~c", "local", "num__age", "x_1"]


@pytest.mark.parametrize("name", NAMES)
def test_latex_names_are_escaped(name: str) -> None:
    """Whatever the target is called, braces balance and no special character stands bare."""
    odd = replace(explanation(), network=(formula(name, "x"),))
    (line,) = [line for line in shown(odd, "latex").splitlines() if line.endswith("&= x")]
    body = line.removesuffix("&= x")
    bare = re.sub(r"\\[a-z]+(?![a-z])|\\.", "", body)
    assert bare.count("{") == bare.count("}")
    assert not set("%#&_^~") & set(bare)


@pytest.mark.parametrize("name", ["h1_2", "f", "x1", "wind_speed", "alpha"])
def test_latex_names_are_those_of_the_formulas(name: str) -> None:
    """What stands left is written as it is on the right of later lines."""
    first, *others = explanation().layers
    layers = (replace(first, expressions=(formula(name, "x"),)), *others)
    odd = replace(explanation(), layers=layers)
    assert f"  {as_latex(Symbol(name))} &= x" in "".join(shown(odd, "latex").split(r" \\"))


def test_long_formulas_stay_on_the_page() -> None:
    """Lines are broken at terms, whatever the name on the left; a page of them may be parted."""
    terms = " + ".join(f"{place}.25*x{place}" for place in range(300))
    odd = replace(explanation(), network=(formula("an output of long name", terms),))
    text = shown(odd, "latex")
    block = text[text.index(r"\allowdisplaybreaks") :].split(r"\end{align*}")[0]
    rows = block.splitlines()[2:]
    assert len(rows) > 20
    assert max(latex_width(row.split("&")[-1].removesuffix(r" \\")) for row in rows) <= 75


def test_latex_environments_are_closed(finished: Path) -> None:
    """Every align* that begins ends, rows are parted by double backslashes, notes are comments."""
    text = shown(run(str(finished)), "latex")
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}") >= 3
    for block in re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end", text, re.DOTALL):
        *rows, last = block.split("\n")
        assert all(row.endswith(r" \\") for row in rows)
        assert not last.endswith("\\")
        assert block.count("&=") == len(rows) + 1


def test_remarks_say_what_a_reader_must_know() -> None:
    """An unfinished run, the trial shown, lost digits and unconfirmed formulas are all said."""
    odd = replace(
        explanation(),
        is_done=False,
        trial=2,
        trials=3,
        shown=Shown("as the search found it", (), 6, 0.9, None, None, 0),
        quality=ClassificationQuality(rows=9, accuracy=0.75, majority_rate=0.7, kappa=0.1),
        printed=PrintedFidelity("train", 0.9, 0.1, None, 7),
        unconfirmed=tuple(f"hidden 1, expression {k}" for k in range(20)),
    )
    text = shown(odd)
    assert "not finished: the best found in 5 generations" in text
    assert "trial 2 of 3, the best" in text
    assert "shown: as the search found it" in text
    assert "fidelity 1" not in text
    assert "rounding costs R² on training rows, 0.9000 before: digits 7 keeps it" in text
    assert "hidden 1, expression 7; and 12 more" in text
    assert "accuracy 0.7500 on held-out rows (the most frequent class: 0.7000)" in text


@pytest.mark.parametrize("r2", [-0.2, None])
def test_a_search_stopped_early_is_remarked(r2: float | None) -> None:
    """An output that was left at ``f = h0``, and explains nothing, is not shown without a word."""
    early = replace(
        explanation(), is_done=False, printed=PrintedFidelity("interpolation", r2, r2, r2, None)
    )
    remarks = [line for line in shown(early).splitlines() if "do not explain the network" in line]
    assert len(remarks) == 1
    assert ("-0.20" if r2 else "has no value") in remarks[0]
    assert "do not explain the network" not in shown(explanation())


def test_a_network_that_is_useless_is_said_to_be() -> None:
    """Where the mean of the target, or the most frequent class, does better."""
    poor, good = (RegressionQuality(10, r2, rmse, 2.0) for r2, rmse in ((-0.3, 2.3), (0.9, 0.6)))
    assert quality_words(poor).endswith("it does worse than that mean")
    assert "worse" not in quality_words(good)
    assert "less often" in quality_words(ClassificationQuality(10, 0.4, 0.5, 0.0))
    assert "less often" not in quality_words(ClassificationQuality(10, 0.5, 0.5, 0.0))
