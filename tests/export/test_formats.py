"""Every format computes every function as the search does, at every value that it has one for."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sympy
from exported import (
    FORMATS,
    READ_BY_ROWS,
    RUN,
    SINGLE,
    Array,
    Function,
    function_of,
    single,
    subject,
)
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.cgp import evaluate
from srnet_cli.cgp.program import Program
from srnet_cli.expressions.builder import to_sympy
from srnet_cli.primitives import PRIMITIVES

u, v = sympy.symbols("u v")
EDGES = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 2.999999, 1e-8, -1e-8, 1e-300, -1e-300, 5e-324),
    *(12.3, -12.3, 37.5, -37.5, -40.0, 40.0, 88.9, -88.9, 699.0, -699.0, 709.5, -709.5, 711.0),
    *(-745.0, -800.0, 800.0, 1e5, -1e5, 123456.7, 1e10, -1e10, 1e100, -1e100, 1e155, -1e155),
    *(8e307, -8e307),  # twice that has a value, and gelu as it is read doubles
)


def calls() -> list[Program]:
    """A program per primitive, which applies it to the inputs."""
    return [
        Program(2, np.empty(0), np.array([row.opcode]), np.array([[0, row.arity - 1]]), 2)
        for row in PRIMITIVES
    ]


def by_kernels(X: Array) -> Array:
    return np.column_stack([evaluate(program, np.asfortranarray(X)) for program in calls()])


def everything() -> list[sympy.Expr]:
    return [to_sympy(program, (u, v)) for program in calls()]


def check(found: Array, X: Array, rtol: float = 1e-9) -> None:
    """Wherever a function has a value, so has its export, and it is the same."""
    known = by_kernels(X)
    for primitive, ours, expected in zip(PRIMITIVES, found.T, known.T, strict=True):
        finite = np.isfinite(expected)
        np.testing.assert_allclose(
            ours[finite],
            expected[finite],
            rtol=rtol,
            atol=1e-300,
            err_msg=f"{primitive.name} at {X[finite].tolist()[:3]}",
        )
        assert not np.isfinite(ours[np.isnan(expected)]).any(), primitive.name


def test_an_onnx_graph_has_nothing_that_is_not_needed() -> None:
    """Runtimes warn their users of constants that no node reads."""
    pack = FORMATS["onnx"].pack
    assert pack is not None
    onnx = pytest.importorskip("onnx")
    for expressions in ([sympy.exp(u) * v], [sympy.Float(2.0)], [u, sympy.Integer(3)]):
        graph = onnx.load_model_from_string(pack(subject(expressions, (u, v)))).graph
        read = {name for node in graph.node for name in node.input}
        assert {constant.name for constant in graph.initializer} <= read
        assert {name for node in graph.node for name in node.output} <= read | {"Y"}


def test_onnx() -> None:
    """ONNX as onnxruntime computes it: to 1e-5 of the value, near 0 of 1, as some of its operators
    know single precision only."""
    runtime = pytest.importorskip("onnxruntime")
    pack = FORMATS["onnx"].pack
    assert pack is not None
    session = runtime.InferenceSession(pack(subject(everything(), (u, v))))
    X = rows_for("onnx")
    (found,) = session.run(None, {"X": X})
    known = by_kernels(X)
    for primitive, ours, expected in zip(PRIMITIVES, found.T, known.T, strict=True):
        finite = np.isfinite(expected)
        np.testing.assert_allclose(
            ours[finite], expected[finite], rtol=1e-5, atol=1e-5, err_msg=primitive.name
        )


def rows_for(form: str) -> Array:
    """Rows of edge values; fewer where a cell is computed at a time."""
    pairs = [(a, b) for a in EDGES for b in EDGES]
    if form in READ_BY_ROWS:
        pairs = pairs[:: len(EDGES) + 1] + pairs[3 :: len(EDGES)]
    X = np.array(pairs)
    if form == "markdown":  # what is read here is computed in double precision, as it stands
        return X[(abs(X) < 4.0).all(axis=1) & ((abs(X) > 1e-3) | (X == 0.0)).all(axis=1)]
    if form not in ("jax", "excel"):
        return X
    # These take numbers below the least normal one for 0.
    known = abs(by_kernels(X))
    is_tiny = ((known < 1e-300) & (known != 0.0)).any(axis=1)
    return X[~is_tiny & ((abs(X) > 1e-300) | (X == 0.0)).all(axis=1)]


@pytest.mark.parametrize("form", RUN)
def test_every_primitive_at_the_edges(form: str, tmp_path: Path) -> None:
    """Also where a naive form would overflow, lose its digits, or raise."""
    X = rows_for(form)
    check(function_of(form, subject(everything(), (u, v)), tmp_path)(X), X)


@pytest.mark.parametrize("form", SINGLE)
def test_single_precision(form: str, tmp_path: Path) -> None:
    """Every primitive to 1e-5 of its size, at numbers that single precision holds."""
    X = np.random.default_rng(0).uniform(-3.0, 3.0, (200, 2)).astype(np.float32).astype(float)
    exported = subject(everything(), (u, v), precision="single")
    known = by_kernels(X)
    found = np.asarray(single(form, exported, tmp_path)(X))
    assert found.dtype == np.float32
    for primitive, ours, expected in zip(PRIMITIVES, found.T, known.T, strict=True):
        finite = np.isfinite(expected) & (abs(expected) < 1e6)
        np.testing.assert_allclose(
            ours[finite], expected[finite], rtol=1e-5, atol=1e-5, err_msg=primitive.name
        )


_ANY = st.floats(-8e307, 8e307)


@pytest.mark.parametrize("form", ["python", "numpy"])
@given(pairs=st.lists(st.tuples(_ANY, _ANY), min_size=1, max_size=20))
def test_every_primitive_anywhere(form: str, pairs: list[tuple[float, float]]) -> None:
    """At any numbers, not at those alone that somebody thought of."""
    X = np.array(pairs)
    check(whole(form)(X), X)


@cache
def whole(form: str) -> Function:
    return function_of(form, subject(everything(), (u, v)), Path())
