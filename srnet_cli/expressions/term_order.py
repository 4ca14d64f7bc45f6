"""In which order terms and factors stand: by the inputs they read, the shorter first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key

from sympy import Basic, Expr, Rational, Symbol

from srnet_cli.expressions.trees import measure

Order = tuple[tuple[int, ...], int, object]
"""What is compared: numbers of the inputs that are read, nodes, and the structure."""

_BY_STRUCTURE = cmp_to_key(Basic.compare)


class TermOrder:
    """The order of terms and factors over some inputs; what has been looked at is remembered.

    Args:
        symbols: the inputs, in the order that terms shall have.
    """

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self._place = {symbol: (index,) for index, symbol in enumerate(symbols)}
        self._inputs: dict[Expr, tuple[int, ...]] = {}
        self._orders: dict[Expr, Order] = {}

    def of_term(self, core: Expr) -> Order:
        """Where a term stands, whatever its coefficient."""
        if core not in self._orders:
            nodes = measure(core).nodes
            self._orders[core] = (self._reads(core), nodes, _BY_STRUCTURE(core))
        return self._orders[core]

    def of_factor(self, base: Expr, exponent: Rational) -> tuple[int, int, Order]:
        """Where a power stands in a product: divisors last, and inputs by themselves first."""
        return bool(exponent < 0), not base.is_Symbol, self.of_term(base)

    def _reads(self, expr: Expr) -> tuple[int, ...]:
        if expr in self._place:
            return self._place[expr]
        if expr not in self._inputs:
            parts = [set(self._reads(arg)) for arg in expr.args]
            self._inputs[expr] = tuple(sorted(set().union(*parts)))
        return self._inputs[expr]
