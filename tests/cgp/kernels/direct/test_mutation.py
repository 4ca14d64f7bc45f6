import numpy as np
import pytest
from direct_trees import alphabet, is_tidy, random_tree, values
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.cgp.kernels.direct.mutation import CHANCES, change, pick_change
from srnet_cli.cgp.kernels.direct.tree import MAX_TREE, new_tree
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.evolution.direct.shortening import shorter_trees
from srnet_cli.evolution.direct.trees import program_of

FUNCTIONS = ["add", "sub", "mul", "div", "square", "sqrt", "log", "sin"]
X = np.random.default_rng(0).uniform(1.0, 3.0, (7, 2))


@pytest.mark.nojit
@given(
    kind=st.integers(0, len(CHANCES) - 1),
    size=st.integers(0, 9),
    seed=st.integers(0, 10**6),
)
def test_a_changed_tree_is_a_tree_or_of_no_use(kind, size, seed):
    """Whatever is done to a tree, what comes through ``tidy`` is one formula of the inputs."""
    tree = random_tree(FUNCTIONS, 2, size, seed)
    donor = random_tree(FUNCTIONS, 2, 3, seed + 1)
    if tree is None or donor is None:
        return
    child = new_tree()
    stream = np.array([seed], dtype=np.uint64)
    starts = np.zeros(MAX_TREE, dtype=np.int64)
    change(kind, tree, child, donor, starts, alphabet(FUNCTIONS, 2), stream)
    if not is_tidy(child):
        return
    program = program_of(child, np.arange(2), np.ones(2), 2)
    np.testing.assert_allclose(evaluate(program, X), values(child, X), rtol=1e-9)


@pytest.mark.nojit
def test_every_kind_of_change_is_picked():
    stream = np.array([1], dtype=np.uint64)
    assert {pick_change(stream) for _ in range(2000)} == set(range(len(CHANCES)))


@pytest.mark.nojit
@given(size=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_shorter_trees_are_trees(size, seed):
    """What is left when something is taken away still has one value per row."""
    tree = random_tree(FUNCTIONS, 2, size, seed)
    if tree is None:
        return
    for shorter in shorter_trees(tree):
        assert shorter.head[0] <= tree.head[0]
        assert values(shorter, X).shape == (7,)
