"""How far the classes that formulas name, and their probabilities, are from the network's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


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


def agreement(logits: Array, scores: Array) -> float:
    """Fraction of rows on which both name the same class; one without finite scores names none."""
    same = (logits.argmax(axis=1) == scores.argmax(axis=1)) & np.isfinite(scores).all(axis=1)
    return float(same.mean())
