"""Formula trees: numbers as leaves, size, and rebuilding without evaluation.

A formula here is a SymPy expression built with ``evaluate=False``, so that it mirrors the program
it came from. Subtrees are shared, therefore every walk keeps what it has already seen: a tree of
2**100 nodes may be a hundred objects.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cmp_to_key
from typing import NamedTuple

import sympy
from sympy import Add, Basic, Expr, Mul

EXACT_INTEGER = 2**53
"""Whole numbers up to here are float64 values, so exact arithmetic on them is the same."""

# SymPy's usual order asks for properties of the operands, which can take long.
_BY_STRUCTURE = cmp_to_key(Basic.compare)
_DIGITS = 17
_DIGITS_OF_SUMS = 12
_WHOLE = 1e6


class Size(NamedTuple):
    """Number of nodes of a tree, counted as printed, and its levels."""

    nodes: int
    depth: int


_LEAF = Size(1, 1)


def number(value: float, digits: int = _DIGITS) -> Expr:
    """A float64 as a leaf that prints as the shortest text that gives the value back.

    Whole numbers become integers, so that ``2*x`` is not printed as ``2.0*x``.

    Args:
        value: any float64; NaN and infinities become SymPy's.
        digits: significant digits to keep and print; 17 lose nothing.
    """
    value = float(value)  # NumPy's floats print otherwise
    if not math.isfinite(value):
        return sympy.nan if math.isnan(value) else sympy.oo if value > 0 else -sympy.oo
    if digits < _DIGITS:
        value = float(f"{value:.{digits}g}")
    if value.is_integer() and abs(value) < _WHOLE:
        return sympy.Integer(int(value))
    return sympy.Float(repr(value), digits)


def measure(expr: Expr, known: dict[Expr, Size] | None = None) -> Size:
    """Size of a tree, without walking a shared subtree twice.

    Args:
        expr: the tree.
        known: sizes of subtrees; read and extended. A symbol entered here counts as the tree that
            it stands for.
    """
    if expr.is_Number:
        return _LEAF  # looking it up would take longer
    known = {} if known is None else known
    if expr in known:
        return known[expr]
    parts = [measure(arg, known) for arg in expr.args]
    size = Size(1 + sum(p.nodes for p in parts), 1 + max((p.depth for p in parts), default=0))
    known[expr] = size
    return size


def substitute(expr: Expr, leaves: Mapping[Expr, Expr]) -> Expr:
    """Replace leaves by other expressions and evaluate nothing on the way."""
    return _rebuild(expr, dict(leaves))


def _rebuild(expr: Expr, known: dict[Expr, Expr]) -> Expr:
    if expr not in known:
        args = [_rebuild(arg, known) for arg in expr.args]
        changed = any(new is not old for new, old in zip(args, expr.args, strict=True))
        known[expr] = unevaluated(expr, args) if changed else expr
    return known[expr]


def unevaluated(expr: Expr, args: list[Expr]) -> Expr:
    """The same operation on other operands, exactly as given."""
    return expr.func(*args, evaluate=False)


def with_like_terms_once(expr: Expr) -> Expr:
    """The formula with addends that differ in their numbers alone as one: ``x + y + x`` is ``2*x +
    y``.

    Nothing else is evaluated, and a sum without such addends stays the same object.
    """
    if not expr.args:
        return expr
    args = [with_like_terms_once(arg) for arg in expr.args]
    if isinstance(expr, Add):
        merged = _merged(args)
        if len(merged) < len(args):
            return merged[0] if len(merged) == 1 else unevaluated(expr, merged)
    changed = any(new is not old for new, old in zip(args, expr.args, strict=True))
    return unevaluated(expr, args) if changed else expr


def _merged(addends: list[Expr]) -> list[Expr]:
    """The addends, each with those like it, where the first of them stood."""
    alike: dict[tuple[Expr, ...], list[Expr]] = {}
    for addend in addends:
        factors = addend.args if isinstance(addend, Mul) else (addend,)
        core = tuple(factor for factor in factors if not factor.is_Number)
        alike.setdefault(core, []).append(addend)
    whole = [_total(core, same) for core, same in alike.items()]
    return [addend for addend in whole if addend != 0] or [sympy.S.Zero]


def _total(core: tuple[Expr, ...], same: list[Expr]) -> Expr:
    if len(same) == 1:
        return same[0]
    factor = sympy.Add(*(_factor(addend) for addend in same))
    if isinstance(factor, sympy.Float):
        factor = number(float(factor), _DIGITS_OF_SUMS)
    factors = core if factor == 1 and core else (factor, *core)
    if factor == 0:
        return sympy.S.Zero
    return factors[0] if len(factors) == 1 else Mul(*factors, evaluate=False)


def _factor(addend: Expr) -> Expr:
    """The number before an addend."""
    factors = addend.args if isinstance(addend, Mul) else (addend,)
    return sympy.Mul(*(factor for factor in factors if factor.is_Number))


def in_order(expr: Expr, leaves: Mapping[Expr, Expr]) -> Expr:
    """Replace leaves, and sort the operands of sums and products by their structure.

    So equal formulas become equal objects, and a formula looks the same however it was reached.
    """
    if not expr.args:
        return leaves.get(expr, expr)
    args = [in_order(arg, leaves) for arg in expr.args]
    if isinstance(expr, Add | Mul):
        args.sort(key=_BY_STRUCTURE)
    return unevaluated(expr, args)


def rounded(expr: Expr, digits: int) -> Expr:
    """The formula with its numbers rounded to so many significant digits, for reading."""
    floats = {leaf: number(float(leaf), digits) for leaf in expr.atoms(sympy.Float)}
    return substitute(expr, floats)
