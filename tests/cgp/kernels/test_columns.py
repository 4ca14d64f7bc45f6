"""Arithmetic on columns of the flat memory, held against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.cgp.kernels.columns import centre, product, scale, subtract

N = 37  # no multiple of a vector
X, Y = np.random.default_rng(0).normal(size=(2, N))
RESULT = {
    "centre": (lambda memory: centre(memory, 0, 2 * N, 0.3, N), X - 0.3),
    "scale": (lambda memory: scale(memory, 0, 2 * N, -1.7, N), -1.7 * X),
    "product": (lambda memory: product(memory, 2 * N, 0, N, N), X * Y),
}


@pytest.mark.nojit
@pytest.mark.parametrize("name", RESULT)
def test_a_column_is_written_and_nothing_beside_it(name):
    write, expected = RESULT[name]
    memory = np.concatenate([X, Y, np.zeros(N), [5.0]])
    write(memory)
    np.testing.assert_array_equal(memory, np.concatenate([X, Y, expected, [5.0]]))


@pytest.mark.nojit
def test_a_multiple_is_subtracted_in_place():
    memory = np.concatenate([X, Y, [5.0]])
    subtract(memory, N, 0.6, 0, N)
    np.testing.assert_allclose(memory[N : 2 * N], Y - 0.6 * X, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(memory[:N], X)
    assert memory[2 * N] == 5.0
