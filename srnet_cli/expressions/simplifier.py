"""Shorter formulas with the same values.

SymPy's own ``simplify`` may take minutes and knows nothing of floating point: it turns ``x/x``
into 1 and ``sqrt(x)**2`` into x, which have values where the formula has none. Here every rewrite
is tried alone, must lower the number of operations, and must give the same numbers on the rows at
hand. The work is bounded by the size of the formula instead of a clock, so that the same formula
always comes out, on a slow machine too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np
import sympy
from sympy import Add, Expr, Mul, Pow, Symbol
from sympy.core.parameters import distribute
from sympy.simplify.fu import TR5, TR8, TR2i, TR10i

from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.nesting import Nesting
from srnet_cli.expressions.numeric import Array, agree, sample, values
from srnet_cli.expressions.trees import (
    EXACT_INTEGER,
    in_order,
    measure,
    number,
    substitute,
    unevaluated,
)
from srnet_cli.expressions.writer import FUNCTIONS

LARGEST_FLOAT = 1e300
MAX_NODES = 300
MAX_REWRITE_NODES = 150
MAX_DEGREE = 32
MAX_TERMS = 200


class Rewrite(NamedTuple):
    """A way to write a formula differently.

    Attributes:
        apply: gives the other formula.
        needs: kinds of nodes, of each group one, without which it changes nothing.
    """

    apply: Callable[[Expr], Expr]
    needs: tuple[tuple[type[Expr], ...], ...] = ()

    def may_help(self, kinds: AbstractSet[type[Expr]]) -> bool:
        """Whether a formula of such nodes may come out differently."""
        return all(not kinds.isdisjoint(group) for group in self.needs)


_SINE, _COSINE, _WAVE, _LOGARITHM = (sympy.sin,), (sympy.cos,), (sympy.sin, sympy.cos), (sympy.log,)
_SUM, _POWER = (Add,), (Pow,)

REWRITES: tuple[Rewrite, ...] = (
    Rewrite(sympy.expand_mul, (_SUM,)),
    Rewrite(sympy.together, (_SUM, _POWER)),
    Rewrite(sympy.cancel, (_SUM, _POWER)),
    Rewrite(sympy.factor_terms, (_SUM,)),
    Rewrite(sympy.powsimp, ((Pow, sympy.exp),)),
    Rewrite(sympy.expand_log, (_LOGARITHM,)),
    Rewrite(sympy.logcombine, (_LOGARITHM,)),
    Rewrite(TR2i, (_SINE, _COSINE)),  # sin/cos: tan
    Rewrite(TR5, (_SINE, _POWER)),  # sin**2: 1 - cos**2
    Rewrite(TR8, (_WAVE,)),  # sin*cos: of double angles
    Rewrite(TR10i, (_WAVE, _SUM)),  # sin*cos + cos*sin: of sums
)


class Simplifier:
    """Simplifies formulas over the same symbols, checked on the same rows.

    Args:
        symbols: the d symbols of the formulas.
        X: rows that a simplified formula must agree on, (n, d).
        limited: functions that a simplified formula must not use more often, nor nest deeper, than
            the formula does; see ``nesting.written_functions``.
    """

    def __init__(self, symbols: Sequence[Symbol], X: Array, limited: Collection[str] = ()) -> None:
        self._X = X
        self._nesting = Nesting(limited)
        self._sample = sample(X)
        self._symbols = [
            _known_symbol(symbol.name, column)
            for symbol, column in zip(symbols, self._sample.T, strict=True)
        ]
        self._to_real = dict(zip(symbols, self._symbols, strict=True))
        self._from_real = dict(zip(self._symbols, symbols, strict=True))
        self._known: dict[Expr, Expr] = {}
        self._frozen: set[Expr] = set()
        self._names: dict[Expr, Symbol] = {}
        self._meanings: dict[Expr, Expr] = {}

    def __call__(self, expr: Expr) -> Expr:
        """The formula, or a shorter one that agrees with it on every row."""
        if measure(expr).nodes > MAX_NODES or degree(expr) > MAX_DEGREE:
            return expr
        original = substitute(expr, self._to_real)
        with distribute(False):
            best = self._rewritten(self._evaluated(original), original)
        # Parts as short as before may make a longer whole: x + (x + y) has 4 nodes, 2*x + y has 5.
        is_longer = complexity(best) > complexity(original)
        if best == original or is_longer or not self._agree(best, original, self._X):
            return expr
        return in_order(best, self._from_real)

    def _evaluated(self, expr: Expr) -> Expr:
        """Let SymPy evaluate every operation, from the leaves up, wherever that is safe."""
        if not expr.args:
            return expr
        if expr not in self._known:
            args = [self._evaluated(arg) for arg in expr.args]
            if _is_call(expr):
                args = [self._rewritten(*pair) for pair in zip(args, expr.args, strict=True)]
            kept = unevaluated(expr, args)
            if all(arg.is_number for arg in args):
                candidate = self._constant(expr)
            else:
                candidate = self._attempt(expr.func, args, kept)
            self._known[expr] = self._known[candidate] = self._best(candidate, kept, expr)
        return self._known[expr]

    def _constant(self, expr: Expr) -> Expr:
        """The value of a formula that turned out to be a number.

        Not SymPy's value: where float64 overflows, SymPy would go on, for minutes.
        """
        computed = values(expr, self._symbols, self._sample)
        finite = computed[np.isfinite(computed)]
        return number(float(finite[0])) if len(finite) else expr

    def _rewritten(self, expr: Expr, original: Expr) -> Expr:
        for rewrite in REWRITES:
            if not expr.args or expr in self._frozen:
                break
            short = self._abstract(expr, 1)
            if complexity(short) > MAX_REWRITE_NODES or terms(short) > MAX_TERMS:
                break
            if not rewrite.may_help({type(node) for node in sympy.preorder_traversal(short)}):
                continue
            candidate = self._attempt(rewrite.apply, [expr], expr)
            if complexity(candidate) < complexity(expr):
                expr = self._best(candidate, expr, original)
        return expr

    def _attempt(self, rewrite: Callable[..., Expr], args: Sequence[Expr], otherwise: Expr) -> Expr:
        """What SymPy makes of formulas of which it sees the outermost parts alone."""
        try:
            result = _tidy(rewrite(*(self._abstract(arg, 1) for arg in args)))
            return in_order(result, self._meanings)
        except Exception:  # SymPy has many words for "cannot do this"
            return otherwise

    def _best(self, candidate: Expr, kept: Expr, original: Expr) -> Expr:
        """The candidate if it is as short as the formula kept, and sound."""
        if candidate == kept:
            return kept
        if (
            is_plain(candidate)
            and degree(candidate) <= MAX_DEGREE
            and complexity(candidate) <= complexity(kept)
            and not self._nesting.grows(candidate, kept)
        ):
            if self._agree(candidate, original, self._sample):
                return candidate
            self._frozen.add(kept)
        return kept

    def _agree(self, candidate: Expr, original: Expr, X: Array) -> bool:
        return agree(values(candidate, self._symbols, X), values(original, self._symbols, X))

    def _abstract(self, expr: Expr, calls: int) -> Expr:
        """The formula with a symbol in place of every function call below so many others.

        SymPy asks of every part whether it is real, positive, periodic …, and the parts ask their
        parts, which takes minutes on formulas of fifty nodes. Symbols answer at once. What has been
        found unsafe to rewrite becomes a symbol too, so that nobody tries again further up.
        """
        if not expr.args:
            return expr
        if _is_call(expr):
            calls -= 1
        if calls < 0 or expr in self._frozen:
            return self._name(expr)
        return unevaluated(expr, [self._abstract(arg, calls) for arg in expr.args])

    def _name(self, expr: Expr) -> Symbol:
        if expr not in self._names:
            column = values(expr, self._symbols, self._sample)
            self._names[expr] = name = _known_symbol(f"_{len(self._names)}", column)
            self._meanings[name] = expr
        return self._names[expr]


def _known_symbol(name: str, column: Array) -> Symbol:
    """A symbol that says about itself what its values (n,) show: ``sqrt(x**2)`` is x or |x|."""
    finite = column[np.isfinite(column)]
    if len(finite) and (finite > 0).all():
        return Symbol(name, positive=True)
    return Symbol(name, real=True)


def _is_call(expr: Expr) -> bool:
    """Whether a formula's outermost operation is a function or a root, not arithmetic."""
    return not isinstance(expr, Add | Mul) and not (isinstance(expr, Pow) and expr.exp.is_Integer)


