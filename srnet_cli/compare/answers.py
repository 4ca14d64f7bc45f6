"""The whole-network formulas that a run answers with, as a function that can be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr

from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.expressions.hypothesis import OF_RUNS, parse_hypothesis
from srnet_cli.expressions.names import Names
from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.model.functions import finite_differences
from srnet_cli.networks import softmax

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """One formula per direct output, see ``problem.direct_outputs``.

    It travels between processes as text.

    Attributes:
        columns: names of the d inputs.
        outputs: what the formulas are of.
        texts: the formulas.
        complexities: their nodes.
        errors: their 1−R² on the rows that judge.
        has_classes: whether they are scores of classes.
    """

    columns: tuple[str, ...]
    outputs: tuple[str, ...]
    texts: tuple[str, ...]
    complexities: tuple[int, ...]
    errors: tuple[float, ...]
    has_classes: bool = False

    @classmethod
    def from_formulas(cls, formulas: NetworkFormulas, has_classes: bool) -> Answers:
        """The answers among all formulas of a run."""
        answers = [front.answer for front in formulas.fronts]
        return cls(
            columns=formulas.names.columns,
            outputs=tuple(front.output for front in formulas.fronts),
            texts=tuple(answer.text for answer in answers),
            complexities=tuple(answer.complexity for answer in answers),
            errors=tuple(answer.error for answer in answers),
            has_classes=has_classes,
        )

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: whatever was made of them is made again elsewhere."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    def __call__(self, X: Array) -> Array:
        """Outputs, or probabilities of classes: raw rows (n, d) -> (n, m); NaN without a value."""
        scores = self._scores(X)
        return softmax(scores) if self.has_classes else scores

    def gradient(self, X: Array) -> Array:
        """Derivatives of the values by the raw inputs: (n, d) -> (n, m, d).

        A formula whose derivative is no formula that can be evaluated is differentiated
        numerically.
        """
        slopes = np.stack([slope(X) for slope in self._slopes], axis=1)
        if not self.has_classes:
            return slopes
        if len(self.texts) == 1:
            slopes = np.concatenate([np.zeros_like(slopes), slopes], axis=1)
        values = self(X)
        with np.errstate(all="ignore"):
            mean = np.einsum("nm,nmd->nd", values, slopes)
            return np.asarray(values[:, :, None] * (slopes - mean[:, None, :]))

    @property
    def terms(self) -> int:
        """Summands of all formulas."""
        return sum(len(Add.make_args(expr)) for expr in self._expressions)

    @property
    def nodes(self) -> int:
        """Nodes of all formulas, as printed."""
        return sum(self.complexities)

    @cached_property
    def _names(self) -> Names:
        return Names(self.columns)

    @cached_property
    def _expressions(self) -> tuple[Expr, ...]:
        return tuple(parse_hypothesis(text, self._names, OF_RUNS).expr for text in self.texts)

    def _scores(self, X: Array) -> Array:
        """Values of the formulas, (n, m); of two classes the difference stands beside a 0."""
        evaluate = Evaluator(self._names.symbols, X)
        values = np.stack([evaluate(expr) for expr in self._expressions], axis=1)
        values = np.where(np.isfinite(values), values, np.nan)
        if self.has_classes and len(self.texts) == 1:
            return np.concatenate([np.zeros_like(values) * values, values], axis=1)
        return values

    @cached_property
    def _slopes(self) -> tuple[Callable[[Array], Array], ...]:
        """Of every formula the derivatives by all inputs: (n, d) -> (n, d)."""
        return tuple(map(self._slope, self._expressions))

    def _slope(self, expr: Expr) -> Callable[[Array], Array]:
        symbols = self._names.symbols
        free = expr.free_symbols
        parts = {place: expr.diff(s) for place, s in enumerate(symbols) if s in free}
        try:
            with np.errstate(all="ignore"):
                evaluate = Evaluator(symbols, np.ones((1, len(symbols))))
                for part in parts.values():
                    evaluate(part)
        except TypeError:
            return partial(self._numerically, expr)
        return partial(self._symbolically, parts)

    def _symbolically(self, parts: dict[int, Expr], X: Array) -> Array:
        evaluate, slopes = Evaluator(self._names.symbols, X), np.zeros(X.shape)
        for place, part in parts.items():
            slopes[:, place] = evaluate(part)
        return slopes

    def _numerically(self, expr: Expr, X: Array) -> Array:
        def values(rows: Array) -> Array:
            return Evaluator(self._names.symbols, rows)(expr)[:, None]

        with np.errstate(all="ignore"):
            return finite_differences(values, X)[:, 0]
