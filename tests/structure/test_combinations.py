"""Inputs that matter through one number: which number, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_functions import Array, box, slopes_of, structure_of

from srnet_cli.structure import find_structure


@pytest.mark.parametrize(
    ("names", "formula", "expected"),
    [
        ("a b c", "c*exp(sin(a - b))", "a - b"),
        ("a b c", "c*exp(sin(a + b))", "a + b"),
        ("a b c", "sin(a*b) + c", "a*b"),
        ("a b c", "sin(a/b) + c", "a/b"),
        ("a b c", "c*sin(2*a + 3*b)", "2*a + 3*b"),
        ("a b c", "sin(a**2 + b**2) + c", "a**2 + b**2"),
        ("a b c", "sin(a**2 - 2*b**2) + c", "a**2 - 2*b**2"),
        ("a b c", "sin(a*b**2/sqrt(c))", "a**2*b**4/c"),
        ("a b c", "exp(sin(1/a + 1/b))*c", "1/a + 1/b"),
        ("a b c d", "d*sqrt(a**2 + b**2 + c**2)", "a**2 + b**2 + c**2"),
        ("a b c d", "d + cos(a - b + 2*c)", "a - b + 2*c"),
        ("a b c d", "exp(-a)*b*c/d**2", "b*c/d**2"),
    ],
)
def test_combinations(names: str, formula: str, expected: str) -> None:
    """The number is found with its coefficients, for as many inputs as it has."""
    combinations = structure_of(names, formula).combinations(0)
    assert [combination.expression(names.split()) for combination in combinations] == [expected]


def test_coefficients_that_are_no_simple_fractions() -> None:
    """Other coefficients are given as numbers, the first as 1."""
    (combination,) = structure_of("a b", "exp(sin(a + 0.437*b))").combinations(0)
    assert combination.exact is None
    assert combination.coefficients == (1.0, pytest.approx(0.437, rel=1e-3))


@pytest.mark.parametrize("formula", ["a*sin(b) + b", "sin(a*b) + a", "exp(a) + a*b**2"])
def test_no_combination_where_there_is_none(formula: str) -> None:
    """Two inputs that matter separately are not joined."""
    assert not structure_of("a b", formula).combinations(0)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=4), st.integers(0, 2**20), st.booleans())
@settings(max_examples=25, deadline=None)
def test_random_ridges_and_monomials(sizes: list[int], seed: int, is_product: bool) -> None:
    """Whole coefficients and exponents of either sign are found exactly, up to a common factor."""
    rng = np.random.default_rng(seed)
    weights = np.array(sizes) * rng.choice([-1, 1], len(sizes))

    def oracle(X: Array) -> Array:
        number = (np.log(X) if is_product else X) @ weights / np.abs(weights).sum()
        return (np.sin(3.0 * number) + number**2)[:, None]

    names = "abcd"[: len(sizes)]
    structure = find_structure(oracle, slopes_of(oracle), box(len(sizes)), names, rng)
    (combination,) = structure.combinations(0)
    assert combination.transform == ("log" if is_product else "identity")
    ratio = np.array(combination.coefficients) / weights
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
    assert combination.exact is not None