def _tidy(expr: Expr) -> Expr:
    """Numbers as plain numbers: ``1.0*x`` loses its factor, ``sqrt(2)`` becomes its value."""
    numbers = {leaf for leaf in expr.atoms(sympy.Float) if float(leaf).is_integer()}
    numbers |= {power for power in expr.atoms(Pow) if all(arg.is_Number for arg in power.args)}
    return expr.xreplace({each: number(float(each)) for each in numbers}) if numbers else expr


def simplify(expr: Expr, symbols: Sequence[Symbol], X: Array) -> Expr:
    """A formula with fewer operations and the same values on the rows, or the formula itself.

    Args:
        expr: the formula.
        symbols: its d symbols.
        X: rows that decide whether a rewrite is allowed, (n, d): equal to 1e-9 where the formula
            has a value, and none where it has none.
    """
    return Simplifier(symbols, X)(expr)


def degree(expr: Expr) -> int:
    """The highest power in a formula if every power of a power were multiplied out."""
    return _largest(expr, _own_degree)


def terms(expr: Expr) -> int:
    """The number of terms in the longest sum of a formula if all products were multiplied out."""
    return _largest(expr, _own_terms)


def _largest(expr: Expr, own: Callable[[Expr, list[int]], int]) -> int:
    """The largest value of any subtree, each computed from those of its operands."""
    known: dict[Expr, int] = {}

    def value(node: Expr) -> int:
        if node not in known:
            known[node] = own(node, [value(arg) for arg in node.args])
        return known[node]

    value(expr)
    return max(known.values())


