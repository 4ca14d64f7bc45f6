"""Losses and scores: how far predictions are from what they stand for.

Regression scores take values of shape (n,) or (n, m), a row per sample, a column per unit. A
prediction that is not finite scores as bad as can be, an infinite error, so that no NaN reaches a
comparison.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import is_constant

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

_ROUNDING = 1e-12
_LARGE = 1e150  # squares of more may overflow


def finite(value: float | None) -> float | None:
    """A figure as it is reported: None where it is not finite."""
    return float(value) if value is not None and math.isfinite(value) else None


def mse(y_true: Array, y_pred: Array) -> float:
    """Mean squared error over all rows and units."""
    errors = _errors(*_columns(y_true, y_pred))
    with np.errstate(over="ignore"):
        return float(np.mean(errors**2))


def rmse(y_true: Array, y_pred: Array) -> float:
    """Root of the mean squared error, in the units of the values; infinite only if it is."""
    true, pred, power = _in_range(*_columns(y_true, y_pred))
    with np.errstate(over="ignore"):
        return float(np.ldexp(math.sqrt(mse(true, pred)), power))


def r2_per_unit(y_true: Array, y_pred: Array) -> Array:
    """Coefficient of determination of every unit, (m,): 1 - Σ(y - ŷ)² / Σ(y - ȳ)².

    A unit that is constant has no variance to explain: 1 where the prediction is that constant up
    to rounding, else 0.
    """
    true, pred = _columns(y_true, y_pred)
    ratios = [_unexplained(true[:, [unit]], pred[:, [unit]]) for unit in range(true.shape[1])]
    return 1.0 - np.array(ratios)


def r2(y_true: Array, y_pred: Array) -> float:
    """Coefficient of determination pooled over units: their sums of squares are added first.

    Equals the mean of ``r2_per_unit`` weighted by the units' variances. Constant values score as
    there.
    """
    return 1.0 - _unexplained(*_columns(y_true, y_pred))


def weighted_r2(y_true: Array, y_pred: Array, weights: Array) -> float:
    """Like ``r2``, each unit's squares counted so many times: weights (m,), not negative.

    Without a unit that varies and counts, as ``r2``.
    """
    true, pred = _columns(y_true, y_pred)
    counts = (weights > 0.0) & ~is_constant(true)
    if not counts.any():
        return r2(true, pred)
    roots = np.sqrt(weights[counts])
    return r2(true[:, counts] * roots, pred[:, counts] * roots)


def r2_ceiling(y_true: Array, expressions: int) -> float:
    """The greatest pooled R² of any ``F · W + b`` with so many columns in F, whatever they are.

    That is what the first principal components of the units explain (Eckart & Young 1936).

    Args:
        y_true: (n, m).
        expressions: number of columns.
    """
    true, _ = _columns(y_true, y_true)
    deviations = true - true.mean(axis=0)
    spread = float(np.abs(deviations).max())
    if spread == 0.0 or expressions >= true.shape[1]:
        return 1.0
    squares = np.linalg.svd(deviations / spread, compute_uv=False) ** 2
    return float(1.0 - squares[expressions:].sum() / squares.sum())


def accuracy(labels: Labels, predicted: Labels) -> float:
    """Fraction of rows, (n,) each, whose labels are equal."""
    _check_labels(labels, predicted)
    return float(np.mean(labels == predicted))


def majority_rate(labels: Labels) -> float:
    """Fraction of rows, (n,), that have the most frequent label: the accuracy of a constant."""
    _check_labels(labels, labels)
    return float(np.unique(labels, return_counts=True)[1].max() / len(labels))


def cohen_kappa(labels: Labels, predicted: Labels) -> float:
    """Cohen's kappa: agreement beyond what the two label frequencies give by chance.

    1 is full agreement, 0 that of chance. Where both are one and the same constant, chance agrees
    fully, nothing is explained, and kappa is 0.
    """
    _check_labels(labels, predicted)
    observed = float(np.mean(labels == predicted))
    classes = np.union1d(labels, predicted)
    chance = float(sum(np.mean(labels == c) * np.mean(predicted == c) for c in classes))
    return 0.0 if len(classes) == 1 else (observed - chance) / (1.0 - chance)


def log_softmax(logits: Array) -> Array:
    """Logarithms of the probabilities of logits, (n, classes); NaN where a logit is not finite."""
    with np.errstate(all="ignore"):
        shifted = logits - logits.max(axis=1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def divergence(logits: Array, scores: Array) -> float:
    """Cross-entropy less entropy: the mean over rows of KL(softmax(logits) ‖ softmax(scores)).

    Args:
        logits: the network's, (n, classes).
        scores: the formulas', (n, classes).

    Returns:
        nats a row; 0 where all probabilities are the network's, infinite where a score is not
        finite.
    """
    known, ours = log_softmax(logits), log_softmax(scores)
    with np.errstate(all="ignore"):
        value = float(np.mean(np.sum(np.exp(known) * (known - ours), axis=1)))
    return value if np.isfinite(value) else np.inf


def probability_r2(logits: Array, scores: Array) -> float:
    """``r2`` of the probabilities that logits and scores stand for, (n, classes) each.

    What is far from any boundary counts little here, whatever its logits are.
    """
    return r2(np.exp(log_softmax(logits)), np.exp(log_softmax(scores)))


def _columns(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    true, pred = (np.asarray(y, dtype=np.float64) for y in (y_true, y_pred))
    true, pred = (y[:, np.newaxis] if y.ndim == 1 else y for y in (true, pred))
    # Shapes that merely broadcast, such as (n, 1) and (1, n), would give a wrong score silently.
    if true.shape != pred.shape or true.size == 0:
        raise ValueError(f"values of shape {true.shape} and predictions of shape {pred.shape}")
    return true, pred


def _in_range(true: Array, pred: Array) -> tuple[Array, Array, int]:
    """Values so near to 1 that their sums and differences do not overflow, and the power of 2 that
    they were divided by, which is exact; usual values as they are."""
    largest = float(np.abs(true[np.isfinite(true)]).max(initial=0.0))
    if largest < _LARGE:
        return true, pred, 0
    power = math.frexp(largest)[1]
    return np.ldexp(true, -power), np.ldexp(pred, -power), power


def _errors(true: Array, pred: Array) -> Array:
    """Give absolute errors, infinite where the prediction is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.abs(true - pred)
    return np.where(np.isfinite(pred), errors, np.inf)


def _unexplained(true: Array, pred: Array) -> float:
    """Give the sum of squared errors as a fraction of the variance, added over columns."""
    true, pred, _ = _in_range(true, pred)
    errors = _errors(true, pred)
    deviations = np.where(is_constant(true), 0.0, true - true.mean(axis=0))
    spread = float(np.abs(deviations).max())
    if spread == 0.0:
        return 0.0 if bool((errors <= _ROUNDING * np.abs(true)).all()) else 1.0
    # Dividing by the spread first keeps squares of very large and small values in range.
    with np.errstate(over="ignore"):
        return float(np.sum((errors / spread) ** 2) / np.sum((deviations / spread) ** 2))


def _check_labels(labels: Labels, predicted: Labels) -> None:
    if labels.shape != predicted.shape or labels.ndim != 1 or len(labels) == 0:
        raise ValueError(f"labels of shape {labels.shape} and {predicted.shape}")
