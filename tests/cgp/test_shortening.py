"""Programs made shorter: what may become of one, against the slow interpreter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import program, programs

from oracles import interpret
from srnet_cli.cgp.program import Program
from srnet_cli.cgp.shortening import pruned, shorter_programs, slot_values

pytestmark = pytest.mark.nojit

ROWS = np.random.default_rng(0).uniform(0.5, 2.0, (20, 2))
SUM = program([("mul", 0, 1), ("add", 3, 2)], inputs=2, constants=[5.0])


def shapes_fit(one: Program) -> bool:
    """Whether every instruction reads slots that hold something already."""
    first = one.inputs + len(one.constants)
    weights = one.coefficients
    return (
        all(max(args) < first + i and min(args) >= 0 for i, args in enumerate(one.args.tolist()))
        and 0 <= one.output < first + len(one)
        and (weights is None or weights.shape == one.args.shape)
    )


@given(programs(weighted=None))
def test_pruning_changes_no_value(one: Program) -> None:
    """What nothing reads is left out, and every value stays, to the last bit."""
    short = pruned(one)
    assert shapes_fit(short)
    assert len(short) <= len(one)
    np.testing.assert_array_equal(interpret(short, ROWS), interpret(one, ROWS))
    assert pruned(short) is short


@given(programs(weighted=None, max_length=6))
def test_shorter_programs_are_programs(one: Program) -> None:
    """No simplification breaks a program, adds an instruction or reads another number of inputs."""
    one = pruned(one)
    for short in shorter_programs(one, slot_values(one, ROWS)):
        assert shapes_fit(short)
        assert len(short) <= len(one)
        assert short.inputs == one.inputs
        assert interpret(short, ROWS).shape == (20,)


@given(programs(weighted=True, max_length=6), st.data())
def test_an_instruction_gives_way_to_its_operand(one: Program, data: st.DataObject) -> None:
    """One of the results is the program whose instruction is its operand times both weights."""
    one = pruned(one)
    if len(one) < 2:
        return
    first, i = one.inputs + len(one.constants), data.draw(st.integers(0, len(one) - 2))
    args, weights = one.args.copy(), one.coefficients.copy()
    for reader in range(len(one)):
        for side in (0, 1):
            if one.args[reader, side] == first + i:
                args[reader, side] = one.args[i, 0]
                weights[reader, side] *= one.coefficients[i, 0]
    wanted = interpret(replace(one, args=args, coefficients=weights), ROWS)
    found = [interpret(short, ROWS) for short in shorter_programs(one, slot_values(one, ROWS))]
    assert any(np.array_equal(wanted, values, equal_nan=True) for values in found)


def test_all_there_is_for_a_small_program() -> None:
    """x y + 5: its parts, its operands, and means in place of the product and of each input."""
    found = {
        tuple(interpret(s, ROWS).round(9)) for s in shorter_programs(SUM, slot_values(SUM, ROWS))
    }
    x, y = ROWS.T
    wanted = [x, y, np.full(20, 5.0), x * y, x + 5, y + 5]
    wanted += [x.mean() * y + 5, x * y.mean() + 5, np.mean(x * y) + 5 + 0 * x]
    assert found == {tuple(values.round(9)) for values in wanted}


def test_a_weight_becomes_one() -> None:
    """Each weight by itself."""
    one = program([("add", 0, 1)], inputs=2, coefficients=[(2.0, 3.0)])
    weights = [s.coefficients.tolist() for s in shorter_programs(one, np.full(3, np.nan)) if len(s)]
    assert weights == [[[1.0, 3.0]], [[2.0, 1.0]]]


def test_a_mean_that_is_none_is_not_used() -> None:
    """Where a slot is not finite on some row, no constant takes its place."""
    one = program([("log", 0), ("add", 1, 0)])
    with np.errstate(all="ignore"):
        found = list(shorter_programs(one, slot_values(one, np.array([[0.0], [1.0]]))))
    assert all(np.isfinite(short.constants).all() for short in found)
