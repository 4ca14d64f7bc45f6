"""Formulas as steps: the same values, in the functions that there are."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.datasets.formula import parse_formula
from srnet_cli.primitives import PUBLISHED_FUNCTIONS
from srnet_cli.structure import postfix
from srnet_cli.structure.postfix import Step

NAMES = ("a", "b")
FUNCTIONS = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "square": np.square,
    "sqrt": np.sqrt,
    "log": np.log,
    "exp": np.exp,
    "sin": np.sin,
}
BINARY = {"add", "sub", "mul", "div"}


def run(steps: tuple[Step, ...], X: np.ndarray) -> np.ndarray:
    """The values of steps on a stack."""
    stack: list[np.ndarray] = []
    for step in steps:
        if isinstance(step, str):
            count = 2 if step in BINARY else 1
            operands = [stack.pop() for _ in range(count)][::-1]
            stack.append(FUNCTIONS[step](*operands))
        else:
            stack.append(X[:, step] if isinstance(step, int) else np.full(len(X), step))
    (values,) = stack
    return values


@pytest.mark.parametrize(
    "text",
    [
        "a - 2*b/3",
        "-a + b**2",
        "a**3*b**(-2)",
        "sqrt(a**(1/2) + b**(-3/2))",
        "2.5*(sin(1.5*a + -0.2)) + 1",
        "a**1.37",
    ],
)
def test_steps_have_the_values_of_the_formula(text: str) -> None:
    """Every operation, and powers of all kinds."""
    X = np.random.default_rng(0).uniform(1, 3, (20, 2))
    steps = postfix(text, NAMES, FUNCTIONS)
    assert steps is not None
    np.testing.assert_allclose(run(steps, X), parse_formula(text, NAMES)(X), rtol=1e-12)


def test_without_the_functions_there_are_no_steps() -> None:
    """A formula that the functions cannot write is refused; squares are written as products."""
    assert postfix("exp(a)", NAMES, PUBLISHED_FUNCTIONS) is None
    assert postfix("a**0.3", NAMES, PUBLISHED_FUNCTIONS) is None
    assert postfix("c + 1", NAMES, PUBLISHED_FUNCTIONS) is None
    assert postfix("a**2", NAMES, ("mul",)) == (0, 0, "mul")
