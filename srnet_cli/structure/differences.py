"""Effects and interactions of inputs, from differences between values.

With f_A the values where the inputs A are drawn anew, the mean of (f - f_i)²/2 is the variance that
is lost without x_i (its total effect; Jansen, 1999), and the mean of (f - f_i - f_j + f_ij)²/4 what
is lost by a sum in whose terms x_i and x_j do not meet (the superset importance of Liu & Owen,
2006, which Hooker, 2004, reads additive structure from).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from srnet_cli.structure.view import Array, View, mixed

Pair = tuple[int, int]


@dataclass(frozen=True)
class Differences:
    """Values of a view at random rows, and where one or two inputs are drawn anew.

    Attributes:
        X: the rows, (n, d).
        other: rows that new values are taken from, (n, d).
        base: values at X, (n,).
        single: values where one input is new, by input.
        double: values where two are new, by pair (i < j).
    """

    X: Array
    other: Array
    base: Array
    single: dict[int, Array]
    double: dict[Pair, Array]

    @property
    def variance(self) -> float:
        """Of the values."""
        return float(self.base.var())

    def mapped(self, transform: Callable[[Array], Array]) -> Differences:
        """The same of a function of the values."""
        return replace(
            self,
            base=transform(self.base),
            single={i: transform(values) for i, values in self.single.items()},
            double={pair: transform(values) for pair, values in self.double.items()},
        )

    def effects(self) -> dict[int, float]:
        """Total effect of every input, as a share of the variance."""
        return {
            i: float(np.mean((self.base - values) ** 2) / (2.0 * self.variance))
            for i, values in self.single.items()
        }

    def interactions(self) -> dict[Pair, float]:
        """What every two inputs do together, as a share of the variance."""
        return {
            (i, j): float(
                np.mean((self.base - self.single[i] - self.single[j] + values) ** 2)
                / (4.0 * self.variance)
            )
            for (i, j), values in self.double.items()
        }


def differences(view: View, n: int, rng: np.random.Generator) -> Differences:
    """Ask a view of k inputs at n·(1 + k + k(k - 1)/2) rows."""
    X, other = view.draw(n, rng), view.draw(n, rng)
    return Differences(
        X=X,
        other=other,
        base=view(X),
        single={i: view(mixed(X, other, [i])) for i in view.free},
        double={pair: view(mixed(X, other, pair)) for pair in combinations(view.free, 2)},
    )


def components(nodes: Sequence[int], edges: Iterable[Pair]) -> tuple[tuple[int, ...], ...]:
    """The connected parts of a graph, each ascending, in the order of their first nodes."""
    part = {node: {node} for node in nodes}
    for i, j in edges:
        union = part[i] | part[j]
        part |= dict.fromkeys(union, union)
    return tuple(sorted({tuple(sorted(members)) for members in part.values()}))


def cliques(nodes: Sequence[int], edges: Iterable[Pair]) -> tuple[tuple[int, ...], ...]:
    """The largest sets of nodes that are all joined (Bron & Kerbosch, 1973)."""
    near: dict[int, set[int]] = {node: set() for node in nodes}
    for i, j in edges:
        near[i].add(j)
        near[j].add(i)
    complete: list[tuple[int, ...]] = []

    def extend(clique: set[int], candidates: set[int], excluded: set[int]) -> None:
        if not candidates and not excluded:
            complete.append(tuple(sorted(clique)))
        for node in sorted(candidates):
            extend(clique | {node}, candidates & near[node], excluded & near[node])
            candidates = candidates - {node}
            excluded = excluded | {node}

    extend(set(), set(nodes), set())
    return tuple(sorted(complete))
