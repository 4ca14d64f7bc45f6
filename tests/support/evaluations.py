"""Counts how often a network and its formulas go over the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pytest

from srnet_cli.model import SymbolicNetwork
from srnet_cli.networks import Network


class Evaluations:
    """The rows that every evaluation was of, in order.

    Attributes:
        network, model: raw rows, (n, d), one entry an evaluation.
    """

    def __init__(self) -> None:
        self.network: list[np.ndarray] = []
        self.model: list[np.ndarray] = []

    def per_set(self, sets: Mapping[str, np.ndarray]) -> dict[str, tuple[int, int]]:
        """How many evaluations of network and of formulas were of nearly all rows of each set.

        Only evaluations of nothing but rows of these sets count: shuffling an input's values leaves
        some rows as they were, and among rows near the data some are the data's own.
        """
        rows = {name: _keys(X) for name, X in sets.items()}
        known = set().union(*rows.values())
        network, model = (
            [keys for keys in map(_keys, asked) if len(keys & known) > 0.9 * len(keys)]
            for asked in (self.network, self.model)
        )
        return {
            name: (_covering(network, wanted), _covering(model, wanted))
            for name, wanted in rows.items()
        }


@contextmanager
def counted() -> Iterator[Evaluations]:
    """Count every evaluation within."""
    seen = Evaluations()
    with pytest.MonkeyPatch.context() as patch:
        for kind, names, kept in (
            (Network, ("activations", "predict"), seen.network),
            (SymbolicNetwork, ("layer_values",), seen.model),
        ):
            for name in names:
                patch.setattr(kind, name, _noting(getattr(kind, name), kept))
        yield seen


def _noting(original, kept):
    def evaluate(self, X):
        kept.append(np.array(X))
        return original(self, X)

    return evaluate


def _keys(rows: np.ndarray) -> set[bytes]:
    return {row.tobytes() for row in np.ascontiguousarray(rows, dtype=float)}


def _covering(evaluations: list[set[bytes]], wanted: set[bytes]) -> int:
    return sum(len(wanted & keys) > 0.9 * len(wanted) for keys in evaluations)
