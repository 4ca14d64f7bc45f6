"""Limits on depth, uses and nesting, against the expression written out as a tree."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import programs

from srnet_cli.cgp.kernels.limits import Limits, breaks_limits, no_limits
from srnet_cli.cgp.program import Program
from srnet_cli.cgp.shortening import pruned, shorter_programs
from srnet_cli.primitives import BY_NAME, PRIMITIVES

pytestmark = pytest.mark.nojit

Tree = tuple[int, tuple["Tree", ...]] | None
"""(opcode, operands) of an operation; None is a leaf."""


def tree(program: Program, slot: int) -> Tree:
    """The expression written out: every use of a result repeats it."""
    i = slot - program.inputs - len(program.constants)
    if i < 0:
        return None
    arity = PRIMITIVES[program.ops[i]].arity
    operands = tuple(tree(program, int(s)) for s in program.args[i, :arity])
    return int(program.ops[i]), operands


def depth(one: Tree) -> int:
    return 0 if one is None else 1 + max(map(depth, one[1]))


def parts(one: Tree) -> Iterator[tuple[int, tuple[Tree, ...]]]:
    if one is not None:
        yield one
        for operand in one[1]:
            yield from parts(operand)


def uses(one: Tree, opcode: int) -> int:
    return sum(part[0] == opcode for part in parts(one))


def chained(one: Tree, opcode: int) -> int:
    """The most occurrences on one way down."""
    if one is None:
        return 0
    return (one[0] == opcode) + max(chained(operand, opcode) for operand in one[1])


def nested(one: Tree, outer: int, inner: int) -> int:
    found = [chained(x, inner) for op, operands in parts(one) if op == outer for x in operands]
    return max(found, default=0)


def is_broken(limits: Limits, program: Program) -> bool:
    """What the kernel says of a program."""
    leaves = program.inputs + len(program.constants)
    scratch = np.empty(max(len(program), 1), dtype=np.int64)
    return bool(breaks_limits(limits, program.ops, program.args, len(program), leaves, scratch))


def limits(
    depth: int = 0,
    uses: tuple[tuple[int, int], ...] = (),
    nesting: tuple[tuple[int, int, int], ...] = (),
) -> Limits:
    return Limits(
        depth,
        np.array(uses, dtype=np.int64).reshape(-1, 2),
        np.array(nesting, dtype=np.int64).reshape(-1, 3),
    )


NAMES = ("add", "div", "sin", "cos", "abs")
some = programs(names=NAMES, max_length=9, weighted=None).map(pruned)
opcodes = st.sampled_from([BY_NAME[name].opcode for name in NAMES])


@given(some)
def test_depth_is_that_of_the_tree(program: Program) -> None:
    """The least depth that a program keeps to is that of its tree."""
    levels = depth(tree(program, program.output))
    assert not is_broken(limits(depth=max(levels, 1)), program)
    if levels > 1:
        assert is_broken(limits(depth=levels - 1), program)


@given(some, opcodes)
def test_uses_are_those_of_the_tree(program: Program, opcode: int) -> None:
    """A function counts as often as it is written, however instructions share results."""
    count = uses(tree(program, program.output), opcode)
    assert not is_broken(limits(uses=((opcode, count),)), program)
    if count:
        assert is_broken(limits(uses=((opcode, count - 1),)), program)


@given(some, opcodes, opcodes)
def test_nesting_is_that_of_the_tree(program: Program, outer: int, inner: int) -> None:
    """The most of a function on any way down from an operand of another."""
    count = nested(tree(program, program.output), outer, inner)
    assert not is_broken(limits(nesting=((outer, inner, count),)), program)
    if count:
        assert is_broken(limits(nesting=((outer, inner, count - 1),)), program)


@given(some, opcodes, opcodes)
def test_what_is_shorter_keeps_the_limits(program: Program, outer: int, inner: int) -> None:
    """A simplification never makes a program deeper, nor uses or nests a function more."""
    whole = tree(program, program.output)
    kept = limits(
        max(depth(whole), 1),
        ((outer, uses(whole, outer)), (inner, uses(whole, inner))),
        ((outer, inner, nested(whole, outer, inner)),),
    )
    means = np.ones(program.inputs + len(program.constants) + len(program))
    for shorter in shorter_programs(program, means):
        assert not is_broken(kept, shorter)


def test_a_program_of_many_terms_does_not_overflow() -> None:
    """Forty doublings are 2**40 sums when written out; 70 would not fit in 64 bits."""
    n = 70
    args = np.repeat(np.arange(n), 2).reshape(n, 2)
    doubling = Program(1, np.empty(0), np.zeros(n, dtype=np.int64), args, n)
    assert is_broken(limits(uses=((0, 1000),)), doubling)
    assert not is_broken(limits(uses=((7, 0),)), doubling)
    assert not is_broken(no_limits(), doubling)
