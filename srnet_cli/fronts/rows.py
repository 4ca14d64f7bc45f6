"""The rows that fronts are made on, and those that judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import stride
from srnet_cli.evolution.problem import Problem
from srnet_cli.metrics import probability_r2, r2
from srnet_cli.model import SymbolicLayer

Array = NDArray[np.float64]

LARGEST = 2000
"""So many rows are enough to choose by."""

_LEAST = 500
_VALUES = 100_000


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
    fit, judge = (every[:: stride(len(every), rows)] for every in (fit, judge))
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
