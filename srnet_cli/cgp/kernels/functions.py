"""The functions of the primitive table over columns, compiled from its texts.

The kernels branch on the opcode once per block and loop inside of the branch, so that LLVM sees a
plain loop over one expression and vectorises it. Written by hand this is a chain of near copies,
one per function in each of three kernels, the last of which would catch whatever has none. So the
chain is made here, from the rows of ``primitives``, when the module is imported: each row has its
branches or is refused, and an opcode without a row is an error.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from textwrap import indent
from typing import Any, NamedTuple

import numpy as np

from srnet_cli.cgp.kernels import elementary
from srnet_cli.cgp.kernels.jit import align_stack, kernel
from srnet_cli.primitives import PRIMITIVES, Primitive

ARITIES = np.array([row.arity for row in PRIMITIVES], dtype=np.int64)
COMMUTATIVE = np.array([row.commutative for row in PRIMITIVES], dtype=np.bool_)
TUNABLE = np.array([row.tuned for row in PRIMITIVES], dtype=np.bool_)

_KNOWN = {"np": np, "abs": abs, **vars(elementary)}


class Operands(NamedTuple):
    """The operands of an instruction; the second is not read where there is one alone.

    Attributes:
        left, right: offsets of their values, without the weights.
        w_left, w_right: the weights.
    """

    left: int
    right: int
    w_left: float
    w_right: float


_REPAIR = '''
def repair(memory, opcode, target, left, n):
    """Recompute the values whose argument lies outside of where the fast function holds."""
    a = memory[left : left + n]
    out = memory[target : target + n]
'''

_APPLY = '''
def apply(memory, opcode, target, left, right, n):
    """Compute ``n`` values of one primitive.

    Args:
        memory: flat float64 array.
        opcode: row of the primitive table.
        target: offset of the result.
        left, right: offsets of the operands; ``right`` is not read by unary primitives.
        n: number of rows.

    Raises:
        ValueError: no primitive has that opcode.
    """
    align_stack()
    a = memory[left : left + n]
    b = memory[right : right + n]
    out = memory[target : target + n]
    far = 0
'''

_TIMES_SLOPE = '''
def times_slope(memory, opcode, side, operands, value, adjoint, target, n):
    """Write adjoint · ∂value/∂u or ∂v at ``target``, for operands u, v with their weights.

    Args:
        memory: flat float64 array.
        opcode: row of the primitive table.
        side: by which operand, 0 or 1.
        operands: see ``Operands``.
        value, adjoint: offsets of the primitive's values, and of the derivatives by these.
        target: offset of the result.
        n: number of rows.

    Raises:
        ValueError: no primitive has that opcode.
    """
    align_stack()
    w_left, w_right = operands.w_left, operands.w_right
    a = memory[operands.left : operands.left + n]
    b = memory[operands.right : operands.right + n]
    values = memory[value : value + n]
    adjoints = memory[adjoint : adjoint + n]
    out = memory[target : target + n]
'''

_OPERANDS = {"u": "a[i]", "v": "b[i]"}
_WEIGHTED = {
    "u": "w_left * a[i]",
    "v": "w_right * b[i]",
    "y": "values[i]",
    "g": "adjoints[i]",
}


def require_complete(row: Primitive) -> None:
    """Check that a row of the table can be made into kernels.

    Raises:
        ValueError: it lacks a slope, or a text uses a name that is not known.
    """
    if len(row.slopes) != row.arity or len(row.far_slopes) not in (0, row.arity):
        raise ValueError(f"primitive {row.name}: {row.arity} slopes are needed")
    if bool(row.near) != bool(row.far) or (row.far_slopes and not row.near):
        raise ValueError(f"primitive {row.name}: near and far go together")
    operands = ("u", "v")[: row.arity]
    for text in (row.value, row.near, row.far):
        _require_known(row, text, operands)
    for text in (*row.slopes, *row.far_slopes):
        _require_known(row, text, (*operands, "y", "g"))


def _require_known(row: Primitive, text: str, variables: Collection[str]) -> None:
    try:
        unknown = sorted(_names(text) - {*variables} - {*_KNOWN})
    except SyntaxError:
        raise ValueError(f"primitive {row.name}: {text!r} is not an expression") from None
    if unknown:
        raise ValueError(f"primitive {row.name}: {text!r} uses {unknown[0]}, which is not known")


def _names(text: str) -> set[str]:
    if not text:
        return set()
    tree = ast.parse(text, mode="eval")
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _loop(text: str, sources: dict[str, str], near: str = "", condition: str = "") -> str:
    """A loop that writes an expression for every row.

    Args:
        text: the expression.
        sources: where its variables come from.
        near: where the expression holds; ``far`` is set where it does not.
        condition: rows to write; empty: all.
    """
    used = _names(text) | _names(near) | _names(condition)
    lines = [f"{name} = {source}" for name, source in sources.items() if name in used]
    if condition:
        lines.append(f"if {condition}:\n    out[i] = {text}")
    else:
        lines.append(f"out[i] = {text}")
    if near:
        lines.append(f"far |= not ({near})")
    return "for i in range(n):\n" + indent("\n".join(lines), "    ")


def _value_branch(row: Primitive) -> str:
    loop = _loop(row.value, _OPERANDS, near=row.near)
    return f"{loop}\nif far:\n    repair(memory, opcode, target, left, n)" if row.near else loop


def _slope_branch(row: Primitive) -> str:
    sides = [_one_slope(row, side) for side in range(row.arity)]
    if row.arity == 1:
        return sides[0]
    return f"if side == 0:\n{indent(sides[0], '    ')}\nelse:\n{indent(sides[1], '    ')}"


def _one_slope(row: Primitive, side: int) -> str:
    if not row.far_slopes:
        return _loop(row.slopes[side], _WEIGHTED)
    near = _loop(row.slopes[side], _WEIGHTED, near=row.near)
    far = _loop(row.far_slopes[side], _WEIGHTED)
    return f"far = 0\n{near}\nif far:\n{indent(far, '    ')}"


def _branches(pairs: Iterable[tuple[int, str]]) -> Iterator[str]:
    for number, (opcode, body) in enumerate(pairs):
        yield f"    {'elif' if number else 'if'} opcode == {opcode}:\n{indent(body, ' ' * 8)}\n"
    yield "    else:\n        raise ValueError('no primitive has this opcode')\n"


def _compiled(head: str, pairs: Iterable[tuple[int, str]], **helpers: Any) -> Callable[..., Any]:
    """A function made of its head and of a branch per opcode, under the policy of ``jit``."""
    source = head + "".join(_branches(pairs))
    known = {**_KNOWN, **helpers, "align_stack": align_stack, "__name__": __name__}
    # The compiled code is kept under this file's name.
    exec(compile(source, __file__, "exec"), known)
    name = head.split("(")[0].removeprefix("\ndef ")
    return kernel(allocates=False)(known[name])


def compile_table(rows: Sequence[Primitive]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The kernels ``apply`` and ``times_slope`` of a table of primitives.

    Raises:
        ValueError: a row is not complete.
    """
    for row in rows:
        require_complete(row)
    repaired = [
        (row.opcode, _loop(row.far, _OPERANDS, condition=f"not ({row.near})"))
        for row in rows
        if row.near
    ]
    repair = _compiled(_REPAIR, repaired)
    values = [(row.opcode, _value_branch(row)) for row in rows]
    slopes = [(row.opcode, _slope_branch(row)) for row in rows]
    return _compiled(_APPLY, values, repair=repair), _compiled(_TIMES_SLOPE, slopes)


apply, times_slope = compile_table(PRIMITIVES)
