"""The rows of one output as its search takes them: chosen, scaled, and shared out over islands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srnet_cli.cgp.kernels.direct.moments import Moments, Rows, fit_readout, lay_out
from srnet_cli.cgp.kernels.direct.numbers import ANY, BARE, ROUND
from srnet_cli.cgp.kernels.direct.tree import SHIFTED, Tree
from srnet_cli.cgp.kernels.evaluate import evaluate
from srnet_cli.evolution.direct.columns import (
    Columns,
    power_of_ten,
    stratified,
    useful_columns,
    varies,
)
from srnet_cli.evolution.direct.settings import Budget
from srnet_cli.evolution.direct.transforms import Transform, usable_transforms
from srnet_cli.evolution.direct.trees import duplicate, program_of

Array = NDArray[np.float64]
Stream = Callable[..., np.random.Generator]


@dataclass(frozen=True)
class Island:
    """What an island is after.

    Attributes:
        rows: its own rows, laid out for the kernels.
        transform: it looks for t(y); None: for y itself.
        numbers: which numbers its formulas may have, see ``cgp.kernels.direct.numbers``.
    """

    rows: Rows
    transform: Transform | None
    numbers: int = ANY


@dataclass(frozen=True)
class OutputRows:
    """All rows of one output's search.

    Attributes:
        X, y: rows that judge, in scaled units, (n, k) and (n,).
        checks: a dense sample of the domain, (c, k).
        columns: which inputs the k columns are, and their units.
        scale: power of ten that y was multiplied by.
        islands: what each island has of them.
    """

    X: Array
    y: Array
    checks: Array
    columns: Columns
    scale: float
    islands: tuple[Island, ...]

    @property
    def mean(self) -> float:
        """Mean of y."""
        return float(self.y.mean())

    @property
    def plain_islands(self) -> int:
        """How many islands look for y itself; they come first."""
        return sum(island.transform is None for island in self.islands)

    def for_output(self, tree: Tree, island: Island) -> Tree | None:
        """A copy of an island's tree, as one for the output itself; None if there is none."""
        if island.transform is None:
            return duplicate(tree)
        rows, width = island.rows, self.X.shape[1]
        program = program_of(tree, columns=np.arange(width), units=np.ones(width), inputs=width)
        f = evaluate(program, rows.memory[: width * rows.n].reshape(width, rows.n).T)
        target = rows.memory[rows.target : rows.target + rows.n]
        centred = f - f.mean()
        moments = Moments(float(f.mean()), float(centred @ centred), float(centred @ target))
        form = int(tree.head[1])
        w, b = fit_readout(moments, form, rows.mean, rows.n)
        if w == 0.0:
            return None
        return island.transform.back(tree, w, b, has_bias=bool(form & SHIFTED))


def output_rows(
    X: Array,
    y: Array,
    checks: Array,
    *,
    functions: Sequence[str],
    irrelevant: tuple[int, ...],
    budget: Budget,
    threads: int,
    draw: Stream,
) -> OutputRows | None:
    """Choose rows and columns; None where the output is constant, or follows no input.

    Args:
        X, y: rows, (n, d) and (n,).
        checks: a dense sample of the domain, (c, d); where it is empty the rows stand for it.
        functions: names of the function set.
        irrelevant: inputs that the output does not depend on.
        budget: how many rows, inputs and islands.
        threads: how many threads need scratch.
        draw: random numbers by name.
    """
    judged = draw("rows").permutation(len(X))[: budget.judged_rows]
    X, y = X[judged], y[judged]
    columns = useful_columns(X, y, irrelevant, budget.inputs)
    if not varies(y) or not len(columns.numbers):
        return None
    X = columns.select(X)
    scale = power_of_ten(float(y.std()))
    y = y * scale
    kept = draw("checks").permutation(len(checks))[: budget.check_rows]
    checks = columns.select(checks[kept]) if len(kept) else X
    islands = []
    goals = _goals(usable_transforms(y, functions), budget)
    for number, (transform, numbers) in enumerate(goals):
        chosen = stratified(y, budget.rows, draw("island", number))
        target = y if transform is None else transform.apply(np.abs(y))
        islands.append(Island(lay_out(X[chosen], target[chosen], threads), transform, numbers))
    return OutputRows(X, y, checks, columns, scale, tuple(islands))


def _goals(transforms: Sequence[Transform], budget: Budget) -> list[tuple[Transform | None, int]]:
    """What each island is after, and with which numbers: the last ones t(y), at least half y."""
    chosen = list(transforms)[: budget.islands // 2]
    plain = [ANY] * (budget.islands - len(chosen))
    if budget.has_number_islands:
        plain = [*plain[:-1], ROUND, BARE]
    return [*((None, numbers) for numbers in plain), *((transform, ANY) for transform in chosen)]
