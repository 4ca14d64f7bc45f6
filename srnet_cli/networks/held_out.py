"""Rows that a training leaves out, and how well a network does on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Array


def parts_of(targets: NDArray[Any], parts: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A part per row, (n,); classes are spread over all of them, numbers by their order.

    Args:
        targets: numbers, of several outputs (n, k), or labels of classes, (n,).
        parts: how many.
        rng: of the draw.
    """
    order = rng.permutation(len(targets))
    values = targets.reshape(len(targets), -1)[:, 0]
    order = order[np.argsort(values[order], kind="stable")]
    part = np.empty(len(targets), dtype=np.intp)
    part[order] = np.arange(len(targets)) % parts
    return part


def loss_on(mlp: Any, rows: Array, targets: NDArray[Any]) -> float:
    """The loss of a scikit-learn network, summed up: squared errors, or the cross-entropy.

    Args:
        mlp: the network.
        rows: standardised inputs, (n, d).
        targets: standardised numbers, (n,) or (n, k), or labels of classes, (n,).

    Returns:
        infinity where the network gives values that are not finite.
    """
    if not hasattr(mlp, "predict_proba"):
        predicted = mlp.predict(rows).reshape(targets.shape)
        loss = float(np.sum((predicted - targets) ** 2))
    else:
        chances = np.clip(mlp.predict_proba(rows), 1e-12, 1.0)
        places = np.searchsorted(mlp.classes_, targets).clip(max=len(mlp.classes_) - 1)
        known = mlp.classes_[places] == targets
        own = np.where(known, chances[np.arange(len(places)), places], 1e-12)
        loss = float(-np.sum(np.log(own)))
    return loss if np.isfinite(loss) else np.inf
