"""Exports run for real: each format by what people run it with, never by this program."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mpmath
import numpy as np
import pytest
import sympy
from notations import bare, read_latex, read_mathml
from numpy.typing import NDArray
from sympy import Expr, Symbol
from torch_process import python_with_torch

from srnet_cli.datasets.formula import parse_formula
from srnet_cli.export.excel_sheet import letters
from srnet_cli.export.formats import FORMATS
from srnet_cli.export.subject import Input, Output, Precision, Subject
from srnet_cli.expressions.latex_names import latex_name
from srnet_cli.expressions.markup import MathmlWriter

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

DIGITS = 350
"""With so many ``1 + erf(-26)`` keeps its digits."""


def subject(
    expressions: Sequence[Expr],
    symbols: Sequence[Symbol],
    *,
    columns: Sequence[str] = (),
    steps: Sequence[tuple[Symbol, Expr]] = (),
    classes: Sequence[str] = (),
    labels: Sequence[str] = (),
    precision: Precision = "double",
) -> Subject:
    """Formulas to export, without a run."""
    names = columns or [symbol.name for symbol in symbols]
    told = labels or [f"out {number}" for number in range(len(expressions))]
    return Subject(
        name="test run",
        inputs=tuple(
            Input(symbol, name, -1.0, 2.0) for symbol, name in zip(symbols, names, strict=True)
        ),
        steps=tuple(steps),
        outputs=tuple(map(Output, told, expressions)),
        classes=tuple(classes),
        facts=("formulas of a test",),
        precision=precision,
    )


def module(source: str) -> dict[str, Any]:
    """What a Python source defines."""
    space: dict[str, Any] = {}
    exec(compile(source, "<exported>", "exec"), space)
    return space


def python(source: str, _: Path) -> Function:
    predict = module(source)["predict"]
    return lambda X: np.array([np.atleast_1d(predict(*row)) for row in X.tolist()])


def numpy(source: str, _: Path) -> Function:
    predict = module(source)["predict"]
    return lambda X: np.reshape(predict(X), (len(X), -1))


def library(source: str, folder: Path) -> ctypes.CDLL:
    """C compiled without a warning."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    path = folder / "exported.c"
    path.write_text(source)
    built = folder / "exported.so"
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-ffp-contract=off"]
    done = subprocess.run(
        ["gcc", *strict, "-shared", "-fPIC", path, "-o", built, "-lm"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[:2000]
    return ctypes.CDLL(str(built))


def c(source: str, folder: Path) -> Function:
    compiled = library(source, folder)
    name = source.partition("_predict(")[0].rpartition(" ")[2]
    outputs = 1 + max(int(part.partition("]")[0]) for part in source.split("    out[")[1:])
    predict = getattr(compiled, f"{name}_predict")
    is_single = "(const float *in, float *out)" in source
    number, kind = (ctypes.c_float, np.float32) if is_single else (ctypes.c_double, np.float64)
    pointer = ctypes.POINTER(number)

    def call(X: Array) -> Array:
        Y = np.empty((len(X), outputs), dtype=kind)
        for row, values in zip(np.ascontiguousarray(X, dtype=kind), Y, strict=True):
            predict(row.ctypes.data_as(pointer), values.ctypes.data_as(pointer))
        return Y

    return call


def jax(source: str, _: Path) -> Function:
    """In double precision."""
    config = pytest.importorskip("jax").config
    predict = module(source)["predict"]

    def call(X: Array) -> Array:
        config.update("jax_enable_x64", True)
        try:
            return np.asarray(predict(X))
        finally:
            config.update("jax_enable_x64", False)

    return call


def sympy_expressions(source: str, _: Path) -> Function:
    """SymPy's expressions by mpmath with very many digits."""
    space = module(source)
    outputs = [each.subs(list(reversed(space["steps"]))) for each in space["outputs"]]
    functions = [sympy.lambdify(space["inputs"], output, "mpmath") for output in outputs]

    def value(function: Callable[..., Any], row: Sequence[float]) -> float:
        try:
            return _real(function(*map(mpmath.mpf, row)))
        except ZeroDivisionError:
            return np.nan

    def call(X: Array) -> Array:
        with mpmath.workdps(DIGITS):
            return np.array([[value(each, row) for each in functions] for row in X.tolist()])

    return call


def _real(value: Any) -> float:
    value = mpmath.mpmathify(value)
    return float(value.real) if value.imag == 0 else np.nan


def latex(source: str, _: Path) -> Function:
    """The equations by a reader of LaTeX, with very many digits."""
    spelled = {latex_name(name): name for name in _inputs(source)}
    body = source.partition(r"\begin{align*}")[2].partition(r"\end{align*}")[0]
    equations: list[list[str]] = []
    for line in map(str.strip, body.split("\\\\\n")):
        if line.startswith(r"&\quad"):
            equations[-1][1] += line.removeprefix(r"&\quad")
        else:
            name, _, formula = line.partition(" &= ")
            equations.append([name, formula])
            spelled.setdefault(name, name)
    formulas = {name: read_latex(formula, spelled) for name, formula in equations}
    return _in_order(formulas, _inputs(source), _outputs(source))


def mathml(source: str, _: Path) -> Function:
    """The ``math`` elements by a reader of MathML, with very many digits."""
    comment, _, rest = source.partition("-->")
    root = ElementTree.fromstring(rest.strip())
    inputs = _inputs(comment)
    spelled = {}
    for name in inputs:
        spelled[bare(ElementTree.fromstring(f"<x>{MathmlWriter().symbol(name)}</x>")[0])] = name
    formulas = {}
    for math in root:
        (row,) = math
        name = row[0].text or ""
        own = bare(ElementTree.fromstring(f"<x>{MathmlWriter().symbol(name)}</x>")[0])
        spelled.setdefault(own, name)
        formulas[name] = read_mathml(row[2], spelled)
    return _in_order(formulas, inputs, _outputs(comment))


def markdown(source: str, _: Path) -> Function:
    """The code spans by the program's own reader of formulas, in double precision."""
    spans = re.findall(r"^- `(.+?) = (.+)`$", source, re.M)
    inputs = re.findall(r"^\| `(\w+)` \|", source, re.M)
    known = [*inputs]
    formulas: dict[str, Any] = {}
    for name, text in spans:
        read, order = parse_formula(text, known), tuple(known)
        formulas[name] = lambda values, f=read, names=order: float(
            f(np.array([[float(values[each]) for each in names]]))[0]
        )
        if name.isidentifier():
            known.append(name)
    texts = [text for _, text in spans]
    unread = [
        name
        for place, (name, _) in enumerate(spans)
        if not any(name in text for text in texts[place + 1 :])
    ]
    return _in_order(formulas, inputs, len(unread))


def _inputs(source: str) -> list[str]:
    """What the inputs are called in formulas, by the comment on top."""
    lines = [line.strip("% ") for line in source.splitlines()]
    listed = lines[lines.index("inputs:") + 1 : lines.index("outputs:")]
    return [line.partition(":")[0] for line in listed]


def _outputs(source: str) -> int:
    """How many outputs the comment on top names."""
    lines = [line.strip("% ") for line in source.splitlines()]
    listed = lines[lines.index("outputs:") + 1 :]
    ends = ("decision:", "needs")
    end = (place for place, line in enumerate(listed) if not line or line.startswith(ends))
    return next(end, len(listed))


def _in_order(
    formulas: Mapping[str, Callable[[dict[str, Any]], Any]], inputs: Sequence[str], outputs: int
) -> Function:
    """Formulas one after the other; the last ones are the outputs."""

    def values_of(row: Sequence[float]) -> list[float]:
        known: dict[str, Any] = dict(zip(inputs, map(mpmath.mpf, row), strict=True))
        for name, formula in formulas.items():
            known[name] = formula(known)
        return [_real(known[name]) for name in [*formulas][-outputs:]]

    def call(X: Array) -> Array:
        with mpmath.workdps(DIGITS):
            return np.array([values_of(row) for row in X.tolist()])

    return call


def excel(source: str, _: Path) -> Function:
    """The cells by an engine that computes as Excel does; errors are NaN."""
    parser = pytest.importorskip("formulas").Parser()
    cells = source.splitlines()[1].split("\t")
    outputs = sum(line.startswith("'  ") for line in source.partition("'outputs:")[2].splitlines())
    inputs = sum(not cell.startswith("=") for cell in cells)
    compiled = [parser.ast(cell)[1].compile() for cell in cells[inputs:] if "CHOOSE" not in cell]

    def row_of(row: Sequence[float]) -> list[float]:
        known: dict[str, Any] = {f"{letters(i)}2": value for i, value in enumerate(row)}
        results = []
        for number, formula in enumerate(compiled, inputs):
            value = formula(*(np.array([[known[name]]]) for name in formula.inputs))
            value = np.asarray(value).ravel()[0]
            results.append(float(value) if isinstance(value, int | float | np.number) else np.nan)
            known[f"{letters(number)}2"] = results[-1]
        return results[-outputs:]

    return lambda X: np.array([row_of(row) for row in X.tolist()])


TORCH = """
import sys, numpy, torch
space = {}
exec(compile(open(sys.argv[1]).read(), "<exported>", "exec"), space)
X = torch.from_numpy(numpy.load(sys.argv[2]))
formulas = space["Formulas"]()
for name in sys.argv[4:]:
    formulas, X = getattr(formulas, name)(), getattr(X, name)()
Y = formulas(X)
Y.nansum().backward()
assert formulas.c.grad is not None or not len(formulas.c)
numpy.save(sys.argv[3], Y.detach().numpy())
"""


def torch(source: str, folder: Path, *changes: str) -> Function:
    """In a process of its own, with gradients by the constants."""
    path = folder / "exported_torch.py"
    path.write_text(source)

    def call(X: Array) -> Array:
        np.save(folder / "X.npy", X)
        files = [path, folder / "X.npy", folder / "Y.npy"]
        done = subprocess.run(
            [
                python_with_torch() or pytest.skip("needs PyTorch"),
                "-c",
                TORCH,
                *map(str, files),
                *changes,
            ],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return np.asarray(np.load(folder / "Y.npy"))

    return call


RUN: dict[str, Callable[[str, Path], Function]] = {
    "python": python,
    "numpy": numpy,
    "c": c,
    "jax": jax,
    "torch": torch,
    "excel": excel,
    "sympy": sympy_expressions,
    "latex": latex,
    "mathml": mathml,
    "markdown": markdown,
}
"""By format: makes a function of rows (n, d) -> (n, m) from the text that was exported."""

READ_BY_ROWS = ("excel", "sympy", "latex", "mathml", "markdown")
"""Formats that are evaluated a row at a time, which takes its time."""

STATED = ("latex", "mathml", "markdown")
"""Formats that say what formulas are, for people, and not how machines compute them best."""

SINGLE = ("c", "numpy", "onnx", "torch", "jax")
"""Formats that can compute in single precision."""


def function_of(form: str, exported: Subject, folder: Path) -> Function:
    """The exported formulas as a function of rows."""
    render = FORMATS[form].render
    assert render is not None
    return RUN[form](render(exported), folder)


def onnx(data: bytes) -> Function:
    """The scores by onnxruntime."""
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(data)
    (given,) = session.get_inputs()
    kind = np.float32 if given.type == "tensor(float)" else np.float64
    return lambda X: np.asarray(session.run(["Y"], {"X": X.astype(kind)})[0])


def single(form: str, exported: Subject, folder: Path) -> Function:
    """The formulas of a subject in single precision, computed as they are meant to be."""
    if form == "onnx":
        pack = FORMATS["onnx"].pack
        assert pack is not None
        return onnx(pack(exported))
    function = function_of(form, exported, folder)
    if form != "jax":
        return function
    predict = module(FORMATS["jax"].render(exported))["predict"]  # type: ignore[misc]
    return lambda X: np.asarray(predict(X))
