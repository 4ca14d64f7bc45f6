"""The linear readout of a layer: by least squares, and by cross-entropy where it gives classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from srnet_cli.descent import Bfgs, guarded_descent
from srnet_cli.metrics import log_softmax

Array = NDArray[np.float64]

_RANK = 1e-10
_NOISE = 1e-9
"""A column that adds no more than so much of a target's deviation adds rounding errors."""
_BFGS = Bfgs(iterations=50)


def solve_readout(
    columns: Array, targets: Array, importance: Array | None = None
) -> tuple[Array, Array]:
    """Least-squares W and b of ``targets ≈ columns · W + b``.

    Columns are standardised for the solve, so that neither their scale nor an offset costs digits.
    Collinear columns share the weights of the solution of least norm; a column that is constant,
    or so large that its variance overflows, or that adds next to nothing, has weight 0.

    Args:
        columns: values of the expressions, (n, K), finite.
        targets: (n, m), with squares that can be summed.
        importance: what each row's squares count, (n,), positive, 1 on average; None: all the same.

    Returns:
        (W, b): (K, m) and (m,), finite.
    """
    root = None if importance is None else np.sqrt(importance)[:, np.newaxis]
    with np.errstate(over="ignore", invalid="ignore"):
        centre = columns.mean(axis=0)
        spread = columns.std(axis=0)
        # The spread of a column that is constant up to rounding says nothing.
        usable = spread > 1e-13 * np.abs(centre)
        centre, scale = np.where(usable, centre, 0.0), np.where(usable, spread, 1.0)
        standard = np.where(usable, (columns - centre) / scale, 0.0)
    mean = targets.mean(axis=0)
    design, aim = standard, targets - mean
    if root is not None:
        # Means of the rows as they count are no longer 0: the bias is solved for with the rest.
        design, aim = np.column_stack([standard, np.ones(len(aim))]) * root, aim * root
    solution = np.linalg.lstsq(design, aim, rcond=_RANK)[0]
    if root is not None:
        solution, mean = solution[:-1], mean + solution[-1]
    solution[np.abs(solution) <= _NOISE * targets.std(axis=0)] = 0.0
    weights = solution / scale[:, None]
    return weights, mean - centre @ weights


def solve_class_readout(columns: Array, logits: Array) -> tuple[Array, Array]:
    """W and b whose scores give the probabilities of a classifier's logits, as well as they can.

    They lower the cross-entropy to those probabilities by L-BFGS, from the least squares on.

    Args:
        columns: values of the expressions, (n, K), finite.
        logits: the classifier's, (n, classes).

    Returns:
        (W, b): (K, classes) and (classes,), finite; they add up to 0 over the classes wherever the
        logits do.
    """
    weights, bias = solve_readout(columns, logits)
    chances = np.exp(log_softmax(logits))
    with np.errstate(over="ignore", invalid="ignore"):
        centre, spread = columns.mean(axis=0), columns.std(axis=0)
        usable = (spread > 1e-13 * np.abs(centre)) & np.isfinite(spread)
    scale = np.where(usable, spread, 1.0)
    design = np.column_stack(
        [np.where(usable, (columns - centre) / scale, 0.0), np.ones(len(columns))]
    )
    start = np.vstack([weights * scale[:, None], bias + np.where(usable, centre, 0.0) @ weights])

    def loss(flat: Array) -> tuple[float, Array]:
        ours = log_softmax(design @ flat.reshape(start.shape))
        gradient = design.T @ (np.exp(ours) - chances)
        return -float(np.sum(chances * ours)) / len(design), gradient.ravel() / len(design)

    lowest = guarded_descent(loss, start.ravel(), loss(start.ravel())[0], _BFGS)
    *standard, last = lowest.x.reshape(start.shape)
    weights = np.array(standard) / scale[:, None]
    return weights, last - np.where(usable, centre, 0.0) @ weights


def unexplained(columns: Array, targets: Array) -> Array:
    """1 − R² of the least-squares readout for every unit, (m,); 0 for a constant unit."""
    weights, bias = solve_readout(columns, targets)
    variance = targets.var(axis=0)
    error = np.mean((columns @ weights + bias - targets) ** 2, axis=0)
    shares: Array = np.divide(error, variance, out=np.zeros_like(error), where=variance > 0)
    return shares
