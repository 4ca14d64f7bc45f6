"""The damped step: what it solves, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from srnet_cli.cgp.damping import damped_step

Array = NDArray[np.float64]


def problem(seed: int, scale: float = 1.0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    jacobian = rng.normal(size=(30, 5)) * 10.0 ** rng.uniform(-scale, scale, 5)
    return jacobian.T @ jacobian, jacobian.T @ rng.normal(size=30)


@pytest.mark.parametrize("damping", [1e-12, 1e-2, 10.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_step_solves_the_damped_system(seed: int, damping: float) -> None:
    """A with its diagonal enlarged, times the step, is the right side."""
    system, right = problem(seed)
    step = damped_step(system, right, damping)
    enlarged = system + damping * np.diag(np.diag(system))
    np.testing.assert_allclose(enlarged @ step, right, rtol=1e-8, atol=1e-8 * np.abs(right).max())


def test_units_of_parameters_do_not_matter() -> None:
    """A parameter in other units takes the same step in those."""
    system, right = problem(4)
    units = np.array([1.0, 1e6, 1e-6, 3.0, 1e3])
    step = damped_step(system, right, 0.1)
    other = damped_step(system * units * units[:, None], right * units, 0.1)
    np.testing.assert_allclose(other * units, step, rtol=1e-9)


def test_where_there_is_no_step() -> None:
    """A number that is not finite gives none; a parameter without effect stays where it is."""
    system, right = problem(5)
    for bad in (np.nan, np.inf):
        assert damped_step(np.where(np.eye(5) == 1, bad, system), right, 0.1) is None
        assert damped_step(system, np.full(5, bad), 0.1) is None
    system[2], system[:, 2], right[2] = 0.0, 0.0, 0.0
    step = damped_step(system, right, 0.1)
    assert step[2] == 0.0
    assert np.isfinite(step).all()
