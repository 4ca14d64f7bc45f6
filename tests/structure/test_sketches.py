"""Formulas put together from structure: exact where the parts are plain, bounded everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from known_functions import Array, box, network_of, oracle_of, slopes_of

from srnet_cli.datasets.formula import parse_formula
from srnet_cli.structure import Sketch, find_sketches


def sketches_of(names: str, *formulas: str) -> tuple[Sketch, ...]:
    inputs = tuple(names.split())
    oracle = oracle_of(inputs, *formulas)
    rng = np.random.default_rng(0)
    return find_sketches(oracle, slopes_of(oracle), box(len(inputs)), inputs, rng)


@pytest.mark.parametrize(
    ("names", "formula"),
    [
        ("x", "3 + 2/x"),
        ("a b c", "a*b/c**2"),
        ("a b c d", "sqrt((a - b)**2 + (c - d)**2)"),
        ("a b c", "1/(1/a + b/c)"),
        ("a b c", "a*sqrt(b**2 + c**2) - 4"),
        ("a b c", "a + b + 2*sqrt(a*b)*cos(c)"),
        ("a b c d", "a*b + c*sin(d)"),
        ("a b c", "a*(1 + b*cos(c))"),
        ("a b c d", "sqrt(a**2 + b**2 - 2*a*b*cos(c - d))"),
    ],
)
def test_formulas_that_go_down_to_single_numbers(names: str, formula: str) -> None:
    """The best sketch has the formula's values, on rows it was not made from."""
    best = sketches_of(names, formula)[0]
    inputs = tuple(names.split())
    X = box(len(inputs)).sample(500, np.random.default_rng(9))
    y = parse_formula(formula, inputs)(X)
    error = np.mean((parse_formula(best.text, inputs)(X) - y) ** 2) / y.var()
    assert error < 1e-6
    assert best.error < 1e-6


def test_sketches_of_several_outputs_and_of_none() -> None:
    """Each output has its own; constant outputs, and those that are not finite, have none."""
    sketches = sketches_of("a b", "7", "a*b", "log(a - 3)", "a + b")
    assert {sketch.output for sketch in sketches} == {1, 3}


def test_the_rows_asked_for_are_bounded() -> None:
    """A function without structure costs no more than the budget, and a few rows to begin with."""
    names = tuple(f"x{i}" for i in range(8))
    asked = 0

    def oracle(X: Array) -> Array:
        nonlocal asked
        asked += len(X)
        return np.sin(X @ X.T[:, :1] * 0.0 + (X**2) @ np.arange(1, 9)[:, None] / 9) + X[:, :1] ** 3

    find_sketches(
        oracle, slopes_of(oracle_of(names, "x0")), box(8), names, np.random.default_rng(0),
        budget=100_000,
    )  # fmt: skip
    assert asked <= 102_000


@pytest.mark.long
@pytest.mark.slow
def test_a_network_is_sketched_as_the_law_that_it_learned() -> None:
    """A network's best sketch is as near to it as the law is."""
    names, formula = ("m", "v", "u"), "m*(v**2 + u**2)/2"
    network = network_of(" ".join(names), formula)
    sketches = find_sketches(
        network.predict, network.gradients, box(3), names, np.random.default_rng(0)
    )
    X = box(3).sample(1000, np.random.default_rng(1))
    law, values = parse_formula(formula, names)(X), network.predict(X)[:, 0]
    deviation = np.mean((law - values) ** 2) / values.var()
    assert sketches[0].error < 2.0 * deviation
