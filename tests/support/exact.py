"""Formulas of the primitive table in arithmetic of any precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath

from srnet_cli.primitives import Primitive

_BY_OTHER_NAMES = {"Abs": abs, "Max": max, "Min": min}
"""Functions of formulas that mpmath has under another name."""


def formula_of(primitive: Primitive) -> Callable[..., Any]:
    """The formula of a row as a function of mpmath numbers."""
    code = compile(primitive.text.format("a", "b"), primitive.name, "eval")
    called = {*code.co_names} - {"a", "b"}
    functions = {name: _BY_OTHER_NAMES.get(name) or getattr(mpmath, name) for name in called}

    def value(a: Any, b: Any = None) -> Any:
        return eval(code, functions, {"a": a, "b": b})

    return value
