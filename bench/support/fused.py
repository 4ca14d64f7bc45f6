"""Hand-fused loops: for one expression, one compiled loop with its readout sums in registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from srnet_cli.cgp.kernels import elementary
from srnet_cli.cgp.program import Program
from srnet_cli.primitives import PRIMITIVES

_FORMULAS = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "sqrt": "np.sqrt({0})",
    "square": "{0} * {0}",
    "log": "fast_log({0})",
    "sin": "fast_sin({0})",
    "cos": "fast_cos({0})",
    "tan": "fast_tan({0})",
}

_TEMPLATE = """
def fused(columns, targets, out, repeats):
    {unpack}
    for _ in range(repeats):
        i = 0
        {body}
        pivot = {value}
        total = 0.0
        square = 0.0
        {zeros}
        for i in range({x}.shape[0]):
            {body_in_loop}
            g = {value} - pivot
            total += g
            square += g * g
            {dots}
        out[0] += total
        out[1] += square
        {store}
"""


def fused_loop(program: Program, units: int) -> Callable[..., None]:
    """Compile the loop of one expression and its sums with ``units`` targets.

    It does what the interpreter does for one chromosome, with the same elementary functions but
    without the test for arguments out of their range, in one pass over the rows.

    Returns:
        fused(columns, targets, out, repeats): tuples of arrays (n,), and room for 2 + units sums.
    """
    used = sorted({int(slot) for slot in program.args.ravel()} & set(range(program.inputs)))
    lines = [
        f"v{program.inputs + len(program.constants) + number} = "
        + _FORMULAS[PRIMITIVES[opcode].name].format(*(_operand(program, slot) for slot in slots))
        for number, (opcode, slots) in enumerate(zip(program.ops, program.args, strict=True))
    ]
    names = range(units)
    source = _TEMPLATE.format(
        unpack="; ".join(
            [f"x{slot} = columns[{slot}]" for slot in used] + _each("h{0} = targets[{0}]", names)
        ),
        body="\n        ".join(lines),
        body_in_loop="\n            ".join(lines),
        value=f"v{program.output}",
        x="h0",
        zeros="; ".join(_each("d{0} = 0.0", names)),
        dots="; ".join(_each("d{0} += g * h{0}[i]", names)),
        store="; ".join(_each("out[2 + {0}] += d{0}", names)),
    )
    functions: dict[str, Any] = {"np": np, **vars(elementary)}
    exec(compile(source, "<fused>", "exec"), functions)
    compiled: Callable[..., None] = numba.njit(
        functions["fused"], error_model="numpy", fastmath={"reassoc", "contract", "nsz"}, _nrt=False
    )
    return compiled


def _each(pattern: str, numbers: range) -> list[str]:
    return [pattern.format(number) for number in numbers]


def _operand(program: Program, slot: int) -> str:
    constants = program.constants
    if slot < program.inputs:
        return f"x{slot}[i]"
    if slot < program.inputs + len(constants):
        return repr(float(constants[slot - program.inputs]))
    return f"v{slot}"
