"""A run in Python: formulas, tables, predictions, and what notebooks show."""

from __future__ import annotations

import pickle
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import sympy
from api_network import product
from matplotlib.figure import Figure
from sklearn.metrics import r2_score

import srnet_cli.api as srnet
from srnet_cli.errors import DataError, UsageError


def values(expr: sympy.Expr, X: Any) -> Any:
    """An oracle: the formula by SymPy's own means, its symbols in alphabetic order."""
    symbols = sorted(expr.free_symbols, key=lambda symbol: symbol.name)
    assert [symbol.name for symbol in symbols] == ["m_b", "speed"]
    return sympy.lambdify(symbols, expr)(X[:, 1], X[:, 0])


def test_the_formula_is_what_predicts(run: srnet.Run, rows: Any) -> None:
    """The SymPy expression, evaluated by SymPy, gives the predictions; and it is the law."""
    np.testing.assert_allclose(run.predict(rows), values(run.formula, rows), rtol=1e-12)
    np.testing.assert_allclose(run.predict(rows), product(rows), rtol=1e-6)
    assert run.features == ("speed", "m<b>")
    assert run.outputs == ("y",)
    assert run.classes == ()


def test_rows_are_taken_by_name(run: srnet.Run, rows: Any) -> None:
    """A DataFrame may have its columns in any order, and others beside them."""
    frame = pd.DataFrame({"other": 0, "m<b>": rows[:, 1], "speed": rows[:, 0]})
    np.testing.assert_array_equal(run.predict(frame), run.predict(rows))
    with pytest.raises(DataError, match="no column 'speed'"):
        run.predict(frame.drop(columns="speed"))
    with pytest.raises(DataError, match=r"2 inputs are needed.*\(80, 1\)"):
        run.predict(rows[:, :1])


def test_the_front_is_a_table(run: srnet.Run, rows: Any) -> None:
    """Nodes grow, errors fall; every formula can be asked for by its complexity."""
    front = run.front
    assert list(front.columns) == ["output", "complexity", "unexplained", "formula", "is_answer"]
    assert front["complexity"].is_monotonic_increasing
    assert front["unexplained"].is_monotonic_decreasing
    assert front["is_answer"].sum() == 1
    assert len(front) > 1
    for member in front.itertuples():
        (formula,) = run.formulas(complexity=member.complexity).values()
        assert formula == member.formula
    (best,) = run.formulas(fidelity=1.0).values()
    assert best == front["formula"].iloc[-1]


def test_a_choice_that_contradicts_itself_is_refused(run: srnet.Run, rows: Any) -> None:
    """With the names of the arguments."""
    with pytest.raises(UsageError, match="fidelity and complexity"):
        run.predict(rows, fidelity=0.9, complexity=3)
    with pytest.raises(UsageError, match="fidelity 2"):
        run.formulas(fidelity=2.0)


def test_the_network_is_at_hand(run: srnet.Run, rows: Any) -> None:
    """Also on rows that the run has never seen, as long as the function lives."""
    new = rows + 0.125
    np.testing.assert_array_equal(run.predict_network(new)[:, 0], product(new))
    assert run.fidelity(new) == pytest.approx(r2_score(run.predict_network(new), run.predict(new)))


def test_a_run_is_opened_again(run: srnet.Run, rows: Any) -> None:
    """From its folder, by its path; and it travels."""
    again = srnet.open_run(run.path)
    np.testing.assert_array_equal(again.predict(rows), run.predict(rows))
    assert repr(again) == repr(run)
    travelled = pickle.loads(pickle.dumps(run))
    np.testing.assert_array_equal(travelled.predict(rows), run.predict(rows))
    assert str(travelled.formula) == str(run.formula)
    assert travelled.front["is_answer"].tolist() == run.front["is_answer"].tolist()


def test_what_notebooks_show_is_well_formed(run: srnet.Run) -> None:
    """Names with markup in them are words; equations are MathML."""
    for shown in (run._repr_html_(), run.explain()._repr_html_()):
        assert "<b>" not in shown
        assert ElementTree.fromstring(shown).tag == "div"
    assert "<math" in run._repr_html_()
    latex = run._repr_latex_()
    assert latex.startswith("$$")
    assert latex.count("{") == latex.count("}")


def test_answers_are_those_of_the_command_line(run: srnet.Run) -> None:
    """As text, Markdown, LaTeX and values; with hypotheses beside."""
    answer = run.explain("speed*m_b", complexity=5)
    assert "y = " in repr(answer)
    assert answer.markdown().startswith("#")
    assert "\\begin" in answer.latex()
    assert answer.record["answer"]["tried"][0]["source"] == "hypothesis"
    assert "slope by speed" in run.explain_at(speed=0.5, **{"m<b>": -0.5}).text()


def test_formulas_are_exported(run: srnet.Run, tmp_path: Any) -> None:
    """As text, or into a file that is not replaced unasked."""
    text = run.export("python")
    assert text is not None
    assert "def " in text
    assert run.export("c", tmp_path / "f.c") is None
    with pytest.raises(UsageError, match="exists"):
        run.export("c", tmp_path / "f.c")


def test_plots_are_figures(run: srnet.Run, rows: Any) -> None:
    """Of the front, of formula against network, of effects; the words on them are the run's."""
    front, parity, effects = run.plot_front(), run.plot_parity(), run.plot_effects()
    assert all(isinstance(figure, Figure) for figure in (front, parity, effects))
    assert len(effects.axes) == 2
    network, formula = effects.axes[0].get_lines()
    np.testing.assert_allclose(network.get_ydata(), formula.get_ydata(), atol=0.05)
    with pytest.raises(UsageError, match="no input 'sped'"):
        run.plot_effects(["sped"])
