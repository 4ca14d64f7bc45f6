"""What a strategy is asked to explain: rows and the activations of every layer on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.arrays import stride
from srnet_cli.errors import DataError

if TYPE_CHECKING:
    from srnet_cli.evolution.direct.settings import Hints

Array = NDArray[np.float64]

# Squares of differences below this can be summed over any number of rows and units.
_LARGEST = 1e140
_FEWEST = 500


@dataclass(frozen=True)
class Problem:
    """Rows with the network's activations.

    Attributes:
        inputs: h_0, what the first layer reads, (n, d).
        targets: h_1 … h_L, (n, m_l).
        fit_rows: the first so many rows fit the readouts; the others only count in selection.
        has_classes: whether the last targets are the logits of a classifier.
        rows: the rows in their own units, which formulas of the whole network read, (n, d); None
            where h_0 is in them already.
        hints: what is known of the structure of every direct output, see ``direct_outputs``; empty:
            nothing.
        effects: of every hidden layer the directions in which its units move the outputs, most
            first, each as long as that matters, (m_l, r_l), see ``Network.directions_of_effect``;
            None: not known.
        importance: what the squared error of each row to fit counts, (fit_rows,), positive, 1 on
            average, where the rows are not as even as those that formulas are judged on; None: all
            the same.
    """

    inputs: Array
    targets: tuple[Array, ...]
    fit_rows: int
    has_classes: bool = False
    rows: Array | None = None
    hints: tuple[Hints, ...] = ()
    effects: tuple[Array, ...] | None = None
    importance: Array | None = None

    def __post_init__(self) -> None:
        if self.fit_rows < 1:
            raise DataError("there are no training rows to fit on")
        for number, values in enumerate((self.inputs, *self.targets)):
            name = f"activations of layer {number}" if number else "inputs"
            if not np.isfinite(values).all():
                raise DataError(f"the {name} are not finite on some rows")
            if number and np.abs(values).max(initial=0) > _LARGEST:
                raise DataError(f"the {name} are too large for a squared error: above {_LARGEST:g}")

    @property
    def raw(self) -> Array:
        """The rows in their own units, (n, d)."""
        return self.inputs if self.rows is None else self.rows

    def thinned(self, values: int) -> Problem:
        """The problem on every second row, third, …, of those to fit and of those that judge.

        Args:
            values: activations that there may be on rows to fit, and twice as many on others, but
                on 500 rows however many there are; as it is where there are no more.
        """
        units, fit = sum(self.widths[1:]), self.fit_rows
        parts = ((0, fit, values), (fit, len(self.inputs), 2 * values))
        kept = [
            np.arange(first, end, stride(end - first, max(most // units, _FEWEST)))
            for first, end, most in parts
        ]
        rows = np.concatenate(kept)
        if len(rows) == len(self.inputs):
            return self
        return replace(
            self,
            inputs=self.inputs[rows],
            targets=tuple(target[rows] for target in self.targets),
            fit_rows=len(kept[0]),
            rows=None if self.rows is None else self.rows[rows],
            importance=None if self.importance is None else self.importance[kept[0]],
        )

    @property
    def widths(self) -> tuple[int, ...]:
        """d, m_1, …, m_L."""
        return (self.inputs.shape[1], *(target.shape[1] for target in self.targets))


def direct_outputs(outputs: Array, has_classes: bool) -> Array:
    """What whole-network formulas are for: the outputs; of two classes, one score for the second.

    The logits of two classes are each other's negatives, once centred, so that one formula says
    all: above 0 it names the second class.

    Args:
        outputs: of the network, logits of a classifier, (n, m).
        has_classes: whether they are logits.
    """
    return outputs[:, 1:] - outputs[:, :1] if has_classes and outputs.shape[1] == 2 else outputs
