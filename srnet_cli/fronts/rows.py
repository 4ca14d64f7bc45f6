"""The rows that fronts are made on, and what a formula's values there may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.evolution.problem import Problem
from srnet_cli.metrics import probability_r2, r2
from srnet_cli.model import SymbolicLayer

Array = NDArray[np.float64]

LARGEST = 2000
"""So many rows are enough to choose by."""

_LEAST = 500
_VALUES = 100_000

_REACH = 3.0


@dataclass(frozen=True)
class Judge:
    """The rows that figures of fronts are of, with what network and model found say there.

    Attributes:
        name: of the set of rows.
        truth: the network's units of every layer, (n, m_l).
        effects: how much every unit's error matters, (m_l,), see ``Network.effects``.
        inputs: what every layer of the model reads, (n, m_{l-1}).
    """

    name: str
    truth: Sequence[Array]
    effects: Sequence[Array]
    inputs: Sequence[Array]


def sampled(problem: Problem) -> Problem:
    """The problem on at most 2000 rows to fit and as many that only judge, evenly spread.

    Wide layers get fewer, down to 500 from 200 units on, as each row then takes longer.
    """
    rows = max(_LEAST, min(LARGEST, _VALUES // max(problem.widths)))
    fit, judge = np.split(np.arange(len(problem.inputs)), [problem.fit_rows])
    fit, judge = (every[:: max(1, -(-len(every) // rows))] for every in (fit, judge))
    kept = np.concatenate([fit, judge])
    targets = tuple(target[kept] for target in problem.targets)
    return Problem(problem.inputs[kept], targets, len(fit), problem.has_classes)


def forward(layers: Sequence[SymbolicLayer], inputs: Array) -> list[Array]:
    """What every layer reads, then the outputs: inputs (n, d) -> (n, m_l), L + 1 of them."""
    units = [inputs]
    for layer in layers:
        units.append(layer(units[-1]))
    return units


def faithfulness(truth: Array, outputs: Array, has_classes: bool) -> float:
    """What compositions are compared by: R² of the outputs, or of a classifier's probabilities."""
    return probability_r2(truth, outputs) if has_classes else r2(truth, outputs)


class Span:
    """Three times the span of known values, about their mean: where values may be.

    Args:
        known: values that are as they should be, (k, m) each, one row at least.
    """

    def __init__(self, *known: Array) -> None:
        parts = [part for part in known if len(part)]
        with np.errstate(all="ignore"):
            low = np.min([part.min(axis=0) for part in parts], axis=0)
            high = np.max([part.max(axis=0) for part in parts], axis=0)
            mean = sum(part.sum(axis=0) for part in parts) / sum(map(len, parts))
            largest = np.maximum(np.abs(low), np.abs(high))
            reach = _REACH * (high - low) + 1e-9 * (1.0 + largest)
            self._low, self._high = mean - reach, mean + reach

    def holds(self, values: Array) -> bool:
        """Whether values (n, m) of any rows, or of none, are all finite and within."""
        if not len(values):
            return True
        with np.errstate(all="ignore"):
            low, high = values.min(axis=0), values.max(axis=0)
            return bool(((low >= self._low) & (high <= self._high)).all())
