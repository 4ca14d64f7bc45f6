"""What the expressions of a layer are for: the directions in which its units vary, and how many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from srnet_cli.arrays import ROUNDING, is_constant
from srnet_cli.evolution.problem import Problem

Array = NDArray[np.float64]

_TAIL = 1e-12
_SHARE = 0.999
_REST = 1e-6
_FEW = 16
_MOST_EXPRESSIONS = 32
MOST_UNITS = 64
"""Units of a layer that have an expression of their own, at most."""

_WIDE, _SPARE = 256, 16


def layer_targets(
    targets: Sequence[Array], index: int, effects: Sequence[Array] | None = None
) -> Array:
    """What the expressions of a layer are fitted to, as ``principal_targets``.

    These are the layer's units and what the outputs make of them, which counts as much for every
    output as all the units do: what the outputs follow may be directions in which the units hardly
    vary. The last hidden layer's are the outputs themselves; those of layers before it follow from
    the outputs' slopes.

    Args:
        targets: activations of all layers, (n, m_l).
        index: number of the layer, from 0.
        effects: of every hidden layer its directions of effect, see ``Problem``; None: not known.
    """
    units = targets[index]
    importance = np.ones(units.shape[1])
    share = np.sqrt(units.shape[1])
    if index == len(targets) - 2:
        outputs = targets[-1]
        importance = np.concatenate([importance, np.full(outputs.shape[1], share)])
        units = np.column_stack([units, outputs])
    elif effects is not None and index < len(targets) - 2:
        followed = units @ effects[index]
        energy = float(np.sum(followed.var(axis=0)))
        if np.isfinite(energy) and energy > 0.0:
            outputs = targets[-1].shape[1]
            spread = followed.std(axis=0) * share * np.sqrt(outputs / energy)
            importance = np.concatenate([importance, spread])
            units = np.column_stack([units, followed])
    return principal_targets(units, importance)


def principal_targets(units: Array, importance: Array) -> Array:
    """Targets with the same sums of squares in as few columns as there are directions.

    Units are standardised, so that each counts by its own variance, and rotated to their principal
    components; a layer of a hundred units that are all alike costs no more than one unit.

    Args:
        units: activations, (n, m).
        importance: factor of each standardised unit, (m,).

    Returns:
        (n, r) with r ≤ m, columns of falling variance, at least one.
    """
    weighted = _standardised(units) * importance
    if weighted.shape[1] > _WIDE:
        weighted = _compressed(weighted)
    basis, size, _ = np.linalg.svd(weighted, full_matrices=False)
    count = max(1, int(np.sum(size**2 > _TAIL * np.sum(size**2))))
    return np.asarray(basis[:, :count] * size[:count])


def _compressed(columns: Array) -> Array:
    """Fewer columns with the same sums of squares in the directions that hold most of them.

    A layer of many units that reads few has few directions, and then these are all, to within
    rounding. Of others the weakest are left out. What a random mixture of the columns spans, drawn
    towards the strongest by passing through the columns once more, holds them (randomised range
    finder, Halko, Martinsson & Tropp 2011).

    Args:
        columns: (n, m).

    Returns:
        (n, r), r ≤ ``_WIDE``.
    """
    mixed = np.random.default_rng(0).normal(size=(columns.shape[1], _WIDE + _SPARE))
    basis = np.linalg.qr(columns @ mixed)[0]
    basis = np.linalg.qr(columns @ (columns.T @ basis))[0]
    _, _, turn = np.linalg.svd(basis.T @ columns, full_matrices=False)
    return np.asarray(columns @ turn[:_WIDE].T)


def decisive_targets(targets: Array) -> Array:
    """The first of ``principal_targets``, (n, r), that hold all but a millionth of their squares;
    all where they are few."""
    energy = np.cumsum(np.sum(targets**2, axis=0))
    count = int(np.searchsorted(energy, (1.0 - _REST) * energy[-1])) + 1
    return targets[:, : max(count, _FEW)]


def expressions_wanted(targets: Array, wanted: int | str) -> int:
    """How many expressions a layer gets.

    Args:
        targets: ``principal_targets``, (n, r).
        wanted: a number, of which no more than r are of use; or ``auto``: as many as principal
            components are needed for 99.9 % of the targets' variance, at most 32.
    """
    if wanted != "auto":
        return min(int(wanted), int(targets.shape[1]))
    energy = np.cumsum(np.sum(targets**2, axis=0))
    if energy[-1] == 0.0:
        return 1
    needed = int(np.searchsorted(energy / energy[-1], _SHARE)) + 1
    return min(needed, _MOST_EXPRESSIONS)


def expressions_by_layer(
    problem: Problem, wanted: int | str, are_neurons: Sequence[bool] = ()
) -> list[int]:
    """How many expressions every layer gets, see ``expressions_wanted``.

    How many hold enough of the variance is asked of as many rows that only judge, if there are so
    many: those to fit may be chosen ones. What is independent there may be rare.

    Args:
        problem: rows and activations.
        wanted: a number, or ``auto``.
        are_neurons: whether a layer begins with its units as they are, see ``neurons``; with
            ``auto`` it then has one for each that is independent, at most ``MOST_UNITS``; empty:
            none does.
    """
    fit = problem.fit_rows
    are_even = wanted == "auto" and len(problem.inputs) >= 2 * fit
    rows = slice(fit, 2 * fit) if are_even else slice(fit)
    targets = [target[rows] for target in problem.targets]

    def count(index: int, effects: Sequence[Array] | None) -> int:
        return expressions_wanted(layer_targets(targets, index, effects), wanted)

    def units(index: int) -> int:
        if wanted != "auto" or not any(are_neurons[index : index + 1]):
            return 0
        return min(len(independent_units(problem.targets[index][:fit])), MOST_UNITS)

    # What the outputs follow may be few directions; the units keep what they need themselves.
    return [
        max(count(index, None), count(index, problem.effects), units(index))
        for index in range(len(targets))
    ]


def independent_units(units: Array) -> NDArray[np.int64]:
    """Units of which all others are weighted sums, to within rounding: (n, m) → (r,), r ≤ m.

    Each is the one of which those before it explain least (QR with column pivoting, Businger &
    Golub 1965).
    """
    triangle, order = qr(_standardised(units), mode="r", pivoting=True)
    size = np.diag(triangle) ** 2
    total = np.sum(triangle[: len(size)] ** 2)
    return np.asarray(order[: len(size)][size > _TAIL * total], dtype=np.int64)


def _standardised(units: Array) -> Array:
    constant = is_constant(units, ROUNDING)
    spread = np.where(constant, 1.0, units.std(axis=0))
    return np.where(constant, 0.0, (units - units.mean(axis=0)) / spread)
