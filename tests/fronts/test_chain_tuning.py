"""The constants of a chain, tuned through all of its layers."""

from __future__ import annotations

import numpy as np
import pytest
from small_chains import OUTPUT, PROBLEM, ROWS, WEIGHTS, leaf, tanh_of_total, total, unit

from srnet_cli.fronts import chain_tuning
from srnet_cli.fronts.chain import Line
from srnet_cli.fronts.chain_tuning import ChainTuning


def test_equations_are_those_of_finite_differences() -> None:
    tuning = ChainTuning(ROWS, PROBLEM.targets)
    lines = (
        {number: Line.from_member(unit(number)[-1]) for number in (0, 1)},
        {0: Line(total(3, 1.3, -0.1), 0.9, 0.2, 8)},
    )
    constants = chain_tuning._constants(lines)
    system, right = tuning._normal_equations(lines)
    assert system.shape == (len(constants), len(constants))
    for place in range(len(constants)):
        step = np.zeros(len(constants))
        step[place] = 1e-6
        up, down = (tuning._loss(chain_tuning._moved(lines, sign * step)) for sign in (1.0, -1.0))
        assert -2.0 * right[place] == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-7)


def test_constants_that_are_off_are_found() -> None:
    """The layers are tuned together: the outputs come right, and so do the units."""
    (a, b), (c, e) = WEIGHTS[:, 0].tolist(), WEIGHTS[:, 1].tolist()
    off = (
        {
            0: Line(tanh_of_total(1.05 * a, 0.95 * b), 1.0, 0.0, 8),
            1: Line(tanh_of_total(0.9 * c, 1.1 * e), 1.0, 0.0, 8),
        },
        {0: Line(total(3, 1.4, -0.3), 1.0, 0.1, 8)},
    )
    tuning = ChainTuning(ROWS, PROBLEM.targets)
    lines = tuning.tuned(off, 40)
    assert lines is not None
    np.testing.assert_allclose(tuning.units(lines)[-1], OUTPUT, atol=1e-4)
    np.testing.assert_allclose(lines[1][0].program.coefficients, [[1.5, -0.2]], atol=1e-2)


def test_without_constants_nothing_is_tuned() -> None:
    lines = ({0: Line(leaf(2, 0), 1.0, 0.0, 1)}, {0: Line(leaf(3, 0), 1.0, 0.0, 1)})
    assert ChainTuning(ROWS, PROBLEM.targets).tuned(lines, 5) is None
