"""How long a formula is: nodes of everything that is printed, counted the same way everywhere.

The count is that of SymPy's tree of the printed text, ``preorder_traversal``, where sums and
products have any number of operands and a factor before a sum is not multiplied into it:

=====================  =====  ==============================================================
printed                nodes  because the tree is
=====================  =====  ==============================================================
``x``, ``2``, ``-2``       1  a leaf; a negative number is one leaf, ``1/2`` and ``pi`` too
``a + b + c``              4  one sum
``a - b``                  5  ``Add(a, Mul(-1, b))``
``a - 2``                  3  ``Add(a, -2)``
``-x``, ``2*x``, ``x/2``   3  ``Mul(number, x)``
``a/b``                    5  ``Mul(a, Pow(b, -1))``
``1/b``, ``x**2``          3  a power
``1/x**2``                 3  ``Pow(x, -2)``
``sqrt(x)``                3  ``Pow(x, 1/2)``
``a/sqrt(b)``              5  ``Mul(a, Pow(b, -1/2))``
``sin(x)``                 2  a function
``0.5*k*x**2``             6  ``Mul(0.5, k, Pow(x, 2))``
``x*x``                    3  ``Pow(x, 2)``: factors that repeat are a power
``f = 2*h0 + 1``           5  the right side alone; names of results are not counted
=====================  =====  ==============================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr, Mul, Pow

Array = NDArray[np.float64]

__all__ = ["complexity", "composition_complexity", "layer_complexity", "readout_complexity"]


def complexity(expr: Expr) -> int:
    """Number of nodes of a formula as printed, see above.

    Sums within sums and products within products, which formulas built from programs have, count
    as the one operation that they are printed as. So does the inverse of a power.
    """
    return _Count().nodes(expr)


class _Count:
    """Counts nodes, those of a part that stands in several places once."""

    def __init__(self) -> None:
        self._nodes: dict[Expr, int] = {}
        self._factors: dict[Expr, Counter[Expr]] = {}

    def nodes(self, expr: Expr) -> int:
        """Nodes of a formula."""
        if not expr.args:
            return 1  # looking a number up would take longer
        if expr not in self._nodes:
            self._nodes[expr] = self._counted(expr)
        return self._nodes[expr]

    def _counted(self, expr: Expr) -> int:
        if isinstance(expr, Mul):
            factors = self._factors_of(expr)
            is_power = len(factors) == 1 and factors.total() > 1
            return sum(self._operands(factors)) + (not is_power)
        nodes = 1 + sum(map(self.nodes, expr.args))
        if isinstance(expr, Add):
            return nodes - sum(isinstance(arg, Add) for arg in expr.args)
        is_inverse = isinstance(expr, Pow) and expr.exp == -1 and isinstance(expr.base, Pow)
        return nodes - 2 if is_inverse and expr.base.exp.is_Rational else nodes

    def _factors_of(self, product: Expr) -> Counter[Expr]:
        """The factors of a product and of the products within, with how often each occurs."""
        if product not in self._factors:
            factors: Counter[Expr] = Counter()
            for arg in product.args:
                factors.update(self._factors_of(arg) if isinstance(arg, Mul) else [arg])
            self._factors[product] = factors
        return self._factors[product]

    def _operands(self, factors: Counter[Expr]) -> Iterator[int]:
        for factor, times in factors.items():
            yield self._power(factor, times)

    def _power(self, factor: Expr, times: int) -> int:
        """Nodes of a factor that occurs so often; a number stays as often as it is printed."""
        if times == 1 or factor.is_Number:
            return times * self.nodes(factor)
        if isinstance(factor, Pow) and factor.exp.is_Rational:
            return self.nodes(factor) if factor.exp * times != 1 else self.nodes(factor.base)
        return 2 + self.nodes(factor)


def readout_complexity(weights: Array, bias: Array) -> int:
    """Number of nodes of a layer's readouts over the names of its expressions, as printed.

    A weight of 1 and a bias of 0 are not printed, nor is a term of weight 0.

    Args:
        weights: W, (K, m).
        bias: b, (m,).
    """
    terms = (weights != 0.0).sum(axis=0) + (bias != 0.0)
    factors = 2 * ((weights != 0.0) & (weights != 1.0)).sum(axis=0)
    # A unit that is nothing at all is printed as 0.
    return int(np.sum(np.maximum(terms, 1) + factors + (terms > 1)))


def layer_complexity(expressions: Iterable[Expr], readouts: Iterable[Expr]) -> int:
    """Number of nodes of a layer: right sides of all its lines, readouts included.

    Args:
        expressions: named partial results and the expressions, ``f = …``.
        readouts: the units over those names, ``h0 = 2*f + 1``.
    """
    return sum(map(complexity, expressions)) + sum(map(complexity, readouts))


def composition_complexity(layers: Iterable[tuple[Sequence[Expr], Sequence[Expr]]]) -> int:
    """Number of nodes of all layers.

    Args:
        layers: (expressions, readouts) per layer, as for ``layer_complexity``.
    """
    return sum(layer_complexity(expressions, readouts) for expressions, readouts in layers)
