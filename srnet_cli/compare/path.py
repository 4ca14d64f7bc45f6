"""A path through the domain, along which a plot shows what every explainer says."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from srnet_cli.compare.explainers import Subject
from srnet_cli.compare.instances import Instances
from srnet_cli.fidelity.row_sets import judged
from srnet_cli.model.functions import gradient

Array = NDArray[np.float64]

PATH = "path"
POINTS = 33
"""Points of each third of the path."""


def path_instances(subject: Subject, sets: Mapping[str, Array]) -> Instances:
    """Points from the lowest corner of the rows beyond to their highest, through the domain.

    The path has three straight thirds: to the lowest corner of the held-out rows' box, through the
    box to its highest corner, and on to the highest corner beyond. Without rows beyond, the middle
    is all there is. Each point is explained for itself; points have no neighbours.
    """
    X = path_rows(sets)
    neighbours = np.empty((len(X), 0, 0, X.shape[1]))
    network = subject(X)
    around = np.empty((len(X), 0, 0, network.shape[1]))
    slopes = gradient(subject.network, X)
    return Instances(
        set_name=PATH,
        rows=np.arange(len(X)),
        X=X,
        neighbours=neighbours,
        network=network,
        around=around,
        gradient=slopes,
    )


def path_rows(sets: Mapping[str, Array]) -> Array:
    """The points of the path, (n, d); see ``path_instances``."""
    inside = sets[judged(sets)]
    beyond = sets.get("extrapolation", inside)
    # Some domains reach less far beyond in one input; there the path stays on the box's side.
    low, high = inside.min(axis=0), inside.max(axis=0)
    corners = [np.minimum(beyond.min(axis=0), low), low, high, np.maximum(beyond.max(axis=0), high)]
    pieces = [
        np.linspace(start, stop, POINTS, endpoint=False)
        for start, stop in pairwise(corners)
        if (start != stop).any()
    ]
    return np.concatenate([*pieces, corners[-1][None]])


def inside(X: Array, rows: Array) -> NDArray[np.bool_]:
    """Which points lie in the box of some rows, to rounding: (n, d) -> (n,)."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    margin = 1e-9 * (high - low)
    return np.asarray(((low - margin <= X) & (high + margin >= X)).all(axis=1))
