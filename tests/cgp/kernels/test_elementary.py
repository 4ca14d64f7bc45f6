"""Elementary functions: accuracy against arithmetic of high precision, also out of fast range."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from closeness import true_ulps, ulps

from srnet_cli.cgp.kernels import elementary
from srnet_cli.cgp.kernels.elementary import (
    EXP_LIMIT,
    LOG_HIGHEST,
    LOG_LOWEST,
    TANH_LIMIT,
    TRIG_LIMIT,
)
from srnet_cli.cgp.kernels.interpreter import apply
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.primitives import BY_NAME

COUNT = 40 if JIT_DISABLED else 400
LEAST, GREATEST = np.finfo(np.float64).smallest_subnormal, np.finfo(np.float64).max

TRUTH = {
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "log": mpmath.log,
    "exp": mpmath.exp,
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
}
# Bounds on the error, in units in the last place. The greatest found in some 10^5 arguments drawn
# as below: sin and cos 1.37, tan 2.51, log 0.83, exp 0.99, tanh 2.53, sigmoid 2.25.
BOUNDS = {"sin": 1.5, "cos": 1.5, "tan": 3, "log": 1, "exp": 1, "tanh": 3, "sigmoid": 3}


def applied(name, x):
    """A primitive on all arguments at once, as programs compute it."""
    n = len(x)
    memory = np.concatenate([x, np.zeros(n)])
    apply(memory, BY_NAME[name].opcode, n, 0, 0, n)
    return memory[n:]


def signed(rng, low, high):
    """Numbers of either sign whose magnitudes are log-uniform between powers of ten."""
    return rng.choice([-1, 1], COUNT) * 10 ** rng.uniform(low, high, COUNT)


def arguments(name):
    """Arguments over all of the fast range, dense where accuracy is lost most easily."""
    rng = np.random.default_rng(11)
    if name in ("sin", "cos", "tan"):
        most = int(TRIG_LIMIT / (np.pi / 2))
        near = rng.integers(-most, most, COUNT, endpoint=True) * (np.pi / 2)
        spans = [rng.uniform(-end, end, COUNT) for end in (1, 10, 1000, TRIG_LIMIT)]
        ends = [TRIG_LIMIT, -TRIG_LIMIT, np.pi, np.pi / 2, np.pi / 4]
        values = [near, np.nextafter(near, 0), signed(rng, -300, 5), *spans, ends]
    elif name == "log":
        near_one = 1 + signed(rng, -16, -1)
        spans = [rng.uniform(0.01, 3, COUNT), 10 ** rng.uniform(-307, 308, COUNT)]
        halves = np.sqrt(0.5) * (1 + signed(rng, -16, -3))
        values = [near_one, halves, 2 * halves, *spans, [LOG_LOWEST, LOG_HIGHEST, 1.0, 0.5, 2.0]]
    else:
        limit = TANH_LIMIT if name == "tanh" else EXP_LIMIT
        halves = np.arange(-COUNT, COUNT) * (np.log(2) / 2)
        spans = [rng.uniform(-end, end, COUNT) for end in (1, 8, limit)]
        values = [signed(rng, -300, 0), halves, *spans, [limit, -limit]]
        return np.clip(np.concatenate(values), -limit, limit)
    return np.concatenate(values)


@pytest.mark.nojit
@pytest.mark.parametrize("name", TRUTH)
def test_accuracy_within_the_fast_range(name):
    """Every value is within the stated distance of the true one, also near roots and poles."""
    x = arguments(name)
    assert true_ulps(applied(name, x), x, TRUTH[name]).max() < BOUNDS[name]


@pytest.mark.nojit
@pytest.mark.parametrize("name", TRUTH)
def test_one_value_and_many_agree(name):
    """A function of one number is as accurate as over a block, where it is vectorised."""
    x = arguments(name)[::7]
    function = getattr(elementary, f"fast_{name}")
    with np.errstate(all="ignore"):
        values = np.array([function(value) for value in x])
    assert true_ulps(values, x, TRUTH[name]).max() < BOUNDS[name]


@pytest.mark.nojit
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_trigonometric_functions_of_large_arguments(name):
    """Beyond the fast range every value is within 1 unit in the last place, up to the largest."""
    x = np.concatenate(
        [
            signed(np.random.default_rng(12), 5, 22),
            signed(np.random.default_rng(13), 22, 308),
            np.nextafter([TRIG_LIMIT, -TRIG_LIMIT], [np.inf, -np.inf]),
            [1e22, GREATEST, -GREATEST],
        ]
    )
    assert true_ulps(applied(name, x), x, TRUTH[name]).max() < 1


OUTSIDE = {
    "log": [LEAST, 1e-310, np.nextafter(LOG_LOWEST, 0)],
    "exp": [700.1, 709.7, 709.8, 1e5, GREATEST, -700.1, -708.5, -740.0, -745.2, -1e5, -GREATEST],
    "tanh": [20.1, 350.0, 1e300, -20.1, -350.0, -GREATEST],
    "sigmoid": [700.1, 710.0, 1e300, -700.1, -709.7, -710.0, -746.0, -1e300],
    "gaussian": [26.4, 26.5, 27.0, 27.4, 40.0, 1e155, 1e300, -26.5, -27.0, -GREATEST],
}
NUMPY = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "log": np.log,
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "gaussian": lambda x: np.exp(-(x * x)),
}


@pytest.mark.nojit
@pytest.mark.parametrize("name", NUMPY)
def test_values_out_of_the_fast_range_are_those_of_numpy(name):
    """Where the fast functions do not reach, values are NumPy's: finite, zero, infinite or NaN."""
    always = [0.0, -0.0, np.inf, -np.inf, np.nan]
    negative = [-LEAST, -1.0, -GREATEST] if name == "log" else []
    x = np.array(always + negative + OUTSIDE.get(name, []))
    with np.errstate(all="ignore"):
        expected = NUMPY[name](x)
    assert ulps(applied(name, x), expected).max() <= 1


@pytest.mark.nojit
@pytest.mark.parametrize("name", NUMPY)
def test_one_value_out_of_range_leaves_its_neighbours_alone(name):
    """A block with arguments in and out of range gives each the value that it has by itself."""
    x = np.linspace(0.1, 9, 64)
    alone = applied(name, x)
    x[::9] = np.nan
    mixed = applied(name, x)
    assert np.isnan(mixed[::9]).all()
    keep = ~np.isnan(x)
    np.testing.assert_array_equal(mixed[keep], alone[keep])


@pytest.mark.nojit
def test_exact_values():
    """Values that formulas are simplified by hold exactly: log 1, exp 0, sin 0 and their like."""
    exact = {"log": (1, 0), "exp": (0, 1), "sin": (0, 0), "cos": (0, 1), "tan": (0, 0)}
    exact |= {"tanh": (0, 0), "sigmoid": (0, 0.5), "gaussian": (0, 1)}
    for name, (x, value) in exact.items():
        np.testing.assert_array_equal(applied(name, np.full(5, float(x))), float(value))
