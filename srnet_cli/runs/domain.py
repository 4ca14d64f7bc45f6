"""Where a run's formulas are meant to hold: its config's domain, else the range of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.dataset import Domain
from srnet_cli.runs.run import FittedRun, read_experiment
from srnet_cli.store import RunFolder

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HoldsIn:
    """A box of inputs.

    Attributes:
        box: an interval per input, in their own units.
        is_declared: whether the config says so; else it is the range of the training rows.
    """

    box: Domain
    is_declared: bool

    def outside(self, X: Array) -> NDArray[np.bool_]:
        """Which inputs lie outside of their intervals, or are NaN: (n, d) -> (n, d)."""
        return ~((self.box.low <= X) & (self.box.high >= X))


def domain_of(fitted: FittedRun) -> HoldsIn:
    """The domain of a run.

    Raises:
        StorageError: the settings in its folder are missing or damaged.
    """
    dataset = fitted.dataset or read_experiment(RunFolder.open(fitted.path)).dataset
    if dataset.domain is not None:
        box = Domain.from_box(dataset.domain, fitted.model.features)
        return HoldsIn(box, is_declared=True)
    rows = fitted.sets["train"]
    return HoldsIn(Domain(rows.min(axis=0), rows.max(axis=0)), is_declared=False)
