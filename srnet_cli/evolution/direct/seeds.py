"""Formulas that a direct search tries first: single inputs, power laws, weighted sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.tree import MAX_TREE, Tree
from srnet_cli.evolution.direct.columns import Columns
from srnet_cli.evolution.direct.settings import Hints
from srnet_cli.evolution.direct.trees import Node, constant, leaf, operation, tree_of

Array = NDArray[np.float64]

_SUMMANDS = 6
"""Terms of a weighted sum, at most."""

_LEAST_EXPONENT = 0.25
_LARGEST_EXPONENT = 6.0


def general_trees(
    X: Array, y: Array, functions: Sequence[str], exponents: Sequence[float | None]
) -> list[Tree]:
    """What is worth trying on any problem.

    Args:
        X, y: rows, (n, d) and (n,).
        functions: names of the function set.
        exponents: known exponents of the inputs; empty: none.
    """
    trees = [tree_of(leaf(j)) for j in range(X.shape[1])]
    if "add" in functions:
        trees.append(_weighted_sum(X, y))
    powers = _power_law(X, y)
    for j, known in enumerate(exponents):
        if known is not None:
            powers[j] = known
    for steps in (1, 2):  # to whole numbers, and to multiples of 1/2
        product = _product(np.round(powers * steps) / steps, functions)
        if product is not None:
            trees.append(product)
    return trees


def sketched_trees(sketches: Sequence[Sequence[int | float | str]], columns: Columns) -> list[Tree]:
    """Given formulas as trees; those that are too long, or read an input left out, are dropped.

    Args:
        sketches: in postfix order, see ``Hints``.
        columns: the inputs that trees read.
    """
    places = _places(columns.numbers)
    trees = []
    for sketch in sketches:
        inputs = {symbol for symbol in sketch if isinstance(symbol, int)}
        if len(sketch) <= MAX_TREE and inputs <= places.keys():
            trees.append(tree_of(*(_sketched_node(symbol, places, columns) for symbol in sketch)))
    return trees


def _places(numbers: NDArray[np.int64]) -> dict[int, int]:
    """Which column each input is."""
    return {number: column for column, number in enumerate(numbers.tolist())}


def _sketched_node(symbol: int | float | str, places: Mapping[int, int], columns: Columns) -> Node:
    """The node of an input's number, a constant, or a function's name."""
    if isinstance(symbol, str):
        return operation(symbol)
    if isinstance(symbol, float):
        return constant(symbol)
    j = places[symbol]
    # Trees read inputs times their units; a sketch reads them as they are.
    return leaf(j, 1.0 / float(columns.units[j]))


def grouped_trees(numbers: NDArray[np.int64], hints: Hints, functions: Sequence[str]) -> list[Tree]:
    """The plainest trees with a known structure: products of sums, and sums of products.

    Args:
        numbers: which input each column is.
        hints: whose groups count; inputs that are no column are passed over.
        functions: names of the function set.
    """
    if not {"add", "mul"} <= set(functions):
        return []
    places = _places(numbers)
    trees = []
    for groups, inner, outer in ((hints.products, "add", "mul"), (hints.sums, "mul", "add")):
        leaves = [[[leaf(places[j])] for j in group if j in places] for group in groups]
        parts = [_joined(group, inner) for group in leaves if group]
        nodes = _joined(parts, outer)
        if 1 < len(nodes) <= MAX_TREE:
            trees.append(tree_of(*nodes))
    return trees


def _weighted_sum(X: Array, y: Array) -> Tree:
    """The inputs with the largest weights in a linear fit, added up."""
    spread = X.std(axis=0)
    weights = np.linalg.lstsq((X - X.mean(axis=0)) / spread, y - y.mean(), rcond=1e-6)[0]
    chosen = np.sort(np.argsort(-np.abs(weights), kind="stable")[:_SUMMANDS])
    terms = [[leaf(j, float(weights[j] / spread[j]))] for j in chosen.tolist()]
    return tree_of(*_joined(terms, "add"))


def _power_law(X: Array, y: Array) -> Array:
    """Least-squares exponents of the inputs in log|y|; 0 where there is no law to be had."""
    powers = np.zeros(X.shape[1])
    signed = [j for j in range(X.shape[1]) if (X[:, j] > 0).all() or (X[:, j] < 0).all()]
    magnitude = np.abs(y)
    keeps = magnitude > 1e-3 * magnitude.max(initial=0.0)
    if not signed or keeps.sum() < 2 * len(signed) + 2:
        return powers
    columns = np.column_stack([np.ones(len(y)), np.log(np.abs(X[:, signed]))])[keeps]
    powers[signed] = np.linalg.lstsq(columns, np.log(magnitude[keeps]), rcond=1e-9)[0][1:]
    return powers


def _product(powers: Array, functions: Sequence[str]) -> Tree | None:
    """The product of the inputs to these powers, multiples of 1/2; None if it cannot be written."""
    above: list[list[Node]] = []
    below: list[list[Node]] = []
    for j, power in enumerate(powers.tolist()):
        if not _LEAST_EXPONENT < abs(power) <= _LARGEST_EXPONENT:
            continue
        factors = _power(j, abs(power), functions)
        if factors is None:
            return None
        (above if power > 0 else below).extend(factors)
    if len(above) + len(below) < 1 or (len(above) + len(below) > 1 and "mul" not in functions):
        return None
    if below and "div" not in functions:
        return None
    nodes = _joined(above, "mul")
    if below:
        numerator = nodes or [constant(1.0)]
        nodes = [*numerator, *_joined(below, "mul"), operation("div")]
    return tree_of(*nodes) if len(nodes) <= MAX_TREE else None


def _power(j: int, power: float, functions: Sequence[str]) -> list[list[Node]] | None:
    """Factors whose product is a power of an input; None if it cannot be written."""
    whole, half = int(power), power % 1.0 >= 0.5
    factors: list[list[Node]] = []
    if half:
        if "sqrt" not in functions:
            return None
        factors.append([leaf(j), operation("sqrt")])
    if "square" in functions:
        factors += [[leaf(j), operation("square")]] * (whole // 2)
        whole %= 2
    return factors + [[leaf(j)]] * whole


def _joined(parts: list[list[Node]], function: str) -> list[Node]:
    """The sum or product of subtrees; nothing of none."""
    nodes: list[Node] = []
    for place, part in enumerate(parts):
        nodes += part
        if place:
            nodes.append(operation(function))
    return nodes
