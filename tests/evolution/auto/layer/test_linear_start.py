"""The weighted sum that outputs begin with, against NumPy's least squares."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import interpret
from srnet_cli.config.schema import AutoSettings
from srnet_cli.evolution.auto.chromosome import Decoder
from srnet_cli.evolution.auto.layer.linear_start import weighted_sum
from srnet_cli.evolution.auto.layer.search import LayerSearch, Workplace
from srnet_cli.evolution.auto.layer.targets import principal_targets
from srnet_cli.evolution.limits import limits_of
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

RNG = np.random.default_rng(3)
X = RNG.normal(size=(400, 12)) * 10.0 ** RNG.uniform(-2, 2, 12) + 5.0


def test_it_finds_the_inputs_of_a_sum() -> None:
    """Of a sum of few inputs it is that sum, whatever their scales and offsets; the constant is
    left to the readout."""
    weights = np.zeros(12)
    weights[[1, 4, 9]] = [2.0, -3.0, 0.5] / X.std(axis=0)[[1, 4, 9]]
    decoder = Decoder.reading(12, ["add", "sin"])
    found = weighted_sum(decoder, X, X @ weights - 7.0, 6)
    assert found is not None
    left = interpret(decoder.program(found), X) - X @ weights
    assert np.ptp(left) < 1e-9


def test_it_is_the_best_weighting_of_the_inputs_it_has() -> None:
    """It has as many inputs as allowed, weighed as least squares would."""
    target = X @ RNG.normal(size=12) / X.std() + np.sin(X[:, 0])
    decoder = Decoder.reading(12, ["mul", "add"])
    found = weighted_sum(decoder, X, target, 5)
    assert found is not None
    program = decoder.program(found)
    assert len(program) == 4
    used = np.unique(program.args[program.args < 12])
    assert len(used) == 5
    design = np.column_stack([X[:, used], np.ones(400)])
    best = design @ np.linalg.lstsq(design, target, rcond=None)[0]
    ours = interpret(program, X)
    np.testing.assert_allclose(ours - ours.mean(), best - best.mean(), atol=1e-6 * np.ptp(best))


def test_there_may_be_none() -> None:
    """Without addition, or where fewer than two inputs tell of the target, there is no sum."""
    assert weighted_sum(Decoder.reading(12, ["mul"]), X, X[:, 0] + X[:, 1], 5) is None
    assert weighted_sum(Decoder.reading(12, ["add"]), X, np.ones(400), 5) is None
    assert weighted_sum(Decoder.reading(12, ["add"]), np.ones((400, 12)), X[:, 0], 5) is None
    twins = np.column_stack([X[:, 0]] * 12)
    assert weighted_sum(Decoder.reading(12, ["add"]), twins, X[:, 0], 5) is None


@pytest.mark.parametrize(("columns", "is_there"), [(12, False), (13, True)])
def test_only_wide_layers_need_it(columns: int, is_there: bool) -> None:
    """Where random chromosomes hold sums of all inputs, none is made; elsewhere it explains what
    the other expressions leave."""
    rows = np.column_stack([X, X[:, ::-1] ** 2])[:, :columns]
    targets = principal_targets(np.column_stack([rows[:, 0] - rows[:, 3], rows[:, 1]]), np.ones(2))
    place = Workplace(rows, rows, Decoder.reading(columns, ["add"]), 24)
    search = LayerSearch(place, targets, targets)
    found = search.linear_start([rows[:, 1]])
    assert (found is not None) == is_there
    if found is not None:
        assert search.error([rows[:, 1], search.candidate(found).column]) < 1e-9


@pytest.mark.parametrize(
    ("limits", "additions"),
    [
        ({}, 9),
        ({"max_depth": 4}, 4),
        ({"max_uses": {"add": 3, "sin": 1}}, 3),
        ({"max_nesting": {"add": {"add": 1}}}, 2),
    ],
)
def test_it_keeps_the_limits(limits: dict[str, object], additions: int) -> None:
    """A chain of additions is as long as expressions may be, and no deeper or more often."""
    settings = AutoSettings.model_validate(limits)
    decoder = Decoder.reading(24, PUBLISHED_FUNCTIONS, limits_of(settings))
    rows = np.column_stack([X, X[:, ::-1] ** 2])
    targets = principal_targets(rows.sum(axis=1, keepdims=True), np.ones(1))
    found = LayerSearch(Workplace(rows, rows, decoder, 9), targets, targets).linear_start([])
    assert found is not None
    assert len(decoder.program(found)) == additions
