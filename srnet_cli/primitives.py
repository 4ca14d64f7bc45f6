"""The primitive table: one row per function, from which everything else is derived.

A row states the arity, whether the two operands may be exchanged, the formula that readers see, and
how values and derivatives are computed. All of these are texts, so that the table needs neither
numba nor SymPy, and so that a new function is one row: ``cgp.kernels.functions`` compiles the
kernels from it, ``expressions`` builds formulas from it, and the tests of every primitive run on
it. Arithmetic that no library has, a row calls by name from ``cgp.kernels.elementary``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

MAX_ARITY = 2


@dataclass(frozen=True)
class Primitive:
    """One function of the function set.

    The texts for the kernels are Python expressions of ``u`` and ``v``, the operands times their
    weights; in slopes also of ``y``, the value, and ``g``, what the slope is multiplied by. They
    may use NumPy as ``np`` and what ``cgp.kernels.elementary`` holds. What comes out is
    unprotected: the kernel has a value where the formula has one.

    Attributes:
        name: the word used in configs.
        opcode: the number of the function in programs; equal to the row's place in the table.
        arity: number of operands, 1 or 2.
        text: the formula in SymPy's syntax, with ``{0}`` and ``{1}`` for the operands.
        value: the function's value, an expression that can be vectorised.
        slopes: for every operand, g times the derivative by it.
        commutative: whether exchanging the operands leaves every value unchanged.
        tuned: whether weights of operands are tuned: not where a factor of the operand is a factor
            of the value, which a later weight can be as well. Tuning both would be singular.
        near: where ``value`` and ``slopes`` hold, a condition that is false for NaN; empty where
            they always do.
        far: the value elsewhere, computed number by number.
        far_slopes: the slopes of a whole block of rows some of which are elsewhere, so valid
            everywhere; empty where ``slopes`` hold all the same.
        divisor: what must not vanish, as it does at a pole: an operand, or its cosine; empty where
            there are no poles.
    """

    name: str
    opcode: int
    arity: int
    text: str
    value: str
    slopes: tuple[str, ...]
    commutative: bool = False
    tuned: bool = False
    near: str = ""
    far: str = ""
    far_slopes: tuple[str, ...] = ()
    divisor: Literal["", "u", "v", "cos(u)"] = ""

    @property
    def written_with(self) -> frozenset[str]:
        """The functions that the formula is written with, in lower case; arithmetic is none."""
        return frozenset(name.lower() for name in re.findall(r"(\w+)\(", self.text))


def _unary(
    name: str,
    text: str,
    value: str,
    slope: str,
    *,
    tuned: bool,
    near: str = "",
    far: str = "",
    far_slope: str = "",
    divisor: Literal["", "u", "cos(u)"] = "",
) -> Primitive:
    return Primitive(
        name=name,
        opcode=-1,
        arity=1,
        text=text,
        value=value,
        slopes=(slope,),
        tuned=tuned,
        near=near,
        far=far,
        far_slopes=(far_slope,) if far_slope else (),
        divisor=divisor,
    )


def _binary(
    name: str,
    text: str,
    value: str,
    slopes: tuple[str, str],
    *,
    tuned: bool,
    commutative: bool = False,
    divisor: Literal["", "v"] = "",
) -> Primitive:
    return Primitive(
        name=name,
        opcode=-1,
        arity=2,
        text=text,
        value=value,
        slopes=slopes,
        commutative=commutative,
        tuned=tuned,
        divisor=divisor,
    )


_ROWS: tuple[Primitive, ...] = (
    # The order of the first ten is that of the published function set. Opcodes are part of saved
    # searches: new rows go to the end.
    _binary("add", "({0} + {1})", "u + v", ("g", "g"), tuned=True, commutative=True),
    _binary("sub", "({0} - {1})", "u - v", ("g", "-g"), tuned=True),
    _binary("mul", "({0} * {1})", "u * v", ("g * v", "g * u"), tuned=False, commutative=True),
    _binary("div", "({0} / {1})", "u / v", ("g / v", "-g * y / v"), tuned=False, divisor="v"),
    _unary("sqrt", "sqrt({0})", "np.sqrt(u)", "0.5 * g / y", tuned=False),
    _unary("square", "({0})**2", "u * u", "2.0 * g * u", tuned=False),
    _unary(
        "log",
        "log({0})",
        "fast_log(u)",
        "g / u",
        tuned=True,
        near="LOG_LOWEST <= u <= LOG_HIGHEST",
        # An expression that is undefined is undefined on many rows: without a call for each.
        far="np.nan if u < 0.0 else np.log(u)",
        divisor="u",
    ),
    _unary(
        "sin",
        "sin({0})",
        "fast_sin(u)",
        "g * fast_cos(u)",
        tuned=True,
        near="abs(u) <= TRIG_LIMIT",
        far="np.sin(u)",
        far_slope="g * np.cos(u)",
    ),
    _unary(
        "cos",
        "cos({0})",
        "fast_cos(u)",
        "-g * fast_sin(u)",
        tuned=True,
        near="abs(u) <= TRIG_LIMIT",
        far="np.cos(u)",
        far_slope="-g * np.sin(u)",
    ),
    _unary(
        "tan",
        "tan({0})",
        "fast_tan(u)",
        "g * (1.0 + y * y)",
        tuned=True,
        near="abs(u) <= TRIG_LIMIT",
        far="np.tan(u)",
        divisor="cos(u)",
    ),
    _unary(
        "exp",
        "exp({0})",
        "fast_exp(u)",
        "g * y",
        tuned=True,
        near="abs(u) <= EXP_LIMIT",
        far="np.exp(u)",
    ),
    _unary(
        "tanh",
        "tanh({0})",
        "fast_tanh(u)",
        "g * (1.0 - y * y)",
        tuned=True,
        near="abs(u) <= TANH_LIMIT",
        far="np.tanh(u)",
    ),
    _unary(
        "sigmoid",
        "1/(1 + exp(-({0})))",
        "fast_sigmoid(u)",
        "g * y * (1.0 - y)",
        tuned=True,
        near="abs(u) <= EXP_LIMIT",
        far="1.0 / (1.0 + np.exp(-u))",
    ),
    _unary("abs", "Abs({0})", "abs(u)", "g if u >= 0.0 else -g", tuned=False),
    # A comparison with NaN is false, so v's NaN comes through by itself and u's by the test.
    _binary(
        "min",
        "Min({0}, {1})",
        "(u if u < v else v) if u == u else u",
        ("g if u < v else 0.0", "0.0 if u < v else g"),
        tuned=True,
        commutative=True,
    ),
    _binary(
        "max",
        "Max({0}, {1})",
        "(u if u > v else v) if u == u else u",
        ("g if u > v else 0.0", "0.0 if u > v else g"),
        tuned=True,
        commutative=True,
    ),
    _unary("inverse", "1/({0})", "1.0 / u", "-g * y * y", tuned=False, divisor="u"),
    _unary("cube", "({0})**3", "u * u * u", "3.0 * g * u * u", tuned=False),
    _unary(
        "gaussian",
        "exp(-({0})**2)",
        "fast_exp(-u * u)",
        "-2.0 * g * u * y",
        tuned=True,
        near="abs(u) <= GAUSSIAN_LIMIT",
        far="np.exp(-u * u)",
    ),
    # What networks are made of, beside tanh and sigmoid.
    _unary(
        "relu",
        "Max(0, {0})",
        "(u if u > 0.0 else 0.0) if u == u else u",
        "g if u > 0.0 else 0.0",
        tuned=False,
    ),
    _unary(
        "leaky_relu",
        "Max(({0})/100, {0})",
        "u if u > 0.0 else 0.01 * u",
        "g if u > 0.0 else 0.01 * g",
        tuned=False,
    ),
    _unary(
        "elu",
        "(Max(0, {0}) + exp(Min(0, {0})) - 1)",
        "u if u > 0.0 else fast_expm1(u)",
        "g if u > 0.0 else g * (y + 1.0)",
        tuned=True,
        near="u >= -EXP_LIMIT",
        far="np.expm1(u)",
    ),
    _unary(
        "silu",
        "({0})/(1 + exp(-({0})))",
        "u * fast_sigmoid(u)",
        "g * (fast_sigmoid(u) + y * (1.0 - fast_sigmoid(u)))",
        tuned=True,
        near="abs(u) <= EXP_LIMIT",
        far="u / (1.0 + np.exp(-u))",
        far_slope="g * (1.0 / (1.0 + np.exp(-u)) + y * (1.0 - 1.0 / (1.0 + np.exp(-u))))",
    ),
    _unary(
        "gelu",
        "({0})*(1 + erf(({0})/sqrt(2)))/2",
        "u * fast_normal(u)",
        "g * (fast_normal(u) + u * fast_density(u))",
        tuned=True,
        near="abs(u) <= NORMAL_LIMIT",
        far="u * slow_normal(u)",
        far_slope="g * (slow_normal(u) + u * (np.exp(-0.5 * u * u) / SQRT_2_PI))",
    ),
    _unary(
        "softplus",
        "log(1 + exp({0}))",
        "fast_softplus(u)",
        "g * fast_sigmoid(u)",
        tuned=True,
        near="abs(u) <= EXP_LIMIT",
        far="np.log1p(np.exp(u))",
        far_slope="g / (1.0 + np.exp(-u))",
    ),
    _unary(
        "softsign",
        "({0})/(1 + Abs({0}))",
        "u / (1.0 + abs(u))",
        "g / ((1.0 + abs(u)) * (1.0 + abs(u)))",
        tuned=True,
    ),
    _unary(
        "hard_sigmoid",
        "Min(1, Max(0, ({0})/6 + 1/2))",
        "0.0 if u <= -3.0 else (1.0 if u >= 3.0 else u / 6.0 + 0.5)",
        "g / 6.0 if abs(u) < 3.0 else 0.0",
        tuned=True,
    ),
    _unary(
        "hard_tanh",
        "Min(1, Max(-1, {0}))",
        "-1.0 if u < -1.0 else (1.0 if u > 1.0 else u)",
        "g if abs(u) < 1.0 else 0.0",
        tuned=True,
    ),
)

PRIMITIVES: tuple[Primitive, ...] = tuple(
    replace(row, opcode=opcode) for opcode, row in enumerate(_ROWS)
)

BY_NAME: dict[str, Primitive] = {row.name: row for row in PRIMITIVES}

PUBLISHED_FUNCTIONS: tuple[str, ...] = tuple(row.name for row in PRIMITIVES[:10])


ACTIVATIONS: tuple[str, ...] = (
    *("tanh", "sigmoid", "softsign", "hard_tanh", "hard_sigmoid"),
    *("relu", "leaky_relu", "elu", "silu", "gelu", "softplus"),
)
"""Functions that units are made of."""

_OF_LAWS = ("exp", "tanh")

_BUILT_OF = {
    "relu": ("relu", "abs", "min", "max"),
    "leaky_relu": ("leaky_relu", "abs", "min", "max"),
    "hard_sigmoid": ("hard_sigmoid", "abs", "min", "max"),
    "hard_tanh": ("hard_tanh", "abs", "min", "max"),
    "relu6": ("relu", "abs", "min", "max"),
    "hard_swish": ("hard_sigmoid", "abs", "min", "max"),
    "selu": ("elu",),
    "gelu_tanh": ("gelu",),
    "mish": ("softplus",),
    "softsign": ("softsign", "abs"),
}


def fitting_functions(activations: Iterable[str] = ()) -> tuple[str, ...]:
    """A function set for networks with these activations.

    The published functions, exp and tanh, which laws have besides, and what each activation that
    has a row is built of: of a piecewise linear one all that makes kinks.

    Args:
        activations: names of activations; those without a row add nothing.
    """
    names = [*PUBLISHED_FUNCTIONS, *_OF_LAWS]
    for activation in activations:
        names += _BUILT_OF.get(activation, (activation,))
    return tuple(dict.fromkeys(name for name in names if name in BY_NAME))


def function_set(names: Sequence[str]) -> tuple[Primitive, ...]:
    """Look up the primitives of a function set, in the order given.

    Raises:
        KeyError: a name is not in the table.
    """
    return tuple(BY_NAME[name] for name in names)
