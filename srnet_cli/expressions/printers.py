"""Formulas for people and programs: text, LaTeX, MathML and Python."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Expr, Symbol

from srnet_cli.expressions.formulas import LayerFormulas
from srnet_cli.expressions.layout import latex_block
from srnet_cli.expressions.markup import LatexWriter, MathmlWriter
from srnet_cli.expressions.writer import PythonWriter, Writer
from srnet_cli.networks.network import Scaler

_MATHML = "http://www.w3.org/1998/Math/MathML"


def as_text(expr: Expr) -> str:
    """The formula in SymPy's syntax; numbers in full, so that it computes what the formula does."""
    return Writer().write(expr)


def as_srepr(expr: Expr) -> str:
    """The formula's SymPy tree, node by node; SymPy's ``sympify`` or ``eval`` read it.

    SymPy's own ``srepr`` sorts operands by value, which takes minutes on some formulas.
    """
    if not expr.args:
        return str(sympy.srepr(expr))
    return f"{expr.func.__name__}({', '.join(map(as_srepr, expr.args))})"


def as_latex(expr: Expr, width: int | None = None) -> str:
    r"""The formula as LaTeX for math mode with ``amsmath``, without delimiters.

    Args:
        expr: the formula.
        width: letters per line; a longer formula becomes an ``aligned`` block, broken at terms.
            About 75 fill a page. None: one line, however long.
    """
    if width is None:
        return LatexWriter().write(expr)
    return latex_block(LatexWriter(width=width).write(expr), width)


def as_mathml(expr: Expr) -> str:
    """The formula as presentation MathML, a ``math`` element that browsers render."""
    return f'<math xmlns="{_MATHML}"><mrow>{MathmlWriter().write(expr)}</mrow></math>'


def as_python(expressions: Sequence[Expr], arguments: Sequence[Symbol], name: str = "f") -> str:
    """Source of a function of the features that needs nothing but NumPy.

    Args:
        expressions: one formula an output.
        arguments: the features, in the order of the function's arguments.
        name: what the function is called.

    Returns:
        source of a function that takes an array (n,) or a number a feature, and returns an array
        (n,) for one output, (n, m) for several.
    """
    return _function(name, arguments, [], [PythonWriter().write(expr) for expr in expressions])


def layers_as_python(
    layers: Sequence[LayerFormulas], scaler: Scaler | None = None, name: str = "f"
) -> str:
    """Source of a function of the features that computes layer after layer; it never grows large.

    Args:
        layers: the layers, the first one over the features.
        scaler: the network's standardisation of its inputs.
        name: what the function is called.

    Returns:
        source of a function as ``as_python`` writes it.
    """
    write = PythonWriter().write
    features = layers[0].inputs
    lines = []
    if scaler is not None:
        columns = zip(features, scaler.mean.tolist(), scaler.scale.tolist(), strict=True)
        lines += [f"{symbol} = ({symbol} - {mean!r})/{scale!r}" for symbol, mean, scale in columns]
    for layer in layers:
        lines += [f"{symbol} = {write(expr)}" for symbol, expr in layer.steps]
        if layer is not layers[-1]:
            units = zip(layer.outputs, layer.units, strict=True)
            lines += [f"{symbol} = {write(unit)}" for symbol, unit in units]
    return _function(name, features, lines, [write(unit) for unit in layers[-1].units])


def _function(
    name: str, arguments: Sequence[Symbol], lines: Sequence[str], results: Sequence[str]
) -> str:
    names = [symbol.name for symbol in arguments]
    shapes = ", ".join(f"{argument}.shape" for argument in names)
    # A constant formula has a value on every row all the same. No feature's name begins with "_".
    outputs = [f"numpy.full(_shape, {result})" for result in results]
    body = [
        *(f"{argument} = numpy.asarray({argument}, dtype=numpy.float64)" for argument in names),
        f"_shape = numpy.broadcast_shapes({shapes})",
        *lines,
        f"return {outputs[0]}"
        if len(outputs) == 1
        else f"return numpy.stack([{', '.join(outputs)}], axis=-1)",
    ]
    needs_math = any("math.erf" in line for line in body)
    head = [*(["import math", ""] if needs_math else []), "import numpy", "", ""]
    head.append(f"def {name}({', '.join(names)}):")
    head.append('    with numpy.errstate(all="ignore"):')
    return "\n".join(head + [f"        {line}" for line in body]) + "\n"
