"""Formulas in the form in which machines compute them best.

A formula as people read it may lose digits as it stands: ``log(1 + exp(x))`` is 0 at -40, and
``exp(x) - 1`` keeps eight digits at 1e-8. The search computes these without that loss, see
``cgp.kernels.elementary``, and every language has functions for it. Here they take the place of the
forms that are read; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy
from sympy import Add, Expr, Mul, Pow

from srnet_cli.expressions.trees import unevaluated

sigmoid = sympy.Function("sigmoid")
"""``1/(1 + exp(-x))``."""

softplus = sympy.Function("softplus")
"""``log(1 + exp(x))``."""

expm1 = sympy.Function("expm1")
"""``exp(x) - 1``."""

STABLE = (sigmoid, softplus, expm1, sympy.erfc)
"""Functions that code may hold beside those of ``expressions.writer``."""


def stable(expr: Expr, known: dict[Expr, Expr] | None = None) -> Expr:
    """The formula with these functions where it has their forms.

    Args:
        expr: a formula.
        known: what became of subtrees; read and extended.
    """
    known = {} if known is None else known
    if expr not in known:
        args = [stable(arg, known) for arg in expr.args]
        changed = any(new is not old for new, old in zip(args, expr.args, strict=True))
        known[expr] = _rewritten(_rebuilt(expr, args) if changed else expr)
    return known[expr]


def _rebuilt(expr: Expr, args: list[Expr]) -> Expr:
    return expr.func(*args) if isinstance(expr, STABLE) else unevaluated(expr, args)


def _rewritten(expr: Expr) -> Expr:
    if isinstance(expr, Pow) and expr.exp == -1:
        inner = _after_one_plus(expr.base)
        return expr if inner is None else sigmoid(negated(inner))
    if isinstance(expr, sympy.log):
        inner = _after_one_plus(expr.args[0])
        return expr if inner is None else softplus(inner)
    return _sum(expr) if isinstance(expr, Add) else expr


def _after_one_plus(expr: Expr) -> Expr | None:
    """x of ``1 + exp(x)``."""
    if isinstance(expr, Add) and len(expr.args) == 2:
        first, other = sorted(expr.args, key=lambda arg: not arg.is_Number)
        if first == 1 and isinstance(other, sympy.exp):
            return other.args[0]
    return None


def _sum(expr: Add) -> Expr:
    args = [part for arg in expr.args for part in (arg.args if isinstance(arg, Add) else (arg,))]
    terms = len(args)
    for number, function, joined in _JOINED:
        place = next((i for i, arg in enumerate(args) if isinstance(arg, function)), None)
        if place is not None and number in args:
            args[place] = joined(args[place].args[0])
            args.remove(number)
    return _total(args) if len(args) < terms else expr


def _total(args: Sequence[Expr]) -> Expr:
    return args[0] if len(args) == 1 else Add(*args, evaluate=False)


def negated(expr: Expr) -> Expr:
    """``-x``, of ``-x`` x."""
    if expr.is_Number:
        return -expr
    if isinstance(expr, Mul) and expr.args[0].is_Number:
        number, *factors = expr.args
        if number == -1:
            return factors[0] if len(factors) == 1 else Mul(*factors, evaluate=False)
        return Mul(-number, *factors, evaluate=False)
    return Mul(sympy.S.NegativeOne, expr, evaluate=False)


def _erfc_of_negative(x: Expr) -> Expr:
    return sympy.erfc(negated(x), evaluate=False)


_JOINED: tuple[tuple[Expr, type[Expr], Callable[[Expr], Expr]], ...] = (
    (sympy.Integer(-1), sympy.exp, expm1),
    (sympy.Integer(1), sympy.erf, _erfc_of_negative),
)
"""What a number and a function in one sum become."""
