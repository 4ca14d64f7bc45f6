"""What a strategy is asked to explain: rows and the activations of every layer on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import DataError

Array = NDArray[np.float64]

# Squares of differences below this can be summed over any number of rows and units.
_LARGEST = 1e140


@dataclass(frozen=True)
class Problem:
    """Rows with the network's activations.

    Attributes:
        inputs: h_0, what the first layer reads, (n, d).
        targets: h_1 … h_L, (n, m_l).
        fit_rows: the first so many rows fit the readouts; the others only count in selection.
        has_classes: whether the last targets are the logits of a classifier.
    """

    inputs: Array
    targets: tuple[Array, ...]
    fit_rows: int
    has_classes: bool = False

    def __post_init__(self) -> None:
        if self.fit_rows < 1:
            raise DataError("there are no training rows to fit on")
        for number, values in enumerate((self.inputs, *self.targets)):
            what = f"activations of layer {number}" if number else "inputs"
            if not np.isfinite(values).all():
                raise DataError(f"the {what} are not finite on some rows")
            if number and np.abs(values).max(initial=0) > _LARGEST:
                raise DataError(f"the {what} are too large for a squared error: above {_LARGEST:g}")

    @property
    def widths(self) -> tuple[int, ...]:
        """d, m_1, …, m_L."""
        return (self.inputs.shape[1], *(target.shape[1] for target in self.targets))
