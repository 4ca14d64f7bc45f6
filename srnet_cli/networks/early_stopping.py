"""Training with L-BFGS that ends where rows held out say so.

scikit-learn stops early with its other solvers alone. Here L-BFGS is interrupted after 25, 50, 100,
200 … iterations, goes on from the weights it has reached, and is ended once it does worse on the
rows held out (Prechelt, 1998, "Early stopping — but when?"). Where it never does, there is nothing
to stop for, and a network that is trained on all rows to the end is the better one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array
from srnet_cli.networks.held_out import loss_on, parts_of
from srnet_cli.rng import stream

ENOUGH_ROWS = 2000
"""Of fewer training rows a tenth says too little, and none can be spared."""

ONE_OF = 10
"""One row of so many is held out."""

_FIRST_LOOK = 25  # iterations

_PATIENCE = 2
"""So many looks in a row that were no better than the best end training."""


def rows_to_hold_out(targets: NDArray[Any], seed: int) -> NDArray[np.bool_]:
    """Which training rows are held out, (n,): one of ten, of all classes and sizes alike.

    None where there is but one row.

    Args:
        targets: numbers, of several outputs (n, k), or labels of classes, (n,).
        seed: of the draw.
    """
    held: NDArray[np.bool_] = (
        parts_of(targets, ONE_OF, stream(seed, "network", "early stopping")) == 0
    )
    held &= len(targets) > 1
    if np.issubdtype(targets.dtype, np.integer):
        labels, places, counts = np.unique(targets, return_inverse=True, return_counts=True)
        trained = counts - np.bincount(places[held], minlength=len(labels))
        held &= trained[places] > 0  # a class of a single row trains
    return held


def fit_until_worse(
    mlp: Any,
    rows: Array,
    targets: NDArray[Any],
    held: NDArray[np.bool_],
    fit: Callable[[Any, Array, NDArray[Any]], bool],
) -> bool:
    """Train until the network does worse on the rows held out, and leave it as it was before.

    Args:
        mlp: an untrained scikit-learn network with ``solver="lbfgs"``; ``n_iter_`` and ``loss_``
            are those of the weights it is left with.
        rows: standardised inputs, (n, d).
        targets: standardised numbers, (n,) or (n, k), or labels of classes, (n,).
        held: the rows to hold out, (n,).
        fit: trains a network on rows; tells whether that converged.

    Returns:
        whether it came to that. Where it did not, the network is to be trained on all rows.
    """
    most, spent, looks = mlp.max_iter if held.any() else 0, 0, 0
    least, best = np.inf, dict[str, Any]()
    converged = False
    mlp.set_params(warm_start=True)
    while looks < _PATIENCE and spent < most and not converged:
        iterations = min(max(spent, _FIRST_LOOK), most - spent)
        mlp.set_params(max_iter=iterations, max_fun=10 * iterations)
        converged = fit(mlp, rows[~held], targets[~held])
        spent += int(mlp.n_iter_)
        loss = loss_on(mlp, rows[held], targets[held])
        looks += 1
        if loss < least or not best:
            least, looks = loss, 0
            best = {
                "coefs_": list(mlp.coefs_),  # going on replaces what the lists hold
                "intercepts_": list(mlp.intercepts_),
                "loss_": mlp.loss_,
                "n_iter_": spent,
            }
    for name, value in best.items():
        setattr(mlp, name, value)
    return looks > 0
