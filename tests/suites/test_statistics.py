"""Medians, intervals and tests, against scipy, by hand and by simulation."""

from __future__ import annotations

import itertools
import math
from statistics import NormalDist, median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.suites.statistics import holm, rank_sum, rank_variants, signed_rank, spread

FINITE = st.floats(-1e6, 1e6)


@given(st.lists(FINITE | st.just(math.inf), min_size=1, max_size=40))
def test_a_spread_is_in_order(values: list[float]) -> None:
    """Also where trials have found nothing: best, quartiles, median; the interval holds it."""
    described = spread(values, "x", lower_is_better=True)
    assert described is not None
    assert described.trials == len(values)
    assert described.best == min(values) <= described.q1 <= described.q3
    assert described.low <= described.median <= described.high
    if math.inf not in values:
        assert described.median == pytest.approx(median(values))
        assert described.mean == pytest.approx(sum(values) / len(values), abs=1e-6)
    assert described == spread(values, "x", lower_is_better=True)


def test_a_spread_of_nothing_is_none() -> None:
    """And the best of what is better when greater is the greatest."""
    assert spread([], "x", lower_is_better=True) is None
    described = spread([1.0, 3.0], "x", lower_is_better=False)
    assert described is not None
    assert described.best == 3.0


def test_the_interval_covers_the_median() -> None:
    """In about 95 of 100 samples of 30."""
    rng = np.random.default_rng(1)
    covered = 0
    for number in range(200):
        described = spread(rng.exponential(size=30).tolist(), f"{number}", lower_is_better=True)
        assert described is not None
        covered += described.low <= math.log(2) <= described.high
    assert 180 <= covered <= 199


def test_rank_sum_by_hand() -> None:
    """All of A below all of B: of the C(8, 4) = 70 orders, two are as extreme."""
    test = rank_sum([1.0, 2, 3, 4], [5.0, 6, 7, math.inf], lower_is_better=True)
    assert test.p == pytest.approx(2 / math.comb(8, 4))
    assert test.superiority == 1.0
    assert rank_sum([1.0, 2], [3.0, 4], lower_is_better=False).superiority == 0.0


def test_superiority_counts_pairs() -> None:
    """Ties count half."""
    ours, others = [1.0, 2, 2, 5], [2.0, 3, 0]
    pairs = [(a < b) + (a == b) / 2 for a, b in itertools.product(ours, others)]
    test = rank_sum(ours, others, lower_is_better=True)
    assert test.superiority == pytest.approx(sum(pairs) / len(pairs))


def test_signed_rank_against_a_mean() -> None:
    """Nothing differs: 1; all on one side: the two most extreme of 2**n signs."""
    assert signed_rank([1.0, 1.0, 1.0], 1.0).p == 1.0
    values = [1.1, 1.2, 1.35, 1.5, 1.7, 1.9]
    assert signed_rank(values, 1.0).p == pytest.approx(2 / 2**6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_is_step_down(p: list[float]) -> None:
    """The k-th least is multiplied by what is left, and never below the one before."""
    adjusted = holm(p)
    order = sorted(range(len(p)), key=p.__getitem__)
    expected = 0.0
    for rank, index in enumerate(order):
        expected = max(expected, min(1.0, p[index] * (len(p) - rank)))
        assert adjusted[index] == expected


def test_ranks_as_in_the_literature() -> None:
    """Demšar (2006): four classifiers on 14 data sets have a critical difference of 1.25."""
    figures = np.random.default_rng(0).random((14, 4))
    figures[:, 2] = 0.0
    ranks = rank_variants("abcd", figures)
    assert ranks.critical_difference == pytest.approx(2.569 * math.sqrt(4 * 5 / (6 * 14)), 1e-3)
    assert ranks.means[2] == 1.0
    assert sum(ranks.means) == pytest.approx(10)
    assert ranks.p is not None
    assert ranks.p < 0.01
    two = rank_variants("ab", np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert two.means == (1.0, 2.0)
    assert two.p is None
    normal = NormalDist().inv_cdf(0.975)  # of two variants, Nemenyi's test is a plain z-test
    assert two.critical_difference == pytest.approx(normal * math.sqrt(2 * 3 / (6 * 2)), 1e-3)


def test_equal_variants_share_ranks() -> None:
    """And show no difference."""
    ranks = rank_variants("abc", np.ones((5, 3)))
    assert ranks.means == (2.0, 2.0, 2.0)
    assert ranks.p == 1.0
