"""Which functions a formula uses how often, and how deep inside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import sympy
from sympy import Expr, Pow

from srnet_cli.primitives import BY_NAME

Key = tuple[str, str]

_NAMES = {
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.tan: "tan",
    sympy.tanh: "tanh",
    sympy.exp: "exp",
    sympy.log: "log",
    sympy.erf: "erf",
    sympy.Abs: "abs",
    sympy.Min: "min",
    sympy.Max: "max",
}


def written_functions(primitives: Iterable[str]) -> frozenset[str]:
    """What formulas are written with where programs use these primitives; arithmetic is not told.

    Raises:
        KeyError: there is no such primitive.
    """
    return frozenset[str]().union(*(BY_NAME[name].written_with for name in primitives))


class Nesting:
    """Counts of some functions in formulas as written out, without walking shared parts twice.

    Args:
        functions: the functions told, see ``written_functions``.
    """

    def __init__(self, functions: Collection[str]) -> None:
        self._functions = functions
        self._known: dict[Expr, tuple[Counter[str], Counter[str], Counter[Key]]] = {}

    def grows(self, new: Expr, old: Expr) -> bool:
        """Whether one formula uses a function more often than another, or nests it deeper.

        If not, it can take the other's place anywhere without breaking a limit that is kept.
        """
        if not self._functions:
            return False
        (uses, chain, nested), (uses_before, chain_before, nested_before) = map(
            self._counts, (new, old)
        )
        return not (uses <= uses_before and chain <= chain_before and nested <= nested_before)

    def _counts(self, expr: Expr) -> tuple[Counter[str], Counter[str], Counter[Key]]:
        """(uses; most on any way down; most inside of another, by (outer, inner))."""
        if expr not in self._known:
            uses, chain, nested = Counter[str](), Counter[str](), Counter[Key]()
            for arg in expr.args:
                part = self._counts(arg)
                uses += part[0]
                chain |= part[1]
                nested |= part[2]
            name = _name(expr)
            if name is not None and name in self._functions:
                nested |= Counter({(name, inner): count for inner, count in chain.items()})
                uses[name] += 1
                chain[name] += 1
            self._known[expr] = uses, chain, nested
        return self._known[expr]


def _name(expr: Expr) -> str | None:
    if isinstance(expr, Pow):
        return None if expr.exp.is_Integer else "sqrt"
    return _NAMES.get(expr.func)
