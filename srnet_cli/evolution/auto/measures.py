"""How far a composition's units are from the network's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import ROUNDING, Span, is_constant

Array = NDArray[np.float64]

FLOOR = 1e-14
"""Errors below this are rounding; no step is taken to lower them further."""

OUTPUTS = 3.0
"""What the outputs count, beside all hidden units together: they decide."""


def unit_errors(
    outputs: Sequence[Array], targets: Sequence[Array], importance: Array | None = None
) -> list[Array]:
    """1 − R² of every unit of every layer, (m_l,); infinite where a value is not finite.

    A constant unit has no variance to explain: its mean squared error counts as it is.

    Args:
        outputs: units, (n, m_l) each.
        targets: what they should be, of the same shapes.
        importance: what each row counts, (n,), 1 on average; None: all the same.
    """
    return [_errors(*pair, importance) for pair in zip(outputs, targets, strict=True)]


def _errors(units: Array, target: Array, importance: Array | None) -> Array:
    with np.errstate(all="ignore"):
        error = np.average((units - target) ** 2, axis=0, weights=importance)
    error[~np.isfinite(error)] = np.inf
    variance = spread(target, importance) ** 2
    return np.asarray(error / np.where(is_constant(target, ROUNDING), 1.0, variance))


def spread(target: Array, importance: Array | None = None) -> Array:
    """Standard deviations of units, (m,), over rows that count as in ``unit_errors``."""
    if importance is None:
        return np.asarray(target.std(axis=0))
    mean = np.average(target, axis=0, weights=importance)
    return np.asarray(np.sqrt(np.average((target - mean) ** 2, axis=0, weights=importance)))


def scale_of_errors(target: Array, importance: Array | None = None) -> Array:
    """What errors of units are divided by where they are lowered, (m,): their spread.

    Infinite for a constant unit, which has no error to lower and so weighs nothing.
    """
    return np.where(is_constant(target, ROUNDING), np.inf, spread(target, importance))


def fitness(errors: Sequence[Array]) -> float:
    """The mean 1 − R² of the hidden units plus that of the outputs."""
    hidden = [error for layer in errors[:-1] for error in layer.tolist()]
    return float(np.mean(errors[-1]) + (np.mean(hidden) if hidden else 0.0))


def importances(errors: Sequence[Array]) -> list[Array]:
    """What each unit counts in ``log_error``: the outputs together ``OUTPUTS`` times as much as all
    hidden units."""
    hidden = sum(error.size for error in errors[:-1])
    outputs = np.full(errors[-1].size, OUTPUTS * max(hidden, 1) / errors[-1].size)
    return [*(np.ones(error.size) for error in errors[:-1]), outputs]


def log_error(errors: Sequence[Array]) -> float:
    """The mean logarithm of the units' errors, each unit counted by its importance."""
    weights = np.concatenate(importances(errors))
    return float(np.average(np.log(np.concatenate(errors) + FLOOR), weights=weights))


def stays_within(outputs: Sequence[Array], spans: Sequence[Span]) -> bool:
    """Whether all values are finite and within a multiple of what the network's units span.

    Args:
        outputs: units on any rows, (c, m_l).
        spans: of the network's own on the rows to fit.
    """
    return all(span.holds(units) for units, span in zip(outputs, spans, strict=True))
