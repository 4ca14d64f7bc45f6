"""Layers from text, and the units that they stand for."""

from __future__ import annotations

import numpy as np
import sympy
from sympy.parsing.sympy_parser import parse_expr

from srnet_cli.expressions import values
from srnet_cli.expressions.layer_parts import LayerParts

SYMBOLS = sympy.symbols("x y z")
ROWS = np.random.default_rng(0).uniform(0.5, 3, (200, 3))


def layer(expressions: list[str], weights: list[list[float]], bias: list[float]) -> LayerParts:
    """A layer from text."""
    parsed = tuple(parse_expr(text, evaluate=False) for text in expressions)
    return LayerParts(parsed, np.array(weights, float), np.array(bias, float))


def units(parts: LayerParts) -> np.ndarray:
    """Units on the rows, (n, m)."""
    columns = [values(expr, SYMBOLS, ROWS) for expr in parts.expressions]
    return sum(
        (c[:, None] * w for c, w in zip(columns, parts.weights, strict=True)),
        np.tile(parts.bias, (len(ROWS), 1)),
    )
