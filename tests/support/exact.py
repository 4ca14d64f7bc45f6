"""Formulas of the primitive table in arithmetic of any precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath

from srnet_cli.primitives import Primitive

_FUNCTIONS = {
    "Abs": abs,
    "Max": max,
    "Min": min,
    **{
        name: getattr(mpmath, name)
        for name in ("sqrt", "sin", "cos", "tan", "tanh", "exp", "log", "erf")
    },
}


def formula_of(primitive: Primitive) -> Callable[..., Any]:
    """The formula of a row as a function of mpmath numbers."""
    code = compile(primitive.text.format("a", "b"), primitive.name, "eval")

    def value(a: Any, b: Any = None) -> Any:
        return eval(code, _FUNCTIONS, {"a": a, "b": b})

    return value
