"""How often formulas and network name the same class, set of rows by set of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.metrics import accuracy, cohen_kappa, majority_rate

if TYPE_CHECKING:
    from srnet_cli.model import SymbolicNetwork
    from srnet_cli.networks.network import Network

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

DECISION = "the class of the greatest score"
NO_CLASS = -1


@dataclass(frozen=True)
class Agreement:
    """The classes that formulas and network name on one set of rows.

    Attributes:
        agreement: fraction of rows on which they are the same; a row without a finite score counts
            as different.
        kappa: Cohen's kappa, 0 where both always name one class.
        majority_rate: the agreement of always naming the network's most frequent class.
        confusion: rows by the network's class, then by the formulas', (classes, classes); rows
            without a finite score are in no cell.
    """

    agreement: float
    kappa: float
    majority_rate: float
    confusion: Sequence[Sequence[int]]

    @property
    def is_trivial(self) -> bool:
        """Whether the network names one class on all rows, so that agreement says nothing."""
        return self.majority_rate == 1.0


def agreements(
    model: SymbolicNetwork, network: Network, sets: Mapping[str, Array]
) -> dict[str, Agreement] | None:
    """Compare the classes that formulas and network name; None for a regression."""
    if network.output_activation != "softmax":
        return None
    return {
        name: _agreement(network.labels(rows), decided(model.predict(rows)), network.widths[-1])
        for name, rows in sets.items()
    }


def decided(scores: Array) -> Labels:
    """The class of the greatest score, the first of equals: (n, classes) -> (n,).

    ``NO_CLASS`` where a score is not finite.
    """
    is_finite = np.isfinite(scores).all(axis=1)
    return np.where(is_finite, np.argmax(scores, axis=1), NO_CLASS).astype(np.int64)


def class_names(inputs: Mapping[str, Any], classes: int) -> list[str]:
    """What the classes are called in ``inputs.json``; their numbers, where the data named none."""
    return [str(name) for name in inputs["classes"] or range(classes)]


def _agreement(labels: Labels, found: Labels, classes: int) -> Agreement:
    confusion = np.zeros((classes, classes), dtype=np.int64)
    has_class = found != NO_CLASS
    np.add.at(confusion, (labels[has_class], found[has_class]), 1)
    return Agreement(
        agreement=accuracy(labels, found),
        kappa=cohen_kappa(labels, found),
        majority_rate=majority_rate(labels),
        confusion=confusion.tolist(),
    )
