"""Names of any kind, and comments that stay comments, in every format."""

from __future__ import annotations

from pathlib import Path
from xml.dom import minidom

import numpy as np
import pytest
import sympy
from exported import FORMATS, RUN, STATED, function_of, library, module, subject
from hypothesis import given, settings
from hypothesis import strategies as st

from srnet_cli.config.written import one_line
from srnet_cli.errors import ModelError
from srnet_cli.export.excel_sheet import LONGEST, letters
from srnet_cli.export.identifiers import ascii_name
from srnet_cli.export.subject import Subject
from srnet_cli.expressions.names import feature_symbols

ODD = (
    *("ΔT (K)", "num__age", "x 1", "lambda", "class", "=cmd|' /C calc'!A0", "@SUM(1)", "int", "in"),
    *("double", "out", "y0", "predict", "X", "*/ int main(void) {}", '"""', "-->", "??/", "a\\"),
    *("c", "self", "numpy", "math", "exp", "E", "x_1", "x-1", "temperature °C", "λ", "t\tb"),
    *("'", "<script>", "%", "$x$", "\u202eevil", "scores", "jnp", "torch", "outputs", "maximum"),
)


def odd_subject() -> Subject:
    """A sum that weighs every input differently, so that no two can be taken for each other."""
    symbols = feature_symbols(ODD)
    terms = [sympy.Integer(k + 2) * symbol for k, symbol in enumerate(symbols)]
    first = sympy.Add(*terms)
    second = sympy.Max(symbols[0], symbols[3]) + sympy.exp(-symbols[4])
    step = sympy.Symbol("f1_0")
    return subject(
        [step + 1, second],
        symbols,
        columns=[one_line(name) for name in ODD],
        steps=[(step, first)],
        classes=["a", '*/"??/\\'],
        labels=["score(a)", '=score("b")'],
    )


@pytest.mark.parametrize("form", [f for f in RUN if f not in ("torch", *STATED)])
def test_odd_names(form: str, tmp_path: Path) -> None:
    """Every input reaches its place, whatever it is called."""
    exported = odd_subject()
    X = np.random.default_rng(0).normal(size=(5, len(ODD)))
    found = function_of(form, exported, tmp_path)(X)[:, :2]
    weights = np.arange(len(ODD)) + 2
    expected = [X @ weights + 1, np.maximum(X[:, 0], X[:, 3]) + np.exp(-X[:, 4])]
    np.testing.assert_allclose(found, np.column_stack(expected), rtol=1e-12)


def test_comments_of_odd_names_stay_comments() -> None:
    """No name ends a comment, and none is read as a formula."""
    exported = odd_subject()
    texts = {name: form.render(exported) for name, form in FORMATS.items() if form.render}
    body = texts["c"].partition("*/")[2]
    assert "int main" not in body.replace('"*/ int main(void) {}"', "")
    head, _, rest = texts["mathml"].partition("-->")
    assert "--" not in head.removeprefix("<!--")
    assert minidom.parseString(f"<x>{rest}</x>").getElementsByTagName("script") == []
    first = texts["excel"].splitlines()[0].split("\t")
    assert not [cell for cell in first if cell[0] in "=+-@"]
    assert "\u202e" not in "".join(texts.values())


def test_classes_of_python_and_numpy() -> None:
    """The class of the greatest score, the first of equals; none where a score is no number."""
    u = sympy.Symbol("u")
    scores = subject([u, sympy.log(u), sympy.Integer(0)], [u], classes=["a", "b", "c"])
    decide = module(FORMATS["python"].render(scores))["decide"]
    assert [decide(2.0), decide(-1.0), decide(0.5)] == ["a", None, "a"]
    numpy_decide = module(FORMATS["numpy"].render(scores))["decide"]
    assert numpy_decide([[2.0], [-1.0], [0.5]]).tolist() == ["a", None, "a"]
    tied = subject([u, u], [u], classes=["a", "b"])
    assert module(FORMATS["python"].render(tied))["decide"](1.0) == "a"


def test_classes_of_c(tmp_path: Path) -> None:
    """By their number; -1 where a score is no number."""
    import ctypes

    u = sympy.Symbol("u")
    scores = subject([-u, sympy.log(u)], [u], classes=["a", "b"])
    decide = library(FORMATS["c"].render(scores), tmp_path).test_run_decide
    assert [decide(ctypes.byref(ctypes.c_double(x))) for x in (0.1, 2.0, -1.0)] == [0, 1, -1]


def test_classes_of_onnx() -> None:
    """The label is that of the greatest score, and empty where there is none."""
    runtime = pytest.importorskip("onnxruntime")
    u = sympy.Symbol("u")
    pack = FORMATS["onnx"].pack
    assert pack is not None
    made = pack(subject([-u, sympy.log(u)], [u], classes=["a", "b"]))
    session = runtime.InferenceSession(made)
    labels, scores = session.run(["label", "Y"], {"X": np.array([[0.1], [2.0], [-1.0]])})
    assert labels.tolist() == ["a", "b", ""]
    assert scores.shape == (3, 2)


def test_workbook_holds_the_cells() -> None:
    """The workbook has the cells that are printed, and no name in it is a formula."""
    openpyxl = pytest.importorskip("openpyxl")
    import io

    pack = FORMATS["excel"].pack
    assert pack is not None
    book = openpyxl.load_workbook(io.BytesIO(pack(odd_subject())))
    heads, cells = list(book["formulas"].iter_rows())
    assert all(cell.data_type == "s" for cell in heads)
    assert sum(cell.data_type == "f" for cell in cells) == 4  # step, outputs, decision
    assert all(cell.data_type != "f" for (cell,) in book["about"].iter_rows())


def test_too_long_for_excel() -> None:
    """A formula that no cell takes is refused; the error says how long it is."""
    u = sympy.Symbol("u")
    terms = [sympy.Float(1.1 + k) * sympy.sin(sympy.Float(0.1 * k) * u) for k in range(900)]
    long = subject([sympy.Add(*terms, evaluate=False)], [u])
    with pytest.raises(ModelError, match=f"a cell of Excel takes {LONGEST}"):
        FORMATS["excel"].render(long)


def test_columns_of_excel() -> None:
    """A to Z, then AA, to the last that Excel has."""
    assert [letters(k) for k in (0, 25, 26, 701, 702, 16_383)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]


@settings(max_examples=200)
@given(st.text())
def test_ascii_names(name: str) -> None:
    """Whatever the name, C and the others take it."""
    assert ascii_name(name).isidentifier()
    assert ascii_name(name).isascii()
