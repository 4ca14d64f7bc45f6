"""Exports run for real: each format by what people run it with, never by this program."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sympy import Expr, Symbol

from srnet_cli.export.formats import FORMATS
from srnet_cli.export.subject import Input, Output, Subject

Array = NDArray[np.float64]
Function = Callable[[Array], Array]


def subject(
    expressions: Sequence[Expr],
    symbols: Sequence[Symbol],
    *,
    columns: Sequence[str] = (),
    steps: Sequence[tuple[Symbol, Expr]] = (),
    classes: Sequence[str] = (),
    labels: Sequence[str] = (),
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
    pointer = ctypes.POINTER(ctypes.c_double)

    def call(X: Array) -> Array:
        Y = np.empty((len(X), outputs))
        for row, values in zip(np.ascontiguousarray(X, dtype=np.float64), Y, strict=True):
            predict(row.ctypes.data_as(pointer), values.ctypes.data_as(pointer))
        return Y

    return call


RUN: dict[str, Callable[[str, Path], Function]] = {"python": python, "numpy": numpy, "c": c}
"""By format: makes a function of rows (n, d) -> (n, m) from the text that was exported."""


def function_of(form: str, exported: Subject, folder: Path) -> Function:
    """The exported formulas as a function of rows."""
    render = FORMATS[form].render
    assert render is not None
    return RUN[form](render(exported), folder)
