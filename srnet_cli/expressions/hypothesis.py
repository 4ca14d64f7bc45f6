"""A formula that the user thinks the network is: read, tuned and judged."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import Add, Expr, Mul, Pow, Rational, Symbol

from srnet_cli.datasets.formula import MAX_EXPONENT, MAX_LENGTH, parse_formula
from srnet_cli.datasets.suggest import quoted
from srnet_cli.errors import ConfigError, UsageError
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.evaluation import Evaluator
from srnet_cli.expressions.names import Names
from srnet_cli.expressions.parameters import Parameters
from srnet_cli.expressions.trees import measure, number

Array = NDArray[np.float64]


class Bounds(NamedTuple):
    """How long a formula may be that is read.

    Attributes:
        characters, nodes, depth: at most.
    """

    characters: int
    nodes: int
    depth: int


OF_USERS = Bounds(MAX_LENGTH, nodes=400, depth=60)
"""A longer hypothesis is no hypothesis, and takes long to tune."""

OF_RUNS = Bounds(200_000, nodes=10_000, depth=120)
"""What a run has written is read again, however long it is."""


class Hypothesis(NamedTuple):
    """A user's formula.

    Attributes:
        text: as it was written, on one line.
        expr: as a formula, operation by operation.
        symbols: the d symbols of the inputs.
    """

    text: str
    expr: Expr
    symbols: tuple[Symbol, ...]


class Rows(NamedTuple):
    """Rows with what the network says on them.

    Attributes:
        X: inputs in their own units, (n, d).
        target: the network's output, (n,).
    """

    X: Array
    target: Array


class Judged(NamedTuple):
    """A formula and what it is worth.

    Attributes:
        expr: the formula.
        complexity: its nodes.
        unexplained: 1−R² to the network on the rows that judge; None where the formula has no
            value on some of them, or the network's output does not vary.
        undefined_rows: rows without a value.
    """

    expr: Expr
    complexity: int
    unexplained: float | None
    undefined_rows: int


class Verdict(NamedTuple):
    """A hypothesis beside the network.

    Attributes:
        as_written: the formula with the user's constants.
        tuned: with constants tuned; None where it has none.
        with_readout: with constants tuned, a factor before and a constant behind it.
    """

    as_written: Judged
    tuned: Judged | None
    with_readout: Judged


def parse_hypothesis(text: str, names: Names, bounds: Bounds = OF_USERS) -> Hypothesis:
    """Read a formula of a user.

    Inputs may be called as they are printed or as their columns are, whatever stands in those
    names. Operators, functions and constants are those of formulas in configs.

    Args:
        text: the formula.
        names: the names of the inputs.
        bounds: how long it may be.

    Raises:
        UsageError: the text is anything else, or uses a name or function that there is not; one
            line that says which, and what is near.
    """
    line = " ".join(text.split())
    printed = tuple(symbol.name for symbol in names.symbols)
    try:
        written = _with_printed_names(line, names)
        formula = parse_formula(written, printed, bounds.characters)
    except ConfigError as error:
        raise UsageError(str(error), hint=error.hint) from None
    tree = ast.parse(formula.text, mode="eval").body
    nodes = sum(isinstance(node, ast.expr) for node in ast.walk(tree))
    if nodes > bounds.nodes:
        raise UsageError(f"formula {quoted(line)}: has {nodes} nodes; {bounds.nodes} are allowed")
    expr = _Reader(dict(zip(printed, names.symbols, strict=True))).read(tree)
    depth = measure(expr).depth
    if depth > bounds.depth:
        raise UsageError(f"formula {quoted(line)}: has {depth} levels; {bounds.depth} are allowed")
    return Hypothesis(line, expr, names.symbols)


def judge(hypothesis: Hypothesis, fit: Rows, held_out: Rows) -> Verdict:
    """Set a hypothesis beside the network.

    Args:
        hypothesis: the formula.
        fit: rows that constants are tuned on; those without a value are left out.
        held_out: rows that errors are measured on.
    """
    expr, symbols = hypothesis.expr, hypothesis.symbols
    tuned = _tuned(expr, symbols, fit)
    readout = _tuned(_read_out(tuned or expr, symbols, fit), symbols, fit)
    assert readout is not None  # a factor and a constant can be tuned
    return Verdict(
        as_written=judged(expr, symbols, held_out),
        tuned=None if tuned is None else judged(tuned, symbols, held_out),
        with_readout=judged(readout, symbols, held_out),
    )


def judged(expr: Expr, symbols: tuple[Symbol, ...], rows: Rows) -> Judged:
    """A formula with its figures on some rows."""
    values = Evaluator(symbols, rows.X)(expr)
    undefined = int(np.sum(~np.isfinite(values)))
    variance = float(np.var(rows.target))
    unexplained = None
    if not undefined and variance > 0.0:
        with np.errstate(over="ignore"):
            error = float(np.mean((values - rows.target) ** 2)) / variance
        unexplained = error if np.isfinite(error) else None
    return Judged(expr, complexity(expr), unexplained, undefined)


def _tuned(expr: Expr, symbols: tuple[Symbol, ...], rows: Rows) -> Expr | None:
    parameters = Parameters(expr, symbols)
    if not len(parameters):
        return None
    kept = np.isfinite(Evaluator(symbols, rows.X)(expr))
    if not kept.any():
        return expr
    tuned = parameters.tuned(rows.X[kept], rows.target[kept])
    return parameters.formula(tuned.values.tolist())


def _read_out(expr: Expr, symbols: tuple[Symbol, ...], rows: Rows) -> Expr:
    """``a·expr + b`` with a and b by least squares."""
    values = Evaluator(symbols, rows.X)(expr)
    kept = np.isfinite(values)
    column, target = values[kept], rows.target[kept]
    scale, offset = 1.0, 0.0
    with np.errstate(all="ignore"):
        variance = float(np.var(column)) if kept.any() else 0.0
        if 0.0 < variance < np.inf:
            centred = column - column.mean()
            scale = float(np.mean(centred * (target - target.mean()))) / variance
            offset = float(target.mean() - scale * column.mean())
    if not (np.isfinite(scale) and np.isfinite(offset)):
        scale, offset = 1.0, 0.0
    scaled = Mul(sympy.Float(repr(scale), 17), expr, evaluate=False)
    return Add(scaled, sympy.Float(repr(offset), 17), evaluate=False)


def _with_printed_names(text: str, names: Names) -> str:
    """The text with columns' own names replaced by those that are printed."""
    renamed = {line.column: line.name for line in names.legend if line.column.strip()}
    if not renamed:
        return text
    longest = sorted(renamed, key=len, reverse=True)
    pattern = "|".join(map(_as_word, longest))
    return re.sub(pattern, lambda match: renamed[_key(match[0], renamed)], text)


