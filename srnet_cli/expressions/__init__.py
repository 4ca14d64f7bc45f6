"""Formulas: a program as a SymPy expression, made shorter, measured, and printed.

Functions are unprotected, as in the method: a formula has no value (NaN or infinite) wherever a
logarithm, a root or a quotient in it has none.
"""

from srnet_cli.expressions.builder import to_sympy
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.formulas import (
    LayerFormulas,
    Shortener,
    compose,
    expressions_of_layer,
    layer_formulas,
)
from srnet_cli.expressions.names import feature_symbols, unit_symbols
from srnet_cli.expressions.numeric import agree, values
from srnet_cli.expressions.printers import (
    as_latex,
    as_mathml,
    as_srepr,
    as_text,
)
from srnet_cli.expressions.simplifier import simplify
from srnet_cli.expressions.trees import rounded

__all__ = [
    "LayerFormulas",
    "Shortener",
    "agree",
    "as_latex",
    "as_mathml",
    "as_srepr",
    "as_text",
    "complexity",
    "compose",
    "expressions_of_layer",
    "feature_symbols",
    "layer_formulas",
    "rounded",
    "simplify",
    "to_sympy",
    "unit_symbols",
    "values",
]
