"""Kernels made from the primitive table: each row by its own formula, and rows that lack a part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import mpmath
import numpy as np
import pytest
from closeness import true_ulps
from exact import formula_of

from srnet_cli.cgp.kernels.functions import (
    ARITIES,
    COMMUTATIVE,
    TUNABLE,
    Operands,
    apply,
    compile_table,
    require_complete,
    times_slope,
)
from srnet_cli.cgp.kernels.jit import JIT_DISABLED
from srnet_cli.primitives import BY_NAME, PRIMITIVES, Primitive

pytestmark = pytest.mark.nojit

COUNT = 8 if JIT_DISABLED else 40
UNARY = [row for row in PRIMITIVES if row.arity == 1]
BINARY = [row for row in PRIMITIVES if row.arity == 2]


def name_of(row: Primitive) -> str:
    return row.name


def arguments(seed: int) -> np.ndarray:
    """Numbers of either sign from tiny to beyond where fast functions hold, but where they are 0 or
    1 to the last digit."""
    rng = np.random.default_rng(seed)
    sizes = [10 ** rng.uniform(-12, 0, COUNT), *(rng.uniform(0, end, COUNT) for end in (2, 9, 36))]
    sizes.append(np.array([0.5, 1.0, 2.0, 3.0, 6.0, 700.0, 700.5]))
    values = np.concatenate(sizes)
    return np.concatenate([values, -values])


def computed(row: Primitive, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    n = len(a)
    memory = np.concatenate([a, b, np.zeros(n)])
    apply(memory, row.opcode, 2 * n, 0, n, n)
    return memory[2 * n :]


def slope(exact: Callable[..., mpmath.mpf], operands: Sequence[float], side: int) -> float:
    """The derivative of a formula by one of its operands, by central differences."""
    with mpmath.workprec(500):
        step = mpmath.mpf(2) ** -150
        ends = []
        for sign in (1, -1):
            moved = [mpmath.mpf(float(operand)) for operand in operands]
            moved[side] += sign * step
            ends.append(exact(*moved))
        return float(mpmath.re((ends[0] - ends[1]) / (2 * step)))


@pytest.mark.parametrize("row", UNARY, ids=name_of)
def test_values_are_those_of_the_formula(row: Primitive) -> None:
    """Every value is that of the printed formula in high precision, to a few last digits, and to
    what rounding a partial result may cost: about as much as rounding the argument."""
    x = arguments(3)
    exact = formula_of(row)
    values = computed(row, x, x)
    with mpmath.workprec(100):
        is_real = np.array([mpmath.im(exact(mpmath.mpf(float(v)))) == 0 for v in x])
    kept = is_real & np.isfinite(values) & (np.abs(values) > 1e-305)
    assert kept.sum() > len(x) // 3
    x, values = x[kept], values[kept]
    condition = [abs(a * slope(exact, (a,), 0) / y) for a, y in zip(x, values, strict=True)]
    assert np.all(true_ulps(values, x, exact) < 8 + np.array(condition))


@pytest.mark.parametrize("row", BINARY, ids=name_of)
def test_values_of_two_operands(row: Primitive) -> None:
    """With one operand fixed the other gives the formula's value, rounded once."""
    x = arguments(4)
    for other in (0.3, -7.0):
        b = np.full(len(x), other)
        first = partial(formula_of(row), mpmath.mpf(other))
        assert true_ulps(computed(row, b, x), x, first).max() <= 0.5
        second = partial(formula_of(row), b=mpmath.mpf(other))
        assert true_ulps(computed(row, x, b), x, second).max() <= 0.5


@pytest.mark.parametrize("row", PRIMITIVES, ids=name_of)
def test_slopes_are_those_of_the_formula(row: Primitive) -> None:
    """Slopes by every operand are derivatives of the printed formula, far out, near, and near in a
    block with others far out."""
    rng = np.random.default_rng(6)
    near, far = rng.uniform(-4, 4, 8), np.array([-800.0, -45.0, 45.0, 705.0, 2.0e5])
    exact = formula_of(row)
    for a in (near, far, np.concatenate([near, far])):
        n = len(a)
        b = rng.choice([-1, 1], n) * rng.uniform(0.3, 4, n)
        values = computed(row, a, b)
        for side in range(row.arity):
            memory = np.concatenate([a, b, values, np.full(n, 1.5), np.zeros(n)])
            operands = Operands(left=0, right=n, w_left=1.0, w_right=1.0)
            times_slope(memory, row.opcode, side, operands, 2 * n, 3 * n, 4 * n, n)
            for i in np.flatnonzero(np.isfinite(values)):
                truth = 1.5 * slope(exact, (a[i], b[i])[: row.arity], side)
                assert memory[4 * n + i] == pytest.approx(truth, rel=1e-9, abs=1e-12)


