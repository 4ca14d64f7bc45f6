"""Formulas in configs: a small whitelisted language, never evaluated as Python.

``ast`` reads the text, every node is checked against the tables below, and what remains is a
postfix program over NumPy functions. Length, nesting and constant exponents are bounded, so that no
text can hang the program.
"""

from __future__ import annotations

import ast
import keyword
import math
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.suggest import did_you_mean, listed, quoted
from srnet_cli.errors import ConfigError

Array = NDArray[np.float64]

MAX_LENGTH = 5000
MAX_EXPONENT = 1000


def _sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def _cube(x: Any) -> Any:
    return x * x * x


def _minimum(*operands: Any) -> Any:
    return reduce(np.minimum, operands)


def _maximum(*operands: Any) -> Any:
    return reduce(np.maximum, operands)


_ONE_OPERAND: dict[str, Callable[..., Any]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "erf": np.vectorize(math.erf, otypes="d"),
    "sqrt": np.sqrt,
    "square": np.square,
    "cube": _cube,
    "abs": np.absolute,
    "sigmoid": _sigmoid,
}
_TWO_OR_MORE: dict[str, Callable[..., Any]] = {"min": _minimum, "max": _maximum}

FUNCTIONS: tuple[str, ...] = (*_ONE_OPERAND, *_TWO_OR_MORE)

# SymPy's spellings, which printed formulas use.
_ALIASES = {"Abs": "abs", "Min": "min", "Max": "max"}

CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e, "E": math.e}
"""Euler's number also as SymPy prints it."""

_BINARY: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_UNARY: dict[type[ast.unaryop], Callable[..., Any]] = {
    ast.USub: np.negative,
    ast.UAdd: np.positive,
}


@dataclass(frozen=True)
class _Apply:
    function: Callable[..., Any]
    arity: int


# A step of the postfix program pushes a constant, pushes a column, or applies a function.
_Step = np.float64 | int | _Apply


@dataclass(frozen=True)
class Formula:
    """A formula of named columns, callable on rows.

    Attributes:
        text: the formula on one line, as it was written.
        variables: names of the d columns it is called with; not all need to occur in it.
    """

    text: str
    variables: tuple[str, ...]
    _steps: tuple[_Step, ...] = field(repr=False, compare=False)

    def __call__(self, X: Array) -> Array:
        """Values at rows, (n, d) → (n,); NaN or ±inf where the formula is not defined."""
        if X.ndim != 2 or X.shape[1] != len(self.variables):
            raise ValueError(f"expected rows of {len(self.variables)} columns, got {X.shape}")
        with np.errstate(all="ignore"):
            values = _run(self._steps, X)
        return np.array(np.broadcast_to(values, len(X)), dtype=np.float64)


def parse_formula(text: str, variables: Sequence[str], longest: int = MAX_LENGTH) -> Formula:
    """Read a formula of the given variables.

    Allowed are ``+ - * / **``, parentheses, numbers, the constants ``pi`` and ``e`` (unless a
    variable bears the name) and the functions of ``FUNCTIONS``.

    Args:
        text: the formula.
        variables: what its columns are called.
        longest: characters that it may have.

    Raises:
        ConfigError: the text is anything else; one line that names it.
    """
    compiler = _Compiler(" ".join(text.split()), tuple(variables), longest)
    return Formula(compiler.text, compiler.variables, compiler.compile())


def _run(steps: Sequence[_Step], X: Array) -> Any:
    stack: list[Any] = []
    for step in steps:
        if isinstance(step, _Apply):
            operands = stack[-step.arity :]
            del stack[-step.arity :]
            stack.append(step.function(*operands))
        else:
            stack.append(X[:, step] if isinstance(step, int) else step)
    return stack.pop()


