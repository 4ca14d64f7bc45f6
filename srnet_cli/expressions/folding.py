"""Formulas of standardised inputs as formulas of the inputs in their own units."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Add, Expr, Float, Symbol


def in_own_units(expr: Expr, scaling: Mapping[Symbol, tuple[float, float]]) -> Expr:
    """The formula with every input x read as (x − mean)/scale, which joins the sums it stands in.

    Args:
        expr: a formula of standardised inputs.
        scaling: mean and scale, not 0, of each of them; they keep their names.
    """
    known: dict[Expr, Expr] = {
        symbol: Add(Float(1.0 / scale) * symbol, Float(-mean / scale))
        for symbol, (mean, scale) in scaling.items()
    }
    return _inserted(expr, known)


def _inserted(expr: Expr, known: dict[Expr, Expr]) -> Expr:
    if expr not in known:
        changed = expr.func(*(_inserted(arg, known) for arg in expr.args)) if expr.args else expr
        known[expr] = _multiplied_out(changed)
    return known[expr]


def _multiplied_out(expr: Expr) -> Expr:
    """A number times a sum as a sum; anything else as it is."""
    factor, rest = expr.as_coeff_Mul()
    return Add(*(factor * term for term in rest.args)) if rest.is_Add else expr
