"""The function that tests of the Python interface explain."""

from __future__ import annotations

from typing import Any

import numpy as np


def product(X: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    """The network of these tests."""
    return (X[:, 1] + 0.25) * X[:, 0] + 1.0
