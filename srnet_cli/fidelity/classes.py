"""How often formulas and network name the same class, set of rows by set of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from srnet_cli.fidelity.assessment import AssessedRows, Assessment
from srnet_cli.fidelity.labels import NO_CLASS
from srnet_cli.metrics import accuracy, cohen_kappa, majority_rate

DECISION = "the class of the greatest score"


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


def agreements(assessment: Assessment) -> dict[str, Agreement] | None:
    """Compare the classes that formulas and network name; None for a regression."""
    if not assessment.has_classes:
        return None
    return {name: _agreement(rows) for name, rows in assessment.items()}


def _agreement(rows: AssessedRows) -> Agreement:
    labels, ours, classes = rows.network_labels, rows.model_labels, rows.truth.shape[1]
    confusion = np.zeros((classes, classes), dtype=np.int64)
    has_class = ours != NO_CLASS
    np.add.at(confusion, (labels[has_class], ours[has_class]), 1)
    return Agreement(
        agreement=accuracy(labels, ours),
        kappa=cohen_kappa(labels, ours),
        majority_rate=majority_rate(labels),
        confusion=confusion.tolist(),
    )