def test_a_function_far_out_is_computed_number_by_number() -> None:
    """One value beyond the fast range leaves its neighbours to the last bit as they are alone."""
    for row in UNARY:
        x = np.array([0.3, 1.1, 0.7])
        alone = computed(row, x, x)
        with np.errstate(all="ignore"):
            beside = computed(row, np.append(x, 1e6), np.append(x, 1e6))
        np.testing.assert_array_equal(beside[:3], alone)


def test_the_arrays_are_those_of_the_table() -> None:
    """Opcodes number the rows, names are unique, and kernels know each row's arity and kind."""
    assert [row.opcode for row in PRIMITIVES] == list(range(len(PRIMITIVES)))
    assert len(BY_NAME) == len(PRIMITIVES)
    assert ARITIES.tolist() == [len(row.slopes) for row in PRIMITIVES]
    assert {PRIMITIVES[i].name for i in np.flatnonzero(COMMUTATIVE)} == {"add", "mul", "min", "max"}
    assert TUNABLE.tolist() == [row.tuned for row in PRIMITIVES]


@pytest.mark.parametrize("opcode", [-1, len(PRIMITIVES), 255])
def test_an_opcode_without_a_row_raises(opcode: int) -> None:
    """No function stands in for one that is not there."""
    memory = np.ones(5)
    with pytest.raises(ValueError, match="no primitive"):
        apply(memory, opcode, 2, 0, 1, 1)
    with pytest.raises(ValueError, match="no primitive"):
        times_slope(memory, opcode, 0, Operands(0, 1, 1.0, 1.0), 2, 3, 4, 1)
    np.testing.assert_array_equal(memory, 1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slopes": ()}, "primitive sin: 1 slopes are needed"),
        ({"slopes": ("g", "g")}, "primitive sin: 1 slopes are needed"),
        ({"far": ""}, "primitive sin: near and far go together"),
        ({"near": ""}, "primitive sin: near and far go together"),
        ({"value": "fast_sinus(u)"}, r"'fast_sinus\(u\)' uses fast_sinus, which is not known"),
        ({"value": "u + v"}, "'u . v' uses v, which is not known"),
        ({"value": "u * y"}, "'u . y' uses y, which is not known"),
        ({"value": "u +"}, "'u .' is not an expression"),
        ({"slopes": ("g * w",)}, "'g . w' uses w, which is not known"),
        ({"far_slopes": ("h",)}, "'h' uses h, which is not known"),
    ],
)
def test_a_row_that_lacks_a_part_is_refused(change: dict, message: str) -> None:
    """A table with such a row is no table: it is refused when the kernels are made."""
    row = replace(BY_NAME["sin"], **change)
    with pytest.raises(ValueError, match=message):
        require_complete(row)
    with pytest.raises(ValueError, match=message):
        compile_table([row])


def test_one_row_is_one_function() -> None:
    """What a new row says is what its kernels compute, near, far, and as slopes."""
    last = len(PRIMITIVES)
    row = Primitive(
        name="bump",
        opcode=last,
        arity=1,
        text="1/(1 + ({0})**2)",
        value="1.0 / (1.0 + u * u)",
        slopes=("-2.0 * g * u * y * y",),
        near="abs(u) <= 10.0",
        far="-1.0",
        far_slopes=("7.0 * g",),
    )
    values, slopes = compile_table([*PRIMITIVES[:3], row])
    memory = np.array([0.0, 2.0, 11.0, 0.0, 0.0, 0.0])
    values(memory, last, 3, 0, 0, 3)
    assert memory[3:].tolist() == [1.0, 0.2, -1.0]
    memory = np.array([2.0, 0.2, 3.0, 0.0])
    slopes(memory, last, 0, Operands(0, 0, 1.0, 1.0), 1, 2, 3, 1)
    assert memory[3] == pytest.approx(-2 * 3 * 2 * 0.04)
    memory[0] = 20.0
    slopes(memory, last, 0, Operands(0, 0, 1.0, 1.0), 1, 2, 3, 1)
    assert memory[3] == 21.0
    with pytest.raises(ValueError, match="no primitive"):
        values(memory, 5, 3, 0, 0, 1)
