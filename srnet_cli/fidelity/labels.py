"""The classes that scores name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

NO_CLASS = -1


def class_names(classes: Sequence[str], width: int) -> list[str]:
    """What the classes are called; their numbers, where the data names none."""
    return [str(name) for name in classes or range(width)]


def decided(scores: Array) -> Labels:
    """The class of the greatest score, the first of equals: (n, classes) -> (n,).

    ``NO_CLASS`` where a score is not finite.
    """
    is_finite = np.isfinite(scores).all(axis=1)
    return np.where(is_finite, np.argmax(scores, axis=1), NO_CLASS).astype(np.int64)
