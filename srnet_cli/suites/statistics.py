"""What many trials say: medians with intervals, and tests between two sets of trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.rng import stream

RESAMPLES = 1000
LEVEL = 0.95
ALPHA = 0.05

Array = NDArray[np.float64]

_DRAWN = 1 << 20


@dataclass(frozen=True)
class Spread:
    """The distribution of a figure over trials.

    Attributes:
        trials: how many it rests on.
        median: and q1, q3, the quartiles.
        low, high: ends of the 95 % percentile bootstrap interval of the median.
        mean: over the trials.
        best: the least or the greatest, whichever is better.
    """

    trials: int
    median: float
    q1: float
    q3: float
    low: float
    high: float
    mean: float
    best: float


def spread(values: Sequence[float], name: str, *, lower_is_better: bool) -> Spread | None:
    """Describe a figure over trials; None where there are none.

    Args:
        values: one per trial; infinite where a trial has found nothing.
        name: of the resampling's random stream: the same values give the same interval.
        lower_is_better: which end is the best.
    """
    if not values:
        return None
    array = np.asarray(values, float)
    tail = 100 * (1 - LEVEL) / 2
    # Values that are there, because between one and infinity there is none.
    low, high = np.percentile(_resampled(array, name), [tail, 100 - tail], method="nearest")
    q1, q3 = np.percentile(array, [25, 75], method="nearest")
    best = array.min() if lower_is_better else array.max()
    mean = array.mean() if np.isfinite(array).all() else np.nan
    figures = (_medians(array[None])[0], q1, q3, low, high, mean, best)
    return Spread(len(array), *map(float, figures))


def _resampled(values: Array, name: str) -> Array:
    """Medians of resamples, drawn in parts, as thousands of thousands of trials fill a memory."""
    rng, count = stream(0, "suite", "bootstrap", name), len(values)
    step = max(1, _DRAWN // count)
    parts = [min(step, RESAMPLES - begun) for begun in range(0, RESAMPLES, step)]
    return np.concatenate([_medians(values[rng.integers(count, size=(n, count))]) for n in parts])


def _medians(rows: Array) -> Array:
    """Median of every row; of an even number the mean of the middle two, which may be infinite."""
    count = rows.shape[1]
    middle = [(count - 1) // 2, count // 2]
    low, high = np.partition(rows, middle, axis=1)[:, middle].T
    medians: Array = np.where(low == high, low, (low + high) / 2)
    return medians


@dataclass(frozen=True)
class Test:
    """A test whether trials are better than something else.

    Attributes:
        name: of the test, in words.
        p: two-sided p-value.
        superiority: probability that a trial is better than one of the others, ties counted half;
            None where the others are a single number.
    """

    name: str
    p: float
    superiority: float | None = None


RANK_SUM = "rank-sum test"
SIGNED_RANK = "signed-rank test against the published mean"


def rank_sum(ours: Sequence[float], others: Sequence[float], *, lower_is_better: bool) -> Test:
    """Wilcoxon's rank-sum (Mann and Whitney's U) test of two sets of trials, each not empty."""
    from scipy.stats import mannwhitneyu

    outcome = mannwhitneyu(ours, others, alternative="two-sided")
    above = float(outcome.statistic) / (len(ours) * len(others))
    return Test(RANK_SUM, float(outcome.pvalue), 1 - above if lower_is_better else above)


def signed_rank(values: Sequence[float], centre: float) -> Test:
    """Wilcoxon's signed-rank test of values against a number, for where only a mean is known."""
    from scipy.stats import wilcoxon

    differences = np.asarray(values, float) - centre
    if not differences.any():
        return Test(SIGNED_RANK, 1.0)
    return Test(SIGNED_RANK, float(wilcoxon(differences, zero_method="zsplit").pvalue))


def holm(p: Sequence[float]) -> list[float]:
    """The p-values of several tests, adjusted so that all hold together (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = highest
    return adjusted


@dataclass(frozen=True)
class Ranks:
    """How variants rank over networks, 1 the best (Demšar 2006).

    Attributes:
        names: of the variants, k of them.
        means: their mean ranks.
        networks: over how many, N.
        p: of Friedman's test that all are alike; None where there are fewer than three variants.
        critical_difference: of mean ranks, by Nemenyi's test at 5 %: smaller ones show nothing.
    """

    names: tuple[str, ...]
    means: tuple[float, ...]
    networks: int
    p: float | None
    critical_difference: float


def rank_variants(names: Sequence[str], figures: Array) -> Ranks:
    """Rank variants.

    Args:
        names: of the variants.
        figures: one per network and variant, (N, k), k at least 2; lower is better.
    """
    from scipy.stats import friedmanchisquare, rankdata, studentized_range

    networks, k = figures.shape
    ranks = rankdata(figures, axis=1)
    tied = (ranks == ranks[:, :1]).all()
    p = None
    if k > 2 and networks > 1:
        p = 1.0 if tied else float(friedmanchisquare(*figures.T).pvalue)
    q = float(studentized_range.ppf(1 - ALPHA, k, np.inf)) / np.sqrt(2)
    critical = float(q * np.sqrt(k * (k + 1) / (6 * networks)))
    return Ranks(tuple(names), tuple(ranks.mean(axis=0).tolist()), networks, p, critical)
