import numpy as np
import pytest
from direct_trees import is_tidy, values

from srnet_cli.evolution.direct.seeds import general_trees, grouped_trees
from srnet_cli.evolution.direct.settings import Hints
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

X = np.random.default_rng(0).uniform(1.0, 5.0, (50, 3))


def is_proportional(tree, y):
    ratio = values(tree, X) / y
    return bool(np.allclose(ratio, ratio[0]))


@pytest.mark.parametrize("powers", [(1, 2, 0), (1, -2, 1), (0.5, 0, -1), (-1, -1, -3), (0, 4, 1.5)])
def test_a_power_law_is_among_the_first_trees(powers):
    y = np.prod(X ** np.array(powers), axis=1)
    trees = general_trees(X, y, PUBLISHED_FUNCTIONS, ())
    assert any(is_tidy(tree) and is_proportional(tree, y) for tree in trees)


def test_exponents_that_are_known_count():
    """Where the rows by themselves say something else."""
    y = X[:, 0] ** 2
    trees = general_trees(X, np.ones(50), PUBLISHED_FUNCTIONS, (2.0, 0.0, 0.0))
    assert any(is_tidy(tree) and is_proportional(tree, y) for tree in trees)


def test_a_weighted_sum_is_among_the_first_trees():
    y = X @ np.array([1.0, -2.0, 0.5])
    trees = general_trees(X, y, ["add"], ())
    assert any(np.allclose(values(tree, X) - y, (values(tree, X) - y)[0]) for tree in trees)


def test_trees_of_known_groups():
    """(x0 + x2)*x1 and x0*x2 + x1, where the inputs are columns 4, 5 and 7 of all."""
    hints = Hints(products=((4, 7), (5,)), sums=((4, 7), (5, 9)))
    product, total = grouped_trees(np.array([4, 5, 7]), hints, PUBLISHED_FUNCTIONS)
    np.testing.assert_allclose(values(product, X), (X[:, 0] + X[:, 2]) * X[:, 1])
    np.testing.assert_allclose(values(total, X), X[:, 0] * X[:, 2] + X[:, 1])
