"""What every kind of dataset becomes: named columns, three sets of rows, three domains.

A table is the step before: its columns are numbers, and its rows are not yet divided.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.formula import Formula

Array = NDArray[np.float64]
Task = Literal["regression", "classification"]


@dataclass(frozen=True)
class Domain:
    """A box: one closed interval an input.

    Attributes:
        low: lower ends, (d,).
        high: upper ends, (d,).
    """

    low: Array
    high: Array

    @classmethod
    def from_box(
        cls, box: Mapping[str, tuple[float, float]], features: Sequence[str] | None = None
    ) -> Self:
        """The domain of named intervals, in the order of ``features`` or else of the box."""
        ends = [box[name] for name in (box if features is None else features)]
        low, high = np.array(ends, dtype=np.float64).reshape(-1, 2).T
        return cls(low.copy(), high.copy())

    def __len__(self) -> int:
        return len(self.low)

    def at(self, positions: Array) -> Array:
        """Rows at relative positions in [0, 1], (n, d) or (n, 1) → (n, d)."""
        # A convex combination, unlike low + t·(high - low), cannot overflow.
        rows = (1.0 - positions) * self.low + positions * self.high
        return np.clip(rows, self.low, self.high)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Uniform rows, (n, d)."""
        return self.at(rng.random((n, len(self))))


@dataclass(frozen=True)
class Rows:
    """Rows of one set, in the input's own units.

    Attributes:
        X: inputs, (n, d).
        y: targets, (n,), of several (n, k): numbers for regression, class indices for
            classification; None where nothing but the network labels the rows.
    """

    X: Array
    y: Array | None

    def __len__(self) -> int:
        return len(self.X)

    def take(self, indices: NDArray[np.intp]) -> Rows:
        """The rows with the given indices, in that order."""
        return Rows(self.X[indices], None if self.y is None else self.y[indices])


@dataclass(frozen=True)
class Table:
    """Columns of numbers and a target.

    Attributes:
        features: names of the d columns beside the target, in the order of the file.
        X: their values, (n, d).
        y: targets, (n,): numbers for regression, class indices for classification; None where
            there are none.
        classes: class labels as text, in the order of their indices; empty for regression.
        notes: remarks about the columns, one line each.
        categories: of the columns declared categorical, their categories in order; X holds their
            numbers, from 0, until ``categories.one_hot`` has replaced them.
        readings: of the columns that are not plain numbers, how they were read, see ``readings``.
        imputed: of columns with missing values what takes their place, as text; X holds NaN until
            ``treatment.filled`` has put it there.
    """

    features: tuple[str, ...]
    X: Array
    y: Array | None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)
    imputed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """A dataset ready for training and explaining a network.

    Attributes:
        features: names of the d input columns.
        target: name of the target; of several, all of them.
        task: regression or classification.
        classes: class labels as text, in the order of their indices; empty for regression.
        train: rows on which networks and readouts are fitted.
        validation: rows that count in selection but fit nothing; may be empty.
        test: rows that no search sees; empty where a table's test fraction is 0.
        domain: interpolation domain, or None for a table that declares none.
        validation_domain: where the validation rows come from, or None.
        extrapolation_domain: where reports extrapolate to, or None.
        truth: the formula that labels rows of the domain, or None.
        notes: remarks for the log about what was found in the data, one line each.
        targets: names of the targets, where there are several.
        categories: of the columns encoded by an indicator per category, the categories in order;
            see ``categories.one_hot``.
        readings: of the table's columns that are not plain numbers, how they were read, see
            ``readings.READINGS``.
        imputed: of the table's columns that miss values, what took their place, as text.
    """

    features: tuple[str, ...]
    target: str
    task: Task
    classes: tuple[str, ...]
    train: Rows
    validation: Rows
    test: Rows
    domain: Domain | None = None
    validation_domain: Domain | None = None
    extrapolation_domain: Domain | None = None
    truth: Formula | None = None
    notes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)
    imputed: Mapping[str, str] = field(default_factory=dict)


def fingerprint(dataset: Dataset) -> str:
    """SHA-256 over every row, name and domain of a dataset, as 64 hexadecimal digits.

    Equal datasets have equal fingerprints on every machine; notes do not count.
    """
    rows = (dataset.train, dataset.validation, dataset.test)
    domains = (dataset.domain, dataset.validation_domain, dataset.extrapolation_domain)
    arrays = [
        *(array for part in rows for array in (part.X, part.y)),
        *(end for box in domains for end in ((box.low, box.high) if box else (None, None))),
    ]
    names = {
        "features": dataset.features,
        "target": dataset.target,
        "task": dataset.task,
        "classes": dataset.classes,
        "truth": dataset.truth.text if dataset.truth else None,
        "shapes": [None if array is None else array.shape for array in arrays],
    }
    digest = sha256(json.dumps(names).encode() + b"\n")
    for array in arrays:
        if array is not None:
            digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()
