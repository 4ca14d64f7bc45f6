"""The primitive table: one row a function, from which everything else is derived.

A row states the arity, the opcode that the kernels switch on, whether the two operands may be
exchanged, and the formula as text. ``{0}`` and ``{1}`` stand for the operands; the text is valid
SymPy and is what ``expressions`` builds formulas from, so that the numbers and the print cannot
drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_ARITY = 2


@dataclass(frozen=True)
class Primitive:
    """One function of the function set.

    Attributes:
        name: the word used in configs.
        opcode: the number the kernels switch on; equal to the row's place in the table.
        arity: number of operands, 1 or 2.
        text: the formula in SymPy's syntax, with ``{0}`` and ``{1}`` for the operands.
        commutative: whether exchanging the operands leaves every value unchanged.
    """

    name: str
    opcode: int
    arity: int
    text: str
    commutative: bool = False


_ROWS: tuple[tuple[str, int, str, bool], ...] = (
    # The order of the first ten is that of the published function set.
    ("add", 2, "({0} + {1})", True),
    ("sub", 2, "({0} - {1})", False),
    ("mul", 2, "({0} * {1})", True),
    ("div", 2, "({0} / {1})", False),
    ("sqrt", 1, "sqrt({0})", False),
    ("square", 1, "({0})**2", False),
    ("log", 1, "log({0})", False),
    ("sin", 1, "sin({0})", False),
    ("cos", 1, "cos({0})", False),
    ("tan", 1, "tan({0})", False),
    ("exp", 1, "exp({0})", False),
    ("tanh", 1, "tanh({0})", False),
    ("sigmoid", 1, "1/(1 + exp(-({0})))", False),
    ("abs", 1, "Abs({0})", False),
    ("min", 2, "Min({0}, {1})", True),
    ("max", 2, "Max({0}, {1})", True),
    ("inverse", 1, "1/({0})", False),
    ("cube", 1, "({0})**3", False),
    ("gaussian", 1, "exp(-({0})**2)", False),
)

PRIMITIVES: tuple[Primitive, ...] = tuple(
    Primitive(name, opcode, arity, text, commutative)
    for opcode, (name, arity, text, commutative) in enumerate(_ROWS)
)

BY_NAME: dict[str, Primitive] = {row.name: row for row in PRIMITIVES}

PUBLISHED_FUNCTIONS: tuple[str, ...] = tuple(row.name for row in PRIMITIVES[:10])


def function_set(names: Sequence[str]) -> tuple[Primitive, ...]:
    """Look up the primitives of a function set, in the order given.

    Raises:
        KeyError: a name is not in the table.
    """
    return tuple(BY_NAME[name] for name in names)