def _own_degree(expr: Expr, parts: list[int]) -> int:
    if isinstance(expr, Pow) and expr.exp.is_Rational:
        return parts[0] * max(1, int(abs(expr.exp)))
    if isinstance(expr, Mul):
        return sum(part for arg, part in zip(expr.args, parts, strict=True) if not arg.is_Number)
    if isinstance(expr, Add | sympy.Min | sympy.Max | sympy.Abs):
        return max(parts)
    return 1


def _own_terms(expr: Expr, parts: list[int]) -> int:
    if isinstance(expr, Pow) and expr.exp.is_Integer:
        return int(min(parts[0], MAX_TERMS) ** min(abs(int(expr.exp)), MAX_DEGREE))
    if isinstance(expr, Mul):
        return math.prod(parts)
    if isinstance(expr, Add):
        below = [part for arg, part in zip(expr.args, parts, strict=True) if _is_quotient(arg)]
        return sum(parts) * math.prod(below)  # a common denominator multiplies them all
    return 1


def _is_quotient(expr: Expr) -> bool:
    factors = expr.args if isinstance(expr, Mul) else [expr]
    return any(isinstance(factor, Pow) and factor.exp.is_negative for factor in factors)


def is_plain(expr: Expr) -> bool:
    """Whether a formula holds only what a program can hold: no i, no infinity, no cases."""
    return all(_is_plain_node(node) for node in sympy.preorder_traversal(expr))


def _is_plain_node(node: Expr) -> bool:
    if node.is_Float:
        return bool(abs(node) < LARGEST_FLOAT)
    if node.is_Rational:
        return bool(max(abs(node.p), node.q) < EXACT_INTEGER)
    if isinstance(node, Pow):
        return bool(node.exp.is_Rational)
    return isinstance(node, (Symbol, Add, Mul, *FUNCTIONS))
