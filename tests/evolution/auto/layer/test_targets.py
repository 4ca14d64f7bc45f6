"""What expressions are for: the directions in which units vary, how many, and which units."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from srnet_cli.evolution.auto.layer.targets import (
    decisive_targets,
    expressions_by_layer,
    expressions_wanted,
    independent_units,
    layer_targets,
    principal_targets,
)
from srnet_cli.evolution.problem import Problem

Array = NDArray[np.float64]

RNG = np.random.default_rng


def units(n: int = 300, m: int = 4, rank: int = 4, seed: int = 0) -> Array:
    rng = RNG(seed)
    return rng.normal(size=(n, rank)) @ rng.normal(size=(rank, m)) * 10.0 ** np.arange(m) + 5.0


def unexplained_share(columns: Array, targets: Array) -> float:
    design = np.column_stack([np.ones(len(columns)), columns])
    left = targets - design @ np.linalg.lstsq(design, targets, rcond=None)[0]
    return float(np.sum(left**2) / np.sum((targets - targets.mean(axis=0)) ** 2))


def test_principal_targets_keep_what_any_expression_explains() -> None:
    """Rotated targets leave every set of columns the same unexplained sum over standardised,
    weighted units."""
    H = units()
    importance = np.array([1.0, 2.0, 0.5, 1.0])
    rotated = principal_targets(H, importance)
    standard = (H - H.mean(axis=0)) / H.std(axis=0) * importance
    columns = RNG(1).normal(size=(300, 2)) + standard[:, :1]
    assert unexplained_share(columns, rotated) == pytest.approx(
        unexplained_share(columns, standard), rel=1e-10
    )
    assert np.sum(rotated**2) == pytest.approx(np.sum(standard**2), rel=1e-10)


def test_duplicated_collinear_and_constant_units_cost_nothing() -> None:
    """As many targets are left as there are directions; at least one."""
    H = units(rank=2)
    assert principal_targets(H, np.ones(4)).shape == (300, 2)
    assert principal_targets(np.repeat(H[:, :1], 100, axis=1), np.ones(100)).shape == (300, 1)
    with_constant = np.column_stack([H[:, 0], np.full(300, 1e9), np.zeros(300)])
    assert principal_targets(with_constant, np.ones(3)).shape == (300, 1)
    nothing = principal_targets(np.full((300, 3), 0.1), np.ones(3))
    assert nothing.shape == (300, 1)
    assert not nothing.any()


def test_the_last_hidden_layer_is_fitted_to_the_outputs_as_well() -> None:
    """A direction in which only the outputs vary counts there as much as all its units do."""
    rng = RNG(3)
    common = rng.normal(size=(500, 1))
    small = rng.normal(size=(500, 1))
    hidden = np.repeat(common, 4, axis=1) + 1e-3 * small * np.array([1.0, -1.0, 1.0, -1.0])
    targets = [hidden, hidden, small]
    first, last = layer_targets(targets, 0), layer_targets(targets, 1)
    assert unexplained_share(common, first) < 1e-4
    assert unexplained_share(common, last) == pytest.approx(0.5, abs=0.05)
    assert unexplained_share(small, layer_targets(targets, 2)) < 1e-12


def test_how_many_expressions() -> None:
    """auto: the least number of principal components with 99.9 % of the variance; a number: that,
    but no more than there are directions."""
    scales = np.array([10.0, 1.0, 0.1, 0.01])
    basis = np.linalg.qr(RNG(4).normal(size=(200, 4)))[0]
    targets = basis * scales
    for share_left, expected in [(1.0 / 101, 2), (0.01 / 101, 2)]:
        assert share_left < 0.01
        assert expressions_wanted(targets, "auto") == expected
    assert expressions_wanted(basis, "auto") == 4
    assert [expressions_wanted(targets, k) for k in (1, 3, 4, 50)] == [1, 3, 4, 4]
    assert expressions_wanted(np.zeros((10, 1)), "auto") == 1
    wide = np.linalg.qr(RNG(5).normal(size=(200, 60)))[0]
    assert expressions_wanted(wide, "auto") == 32


def test_rows_that_only_judge_say_how_many() -> None:
    """Rows to fit may be chosen ones, on which other directions count; without others they do."""
    rng = RNG(6)
    even = np.column_stack([rng.normal(size=500), 1e-3 * rng.normal(size=500)])
    hidden = np.column_stack([even[:, 0], even[:, 0] + even[:, 1]])
    chosen = rng.normal(size=(100, 2))
    rows = np.concatenate([chosen, hidden])
    problem = Problem(rows, (rows, rows, rows[:, :1]), 100)
    assert expressions_by_layer(problem, "auto") == [1, 1, 1]
    alone = Problem(chosen, (chosen, chosen, chosen[:, :1]), 100)
    assert expressions_by_layer(alone, "auto") == [2, 2, 1]
    assert expressions_by_layer(problem, 3) == [2, 2, 1]
    few = Problem(rows[:150], (rows[:150], rows[:150], rows[:150, :1]), 100)
    assert expressions_by_layer(few, "auto") == [2, 2, 1]
    rare = np.column_stack([rng.normal(size=200), np.arange(200) == 7, np.zeros(200)])
    unseen = Problem(rare, (rare, rare[:, :1]), 100)
    assert expressions_by_layer(unseen, 3) == [2, 1]


def test_independent_units() -> None:
    """As many as the rank, distinct, and all units are weighted sums of them."""
    H = np.column_stack([units(rank=3, m=6), np.full(300, 2.0), np.zeros(300)])
    own = independent_units(H)
    assert len(set(own.tolist())) == len(own) == 3
    assert max(own) < 6
    standard = (H - H.mean(axis=0))[:, :6] / H.std(axis=0)[:6]
    assert unexplained_share(standard[:, own], standard) < 1e-20
    assert len(independent_units(np.full((10, 3), 0.1))) == 0
    assert independent_units(RNG(7).normal(size=(50, 1))).tolist() == [0]


def test_hidden_layers_are_fitted_to_what_outputs_make_of_them() -> None:
    """A direction in which the units hardly vary, but which the outputs follow, counts as much as
    all units, as it does in the last hidden layer; without effects it does not."""
    rng = RNG(8)
    common, small = rng.normal(size=(2, 500, 1))
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    hidden = np.repeat(common, 4, axis=1) + 1e-3 * small * signs
    targets = [hidden, hidden, small]
    effects = [signs[:, np.newaxis] * 250.0, signs[:, np.newaxis] * 250.0]
    assert unexplained_share(common, layer_targets(targets, 0)) < 1e-4
    followed = layer_targets(targets, 0, effects)
    assert unexplained_share(common, followed) == pytest.approx(0.5, abs=0.05)
    for index in (1, 2):
        np.testing.assert_array_equal(
            layer_targets(targets, index, effects), layer_targets(targets, index)
        )
    for nothing in (np.zeros((4, 1)), np.full((4, 1), np.inf), np.ones((4, 0))):
        with np.errstate(all="ignore"):
            same = layer_targets(targets, 0, [nothing, nothing])
        np.testing.assert_array_equal(same, layer_targets(targets, 0))


def test_targets_that_tell_next_to_nothing_are_left_out() -> None:
    """All but a millionth of the squares is kept, and sixteen at least."""
    basis = np.linalg.qr(RNG(9).normal(size=(300, 40)))[0]
    falling = basis * np.concatenate([np.ones(25), np.full(15, 1e-4)])
    np.testing.assert_array_equal(decisive_targets(falling), falling[:, :25])
    np.testing.assert_array_equal(decisive_targets(falling[:, 20:]), falling[:, 20:36])
    np.testing.assert_array_equal(decisive_targets(falling[:, :9]), falling[:, :9])
    assert decisive_targets(np.zeros((10, 1))).shape == (10, 1)


def test_outputs_that_follow_few_directions_take_no_expressions_away() -> None:
    """The units keep as many as they need themselves."""
    hidden = np.linalg.qr(RNG(10).normal(size=(400, 5)))[0]
    targets = (hidden, hidden[:, :2], hidden[:, :1])
    effects = (np.eye(5)[:, :1] * 1e3, np.eye(2)[:, :1])
    problem = Problem(hidden, targets, 400, effects=effects)
    assert expressions_by_layer(problem, "auto") == [5, 2, 1]


@pytest.mark.parametrize(("rows", "directions"), [(400, 9), (120, 9), (400, 200), (400, 0)])
def test_thousands_of_units_cost_as_many_directions(rows: int, directions: int) -> None:
    """Targets of a wide layer have the inner products that the layer's own columns have."""
    rng = np.random.default_rng(2)
    units = rng.normal(size=(rows, max(directions, 1))) @ rng.normal(size=(max(directions, 1), 500))
    units = units * (directions > 0) + 3.0
    units[:, 7] = 1e-3 * units[:, 8]
    importance = rng.uniform(0.5, 2.0, 500)
    targets = principal_targets(units, importance)
    assert targets.shape == (rows, max(directions, 1))
    spread = units.std(axis=0) if directions else np.ones(500)
    columns = (units - units.mean(axis=0)) / spread * importance
    inner = columns @ columns.T
    np.testing.assert_allclose(
        targets @ targets.T, inner, atol=1e-9 * max(1.0, np.abs(inner).max())
    )
    squares = np.sum(targets**2, axis=0)
    assert (np.diff(squares) <= 0.0).all()


def test_of_more_directions_those_that_hold_most_are_kept() -> None:
    """Of 400 directions the strongest 256 leave about what the singular values say is left."""
    rng = np.random.default_rng(3)
    left, right = (np.linalg.qr(rng.normal(size=(n, 400)))[0] for n in (600, 500))
    units = left * np.geomspace(1.0, 1e-4, 400) @ right.T
    targets = principal_targets(units, units.std(axis=0))
    exact = np.linalg.svd(units - units.mean(axis=0), compute_uv=False) ** 2
    assert targets.shape == (600, 256)
    lost = exact.sum() - np.sum(targets**2)
    assert exact[256:].sum() * 0.999 <= lost <= 2.0 * exact[256:].sum()
