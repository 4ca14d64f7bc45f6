"""The inputs that matter to a classifier: what agreement is lost when one of them is shuffled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from srnet_cli.arrays import stride
from srnet_cli.datasets.categories import Indices, groups, indicator
from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.labels import decided
from srnet_cli.networks.recorded import RecordedNetwork
from srnet_cli.rng import stream

REPEATS = 5
_ROWS = 2000


@dataclass(frozen=True)
class Influence:
    """What shuffling one input's values among the rows does, the mean of 5 shuffles.

    Attributes:
        input: its name.
        lost: how much less often formulas and network name the same class, where the formulas read
            the shuffled input and the network the true one; may be a little below 0.
        deviation: standard deviation of that over the shuffles.
        changed: fraction of rows on which the network itself names another class when shuffled.
    """

    input: str
    lost: float
    deviation: float
    changed: float


def influences(
    assessment: Assessment, categories: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> tuple[Influence, ...]:
    """The permutation effect of every input on the agreement (Breiman 2001), the greatest first.

    Args:
        assessment: formulas and a classifier; of the rows judged by at most 2000, evenly spread,
            are used.
        categories: of the columns that have indicators as inputs; the indicators of a column are
            shuffled together, and named as the column.

    Returns:
        One per input; none where the network answers for its own rows alone.
    """
    model, network, judged = assessment.model, assessment.network, assessment.judged
    if isinstance(network, RecordedNetwork):
        return ()
    step = stride(len(judged), _ROWS)
    rows, labels = judged.X[::step], judged.network_labels[::step]
    agreement = float(np.mean(judged.model_labels[::step] == labels))
    measured = []
    together = groups(model.features, categories)
    for number in np.unique(together).tolist():
        columns = np.flatnonzero(together == number)
        ours, theirs = [], []
        for repeat in range(REPEATS):
            shuffled = rows.copy()
            order = stream(0, "influence", number, repeat).permutation(len(rows))
            shuffled[:, columns] = rows[np.ix_(order, columns)]
            ours.append(agreement - np.mean(decided(model.predict(shuffled)) == labels))
            theirs.append(np.mean(network.labels(shuffled) != labels))
        measured.append(
            Influence(
                _name(model.features, columns, categories),
                float(np.mean(ours)),
                float(np.std(ours)),
                float(np.mean(theirs)),
            )
        )
    return tuple(sorted(measured, key=lambda influence: -influence.lost))


def _name(
    features: Sequence[str], columns: Indices, categories: Mapping[str, Sequence[str]]
) -> str:
    """What a group of inputs is called."""
    first = features[int(columns[0])]
    for column, values in categories.items():
        if first in (indicator(column, category) for category in values):
            return column
    return first
