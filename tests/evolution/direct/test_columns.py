import numpy as np

from srnet_cli.evolution.direct.columns import chances_of, power_of_ten, stratified, useful_columns

X = np.random.default_rng(0).normal(size=(400, 40))


def test_inputs_that_never_change_are_left_out():
    constant = X.copy()
    constant[:, 3] = 7.0
    assert 3 not in useful_columns(constant, X[:, 0], (), 100).numbers


def test_of_many_inputs_those_with_an_effect_are_kept():
    """A linear one, and one that only its square shows."""
    y = X[:, 31] + 3.0 * X[:, 7] ** 2
    assert {7, 31} <= set(useful_columns(X, y, (), 5).numbers.tolist())


def test_factors_without_an_effect_of_their_own_are_kept():
    """The mean of x3*x7 is 0 whatever x3 is; its spread is not."""
    X = np.random.default_rng(1).normal(size=(4000, 40))
    assert {3, 7} <= set(useful_columns(X, X[:, 3] * X[:, 7], (), 10).numbers.tolist())


def test_without_any_useful_input_there_are_no_columns():
    assert len(useful_columns(X[:, :2], X[:, 5], (0, 1), 30).numbers) == 0


def test_scales_are_powers_of_ten_and_only_where_they_help():
    columns = useful_columns(X * np.logspace(-20, 19, 40), X[:, 0], (), 40)
    np.testing.assert_allclose(np.log10(columns.units) % 1.0, 0.0, atol=1e-9)
    assert power_of_ten(3.0) == power_of_ten(0.0) == power_of_ten(np.inf) == 1.0
    sizes = np.sqrt(np.mean(columns.select(X * np.logspace(-20, 19, 40)) ** 2, axis=0))
    assert ((sizes > 1e-5) & (sizes < 1e5)).all()


def test_strata_take_one_row_of_every_stretch():
    y = np.arange(100.0)
    rows = stratified(y, 10, np.random.default_rng(1))
    assert (rows // 10).tolist() == list(range(10))
    assert stratified(y, 200, np.random.default_rng(1)).tolist() == list(range(100))


def test_chances_are_even_for_few_and_lean_on_effects_for_many():
    np.testing.assert_allclose(chances_of(X[:, :4], X[:, 0]), 0.25)
    chances = chances_of(X, X[:, 11])
    assert chances.argmax() == 11
    assert chances.sum() == 1.0 or abs(chances.sum() - 1.0) < 1e-12


def test_of_many_inputs_some_rows_tell_which_count() -> None:
    """Even where an input, or the output, never changes on those rows."""
    rng = np.random.default_rng(8)
    X = rng.normal(size=(9000, 400))
    X[:, 0] = np.where(np.arange(9000) == 5000, 1.0, 0.0)
    y = X[:, 250] * X[:, 251] + X[:, 7]
    assert {7, 250, 251} <= set(useful_columns(X, y, (), 12).numbers.tolist())
    rare = np.where(np.arange(9000) == 4001, 1.0, 0.0)
    assert len(useful_columns(X, rare, (), 12).numbers) == 12
