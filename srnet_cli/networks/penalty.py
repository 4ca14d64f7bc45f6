"""How strong the L2 penalty of a network's weights is to be, by cross-validation.

Rows of a formula hold no noise: every penalty makes the network worse. Measured rows do, and a
network without a penalty learns it. Which of the two a table holds, the table shows: of some
penalties, none among them, the one is taken that does best on rows that were not trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array
from srnet_cli.networks.held_out import loss_on, parts_of
from srnet_cli.rng import stream

PENALTIES = (0.0, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""scikit-learn's ``alpha``: half the sum of squared weights counts as so many rows do."""

FOLDS = 5
ITERATIONS = 2000
"""Of L-BFGS, at most, per penalty and fold."""

ROWS_PER_WEIGHT = 20
"""A network cannot learn the noise of more."""

_MOST_WORK = 2e7  # rows times weights: of more, cross-validation would take hours
_BUDGET = 1e11  # multiplications, about


def best_penalty(
    make: Callable[[float, int], Any],
    rows: Array,
    targets: NDArray[Any],
    *,
    weights: int,
    seed: int,
    fit: Callable[[Any, Array, NDArray[Any]], object],
) -> float:
    """The penalty under which networks predict best what they were not trained on.

    Args:
        make: gives an untrained scikit-learn network of a penalty and a number of iterations.
        rows: standardised inputs, (n, d).
        targets: standardised numbers, or labels of classes, (n,).
        weights: how many weights the network has.
        seed: of the folds.
        fit: trains a network.

    Returns:
        one of ``PENALTIES``; 0 where there are too few rows to part, or too many to try.
    """
    n = len(rows)
    if n < 2 * FOLDS or n * weights > _MOST_WORK:
        return 0.0
    work = 6.0 * n * weights * FOLDS * len(PENALTIES)
    iterations = int(np.clip(_BUDGET / work, 50, ITERATIONS))
    folds = parts_of(targets, FOLDS, stream(seed, "network", "penalty"))
    losses = [
        sum(
            _loss(make(penalty, iterations), rows, targets, folds == fold, fit)
            for fold in range(FOLDS)
        )
        for penalty in PENALTIES
    ]
    return PENALTIES[int(np.argmin(losses))]


def _loss(
    mlp: Any,
    rows: Array,
    targets: NDArray[Any],
    held: NDArray[np.bool_],
    fit: Callable[[Any, Array, NDArray[Any]], object],
) -> float:
    """The loss on rows held out, of a network trained on the others."""
    fit(mlp, rows[~held], targets[~held])
    return loss_on(mlp, rows[held], targets[held])
