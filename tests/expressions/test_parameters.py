"""The numbers of a formula as parameters: steps that lower an error."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.expressions.parameters import damped_step


def test_a_step_solves_a_linear_problem() -> None:
    """Without damping, of independent columns, it is the least-squares solution."""
    rng = np.random.default_rng(0)
    slopes, residual = rng.normal(size=(30, 3)), rng.normal(size=30)
    expected = np.linalg.lstsq(slopes, residual, rcond=None)[0]
    assert damped_step(slopes, residual, 0.0) == pytest.approx(expected)


def test_numbers_that_do_the_same_share_a_step() -> None:
    """Two equal columns make the system singular: both move alike, and together as far as one."""
    column = np.linspace(1.0, 2.0, 20)
    step = damped_step(np.column_stack([column, column]), 3.0 * column, 0.0)
    assert step == pytest.approx([1.5, 1.5])


@pytest.mark.parametrize("value", [np.inf, np.nan, 0.0])
def test_a_column_without_use_does_not_move(value: float) -> None:
    """Slopes that are 0 or not finite give no step; the others go on."""
    column = np.linspace(1.0, 2.0, 20)
    step = damped_step(np.column_stack([np.full(20, value), column]), 3.0 * column, 0.0)
    assert step == pytest.approx([0.0, 3.0])
