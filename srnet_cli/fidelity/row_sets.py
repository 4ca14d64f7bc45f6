"""The sets of rows that formulas are judged on, what they are called, and which one decides."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from srnet_cli.rng import stream

if TYPE_CHECKING:
    from srnet_cli.datasets.dataset import Dataset

Array = NDArray[np.float64]

SETS = ("train", "validation", "interpolation", "extrapolation", "boundary")
"""Rows that fit the readouts; that count in selection; fresh ones; ones beyond the domain; and ones
near a classifier's decision boundary."""

SET_NAMES = {
    "train": "training",
    "validation": "selection",
    "interpolation": "held-out",
    "extrapolation": "beyond",
    "boundary": "boundary",
}
"""What the sets of rows are called in print."""


def row_sets(dataset: Dataset, seed: int) -> dict[str, Array]:
    """Rows of every set that the dataset alone decides, in its own units, (n, d) each."""
    sets = {"train": dataset.train.X, "validation": dataset.validation.X}
    sets["interpolation"] = dataset.test.X
    if dataset.extrapolation_domain is not None:
        rng = stream(seed, "dataset", "extrapolation")
        sets["extrapolation"] = dataset.extrapolation_domain.sample(len(dataset.test), rng)
    return {name: rows for name, rows in sets.items() if len(rows)}


def judged(sets: Collection[str]) -> str:
    """Which of these sets formulas are judged and chosen by: held-out rows, else training rows."""
    return "interpolation" if "interpolation" in sets else "train"
