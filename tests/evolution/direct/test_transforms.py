import numpy as np
import pytest
from direct_trees import is_tidy, values

from srnet_cli.cgp.kernels.direct.tree import FIRST_INPUT
from srnet_cli.evolution.direct.transforms import usable_transforms
from srnet_cli.evolution.direct.trees import tree_of
from srnet_cli.primitives import BY_NAME, PUBLISHED_FUNCTIONS

X = np.random.default_rng(0).uniform(1.0, 2.0, (30, 2))
SUM = tree_of(
    (FIRST_INPUT, 1.0, False), (FIRST_INPUT + 1, 1.0, False), (BY_NAME["add"].opcode, 1.0, False)
)
EVERYTHING = [*PUBLISHED_FUNCTIONS, "exp"]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize(("weight", "bias"), [(0.7, 0.3), (-0.2, 1.5)])
def test_going_back_gives_y_up_to_its_readout(number, weight, bias):
    """Where t(y) = w·f + b, the tree for y is proportional to y."""
    transform = usable_transforms(np.ones(3), EVERYTHING)[number]
    told = weight * X.sum(axis=1) + bias
    inverse = {
        "square": np.sqrt,
        "reciprocal": np.reciprocal,
        "reciprocal square": lambda t: 1.0 / np.sqrt(t),
        "logarithm": np.exp,
    }[transform.name]
    y = inverse(told)
    np.testing.assert_allclose(transform.apply(y), told)
    tree = transform.back(SUM, weight, bias, has_bias=True)
    assert tree is not None
    assert is_tidy(tree)
    ratio = values(tree, X) / y
    np.testing.assert_allclose(ratio, ratio[0])


def test_targets_of_both_signs_are_left_as_they_are():
    assert usable_transforms(np.array([-1.0, 1.0]), EVERYTHING) == []


def test_only_functions_of_the_set_lead_back():
    names = {row.name for row in usable_transforms(np.ones(3), ["add", "sub", "mul", "sqrt"])}
    assert names == {"square"}
