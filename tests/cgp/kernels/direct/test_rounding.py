"""Trees without weights, and such as are too large."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.cgp.kernels.direct.rounding import strip_tree
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FIRST_INPUT, MAX_TREE, new_tree

pytestmark = pytest.mark.nojit


def test_weights_go_and_constants_are_units() -> None:
    """Nothing is free afterwards but constants."""
    tree = new_tree()
    tree.head[0] = 3
    tree.codes[:3] = [FIRST_INPUT, CONSTANT, CONSTANT]
    tree.weights[:3] = [2.5, -0.3, 7.0]
    tree.free[:3] = 1
    strip_tree(tree)
    np.testing.assert_array_equal(tree.weights[:3], [1.0, -1.0, 1.0])
    np.testing.assert_array_equal(tree.free[:3], [0, 1, 1])


def test_a_tree_that_is_too_large_is_not_touched() -> None:
    """Its nodes do not all exist: that would write behind the array's end."""
    tree = new_tree()
    tree.head[0] = MAX_TREE + 1
    tree.codes[:] = FIRST_INPUT
    tree.weights[:] = 2.0
    strip_tree(tree)
    assert (tree.weights == 2.0).all()
