"""Random programs for property tests, and rows where arithmetic has its corners."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from hypothesis import strategies as st

from srnet_cli.cgp.program import Program
from srnet_cli.primitives import BY_NAME, PRIMITIVES

NAMES = tuple(primitive.name for primitive in PRIMITIVES)
EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, np.pi, 1e300, -1e300, 1e-300, -5e-324, np.inf, -np.inf)
EDGE_ROWS = np.array(list(product((*EDGES, np.nan), repeat=2)))


def program(
    instructions: Sequence[tuple[str, *tuple[int, ...]]],
    inputs: int = 1,
    constants: Sequence[float] = (),
    coefficients: Sequence[tuple[float, float]] | None = None,
    output: int | None = None,
) -> Program:
    """A program written by hand: ``("add", 0, 1)`` adds slots 0 and 1."""
    last = inputs + len(constants) + len(instructions) - 1
    return Program(
        inputs,
        np.array(constants, dtype=np.float64),
        np.array([BY_NAME[name].opcode for name, *_ in instructions], dtype=np.int64),
        np.array([(args[0], args[-1]) for _, *args in instructions], np.int64).reshape(-1, 2),
        last if output is None else output,
        None if coefficients is None else np.array(coefficients, np.float64).reshape(-1, 2),
    )


@st.composite
def programs(
    draw: st.DrawFn,
    *,
    inputs: int = 2,
    names: Sequence[str] = NAMES,
    max_length: int = 10,
    weighted: bool | None = False,
) -> Program:
    """Any valid program; ``weighted`` says whether edges carry weights, None: either."""
    numbers = st.floats(-3, 3, allow_subnormal=False).filter(lambda value: value != 0.0)
    constants = draw(st.lists(numbers, max_size=2))
    first = inputs + len(constants)
    instructions: list[tuple[str, *tuple[int, ...]]] = []
    for name in draw(st.lists(st.sampled_from(names), max_size=max_length)):
        slot = st.integers(0, first + len(instructions) - 1)
        operands = [draw(slot) for _ in range(BY_NAME[name].arity)]
        instructions.append((name, *operands))
    if weighted is None:
        weighted = draw(st.booleans())
    coefficients = [(draw(numbers), draw(numbers)) for _ in instructions] if weighted else None
    last = first + len(instructions) - 1
    output = draw(st.integers(0, last)) if draw(st.booleans()) else last
    return program(instructions, inputs, constants, coefficients, output)