def _as_word(name: str) -> str:
    """A pattern of a name that is no part of a longer one, nor the name of a function called."""
    before = r"(?<!\w)" if re.match(r"\w", name) else ""
    after = r"(?!\w)" if re.search(r"\w$", name) else ""
    call = "" if keyword.iskeyword(name) or not name.isidentifier() else r"(?!\s*\()"
    words = r"\s+".join(map(re.escape, name.split()))
    return f"{before}{words}{after}{call}"


def _key(written: str, renamed: Mapping[str, str]) -> str:
    if written in renamed:
        return written
    return next(name for name in renamed if name.split() == written.split())


class _Reader:
    """Builds formulas of checked Python expressions, evaluating nothing."""

    def __init__(self, symbols: Mapping[str, Symbol]) -> None:
        self._symbols = {unicodedata.normalize("NFKC", name): s for name, s in symbols.items()}

    def read(self, node: ast.expr) -> Expr:
        """The formula of a tree that ``parse_formula`` has accepted."""
        match node:
            case ast.Constant(value=int() | float() as value):
                return number(float(value))
            case ast.Name(id=name):
                return self._symbols.get(name, _CONSTANTS.get(name))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _negated(self.read(operand))
            case ast.UnaryOp(operand=operand):
                return self.read(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(left, op, right)
            case ast.Call(func=ast.Name(id=name), args=args):
                return _CALLS[name](*map(self.read, args))
        raise AssertionError(f"a formula was accepted that holds {type(node).__name__}")

    def _binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> Expr:
        a, b = self.read(left), self.read(right)
        match op:
            case ast.Add():
                return _plus(a, b)
            case ast.Sub():
                return _plus(a, _negated(b))
            case ast.Mult():
                return _times(a, b)
            case ast.Div():
                return _over(a, b)
        return _power(a, b)


def _plus(a: Expr, b: Expr) -> Expr:
    terms = [part for each in (a, b) for part in (each.args if each.is_Add else (each,))]
    return Add(*terms, evaluate=False)


def _times(a: Expr, b: Expr) -> Expr:
    factors = [part for each in (a, b) for part in (each.args if each.is_Mul else (each,))]
    return Mul(*factors, evaluate=False)


def _negated(a: Expr) -> Expr:
    if a.is_Number:
        return -a
    if a.is_Mul and a.args[0].is_Number:
        factor, rest = -a.args[0], list(a.args[1:])
        kept = rest if factor == 1 else [factor, *rest]
        return kept[0] if len(kept) == 1 else Mul(*kept, evaluate=False)
    return _times(sympy.S.NegativeOne, a)


def _over(a: Expr, b: Expr) -> Expr:
    if b.is_Integer and b != 0:
        return _divided(a, int(b))
    inverse = _power(b, sympy.S.NegativeOne)
    return inverse if a == 1 else _times(a, inverse)


def _divided(a: Expr, divisor: int) -> Expr:
    """``a/divisor`` with one number before the rest, as ``3*x/4`` is read by people."""
    if a.is_Integer:
        return Rational(int(a), divisor)
    if a.is_Mul and a.args[0].is_Integer:
        factor, rest = Rational(int(a.args[0]), divisor), list(a.args[1:])
        kept = rest if factor == 1 else [factor, *rest]
        return kept[0] if len(kept) == 1 else Mul(*kept, evaluate=False)
    return _times(Rational(1, divisor), a)


def _power(a: Expr, b: Expr) -> Expr:
    """A power; one with a variable exponent is the exponential of a logarithm."""
    if b.is_number:
        exponent = _rational(float(b))
        if a.is_Pow and exponent == -1:
            return Pow(a.base, -a.exp, evaluate=False)
        return Pow(a, exponent, evaluate=False)
    return sympy.exp(_times(b, sympy.log(a, evaluate=False)), evaluate=False)


def _rational(value: float) -> Rational:
    if abs(value) > MAX_EXPONENT:
        raise UsageError(f"the exponent {value:g} is beyond ±{MAX_EXPONENT}")
    short = Fraction(value).limit_denominator(1000)
    exact = short if float(short) == value else Fraction(repr(value))
    return Rational(exact.numerator, exact.denominator)


def _plain(function: type[Expr]) -> Callable[..., Expr]:
    return lambda *operands: function(*operands, evaluate=False)


def _sigmoid(x: Expr) -> Expr:
    exponential = sympy.exp(_negated(x), evaluate=False)
    return Pow(Add(sympy.S.One, exponential, evaluate=False), -1, evaluate=False)


_CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "E": sympy.E}
_CALLS: dict[str, Callable[..., Expr]] = {
    **{
        name: _plain(getattr(sympy, name))
        for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
    },
    **{name: _plain(getattr(sympy, name)) for name in ("exp", "log", "erf", "Abs", "Min", "Max")},
    "abs": _plain(sympy.Abs),
    "min": _plain(sympy.Min),
    "max": _plain(sympy.Max),
    "sqrt": lambda x: Pow(x, sympy.S.Half, evaluate=False),
    "square": lambda x: Pow(x, 2, evaluate=False),
    "cube": lambda x: Pow(x, 3, evaluate=False),
    "sigmoid": _sigmoid,
}