class _Compiler:
    """Turns one text into postfix steps; every rejection goes through ``_fail``."""

    def __init__(self, text: str, variables: tuple[str, ...], longest: int) -> None:
        self.text, self._longest = text, longest
        self.variables = variables
        self.steps: list[_Step] = []
        self.columns: dict[str, int] = {}
        for column, name in enumerate(variables):
            if not name.isidentifier() or keyword.iskeyword(name):
                self._fail(f"the variable {quoted(name)} cannot be written in a formula; rename it")
            # Python reads identifiers in this normal form.
            self.columns[unicodedata.normalize("NFKC", name)] = column

    def compile(self) -> tuple[_Step, ...]:
        # Operands of a node come before it when its pre-order, right operand first, is reversed:
        # no recursion, however long the chain.
        checked = [(self._step(node), node) for node in self._preorder(self._parse())]
        for step, node in reversed(checked):
            self._push(step, node)
        return tuple(self.steps)

    def _parse(self) -> ast.expr:
        if not self.text:
            self._fail("is empty")
        if len(self.text) > self._longest:
            self._fail(f"has {len(self.text)} characters; {self._longest} are allowed")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            # The offset counts from 1; without one the end came too early.
            at = (error.offset or 0) - 1
            where = f"near {quoted(self.text[at : at + 20])}" if at >= 0 else "to its end"
            self._fail(f"cannot be read {where}")
        except (ValueError, RecursionError, MemoryError):
            self._fail("cannot be read: too deeply nested, or not text")

    @staticmethod
    def _preorder(root: ast.expr) -> Iterator[ast.expr]:
        stack = [root]
        while stack:
            node = stack.pop()
            yield node
            match node:
                case ast.BinOp(left=left, right=right):
                    stack += [left, right]
                case ast.UnaryOp(operand=operand):
                    stack.append(operand)
                case ast.Call(args=args):
                    stack += args

    def _step(self, node: ast.expr) -> _Step:
        match node:
            case ast.BinOp(op=op) if type(op) in _BINARY:
                return _Apply(_BINARY[type(op)], 2)
            case ast.UnaryOp(op=unary) if type(unary) in _UNARY:
                return _Apply(_UNARY[type(unary)], 1)
            case ast.Constant(value=value):
                return self._number(value, node)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, len(args))
            case ast.BinOp(op=ast.BitXor()):
                self._fail(f"{self._source(node)} is not allowed; write powers as x**2")
            case ast.BinOp() | ast.UnaryOp():
                self._fail(f"{self._source(node)} is not allowed; the operators are + - * / **")
        self._fail(f"{self._source(node)} is not allowed")

    def _number(self, value: object, node: ast.expr) -> np.float64:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._fail(f"{self._source(node)} is not a number")
        try:
            return np.float64(value)
        except OverflowError:
            return np.float64(math.inf)  # refused where it is pushed

    def _name(self, name: str) -> _Step:
        if name in self.columns:
            return self.columns[name]
        if name in CONSTANTS:
            return np.float64(CONSTANTS[name])
        if _ALIASES.get(name, name) in FUNCTIONS:
            self._fail(f"{name} is a function; write {name}(…)")
        near = did_you_mean(name, (*self.columns, *CONSTANTS))
        self._fail(
            f"unknown variable {quoted(name)}{near} (variables: {listed(self.variables) or 'none'})"
        )

    def _call(self, name: str, operands: int) -> _Apply:
        known = _ALIASES.get(name, name)
        if known in _ONE_OPERAND:
            if operands != 1:
                self._fail(f"{name} takes 1 operand, got {operands}")
            return _Apply(_ONE_OPERAND[known], 1)
        if known in _TWO_OR_MORE:
            if operands < 2:
                self._fail(f"{name} takes 2 operands or more, got {operands}")
            return _Apply(_TWO_OR_MORE[known], operands)
        if name in self.columns:
            self._fail(f"{quoted(name)} is a variable, not a function; write {name}*(…)")
        near = did_you_mean(name, FUNCTIONS)
        self._fail(f"unknown function {quoted(name)}{near} (functions: {', '.join(FUNCTIONS)})")

    def _push(self, step: _Step, node: ast.expr) -> None:
        """Append a step, with whatever is constant computed at once."""
        if isinstance(step, _Apply):
            operands = self.steps[-step.arity :]
            if step.function is np.power:
                self._check_exponent(operands[-1])
            if all(isinstance(operand, np.float64) for operand in operands):
                del self.steps[-step.arity :]
                with np.errstate(all="ignore"):
                    step = np.float64(step.function(*operands))
        if isinstance(step, np.float64) and not np.isfinite(step):
            self._fail(f"{self._source(node)} is not a finite number")
        self.steps.append(step)

    def _check_exponent(self, exponent: _Step) -> None:
        if isinstance(exponent, np.float64) and abs(exponent) > MAX_EXPONENT:
            self._fail(f"the exponent {exponent:g} is beyond ±{MAX_EXPONENT}")

    def _source(self, node: ast.expr) -> str:
        return quoted(ast.get_source_segment(self.text, node) or type(node).__name__)

    def _fail(self, message: str) -> NoReturn:
        raise ConfigError(f"formula {quoted(self.text)}: {message}")
