"""Programs become formulas that compute, term by term, what the program computes."""

from __future__ import annotations

from itertools import count

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from programs import EDGE_ROWS, NAMES, program, programs
from sympy.parsing.sympy_parser import parse_expr

from oracles import as_read, interpret, slots
from srnet_cli.cgp.program import Program
from srnet_cli.errors import ModelError
from srnet_cli.expressions import as_text, to_sympy, values
from srnet_cli.expressions.builder import MAX_NODES, template, to_steps
from srnet_cli.expressions.complexity import complexity
from srnet_cli.expressions.trees import number
from srnet_cli.primitives import BY_NAME, PRIMITIVES, Primitive

SYMBOLS = sympy.symbols("x0 x1")
X0, X1 = SYMBOLS
# The formula as it stands: a power is rounded otherwise than a product, a sum may lose digits.
PRINTED = {row.name: as_read(row) for row in PRIMITIVES}
NUDGED = {
    **PRINTED,
    "inverse": lambda a: (1 + 4e-16) / a,
    "sigmoid": lambda a: (1 + 4e-16) / (1 + np.exp(-a)),
}


def _hangs_on_the_sign_of_zero(program: Program) -> bool:
    """Whether SymPy loses the sign of a zero: that of a constant, or of ``Min(0, -0)``."""
    values_ = slots(program, EDGE_ROWS, PRINTED)
    constant = [False] * program.inputs + [True] * len(program.constants)
    for i, opcode in enumerate(program.ops):
        primitive = PRIMITIVES[opcode]
        operands = program.args[i, : primitive.arity]
        constant.append(all(constant[slot] for slot in operands))
        if primitive.name in {"min", "max"}:
            a, b = (values_[slot] for slot in operands)
            if np.any((a == 0) & (b == 0) & (np.signbit(a) != np.signbit(b))):
                return True
    pairs = zip(values_, constant, strict=True)
    return any(is_constant and v[0] == 0 and np.signbit(v[0]) for v, is_constant in pairs)


@pytest.mark.parametrize("primitive", PRIMITIVES, ids=lambda primitive: primitive.name)
def test_formula_of_a_primitive_is_the_text_of_the_table(primitive: Primitive) -> None:
    """The table's text, read by SymPy itself, is the formula that is built."""
    text = primitive.text.format("x0", "x1")
    built = template(primitive)(*SYMBOLS[: primitive.arity])
    assert built.doit() == sympy.sympify(text)
    assert parse_expr(as_text(built)) == parse_expr(text)


@pytest.mark.parametrize("name", NAMES)
def test_every_primitive_has_the_values_of_the_interpreter_at_the_edges(name: str) -> None:
    """Zeros of both signs, huge, tiny and infinite operands and NaN give the same, bit for bit."""
    one = program([(name, *range(BY_NAME[name].arity))], inputs=2)
    found = values(to_sympy(one, SYMBOLS), SYMBOLS, EDGE_ROWS)
    np.testing.assert_array_equal(found, slots(one, EDGE_ROWS, PRINTED)[-1])


# Of some constants the printed forms of these are all rounding, as exp(1e-240) - 1 is; folded
# constants are the program's own values there.
ROUNDED = {"elu", "gelu", "silu", "softplus"}
WRITTEN_OTHERWISE = {"inverse", "sigmoid", *ROUNDED}


@given(programs(weighted=None, names=sorted({*NAMES} - WRITTEN_OTHERWISE)))
def test_formula_and_interpreter_agree_on_any_program(program: Program) -> None:
    """A raw formula computes what the program computes, bit for bit, where it is infinite too."""
    assume(not _hangs_on_the_sign_of_zero(program))
    found = values(to_sympy(program, SYMBOLS), SYMBOLS, EDGE_ROWS)
    np.testing.assert_array_equal(found, slots(program, EDGE_ROWS, PRINTED)[program.output])


@given(programs(weighted=None, names=sorted({*NAMES} - ROUNDED)))
def test_products_with_an_inverse_are_quotients(program: Program) -> None:
    """``x*(1/y)`` is printed as ``x/y``: the same but for the last digit, unless 1/y overflows."""
    assume(not _hangs_on_the_sign_of_zero(program))
    values_ = slots(program, EDGE_ROWS, PRINTED)
    expected, nudged = values_[program.output], slots(program, EDGE_ROWS, NUDGED)[program.output]
    steady = np.isclose(expected, nudged, rtol=1e-10, atol=0) | (np.isnan(expected + nudged))
    for result, opcode, operands in zip(
        values_[-len(program) :], program.ops, program.args, strict=False
    ):
        if opcode == BY_NAME["inverse"].opcode:
            steady &= np.isfinite(result) | (values_[operands[0]] == 0)
    found = values(to_sympy(program, SYMBOLS), SYMBOLS, EDGE_ROWS)
    np.testing.assert_allclose(found[steady], expected[steady], rtol=1e-9)


@given(programs(max_length=6))
def test_printed_text_read_by_sympy_agrees_in_high_precision(program: Program) -> None:
    """The text, read back and evaluated by mpmath with 40 digits, is the interpreter's value."""
    row = np.array([[0.7310, -1.2345]])
    wanted = interpret(program, row)[0]
    nearby = [interpret(program, row * (1 + step))[0] for step in (1e-13, -1e-13)]
    assume(np.isfinite(wanted) and np.allclose(nearby, wanted, rtol=1e-10, atol=0))
    results = np.array([slot[0] for slot in slots(program, row)])
    assume(np.all(np.isfinite(results)))
    # The interpreter rounds at the size of what it adds up, which may cancel.
    rounding = 1e-15 * np.abs(results).max()
    parsed = parse_expr(as_text(to_sympy(program, SYMBOLS)), evaluate=False)
    with mpmath.workdps(40):
        exact = sympy.lambdify(SYMBOLS, parsed, "mpmath")(*map(mpmath.mpf, row[0]))
        assert float(exact) == pytest.approx(wanted, rel=1e-9, abs=rounding)


def test_raw_formula_mirrors_the_program() -> None:
    """Nothing is evaluated: what cancels, and what loses its domain, stays as it is."""
    raw = program([("sqrt", 0), ("square", 1), ("div", 2, 2), ("sub", 3, 0), ("sub", 2, 4)])
    text = as_text(to_sympy(raw, [X0]))
    assert text == "sqrt(x0)**2 - (sqrt(x0)**2/sqrt(x0)**2 - x0)"


def test_results_of_constants_alone_are_folded_to_their_value() -> None:
    """An instruction that no input reaches is a number, infinite ones and NaN included."""
    tree = program([("cos", 1), ("mul", 2, 0)], constants=[0.5])
    assert as_text(to_sympy(tree, [X0])) == "0.8775825618903728*x0"
    bounded = program([("sub", 1, 1), ("inverse", 2), ("min", 3, 0)], constants=[0.5])
    assert as_text(to_sympy(bounded, [X0])) == "Min(oo, x0)"
    undefined = program([("sqrt", 1), ("add", 2, 0)], constants=[-0.5])
    assert to_sympy(undefined, [X0]) is sympy.nan


def test_edge_weights_stand_before_their_operands() -> None:
    """Weights multiply variables, and are folded into constants; a weight of 1 is not written."""
    weighted = program(
        [("add", 0, 1), ("sin", 2)], constants=[0.5], coefficients=[(-2.5, 3.0), (1.0, 9.0)]
    )
    assert as_text(to_sympy(weighted, [X0])) == "sin(1.5 - 2.5*x0)"


def test_operands_may_be_formulas() -> None:
    """What stands for an input is inserted as it is."""
    square = program([("square", 0)])
    assert as_text(to_sympy(square, [sympy.sqrt(X1)])) == "sqrt(x1)**2"


@pytest.mark.parametrize("names", [("add", 200), ("sin", 200)])
def test_large_programs_are_cut_into_steps(names: tuple[str, int]) -> None:
    """A formula of 2**200 nodes, or 200 levels, is written with named partial results."""
    name, length = names
    large = program([(name, *(i,) * BY_NAME[name].arity) for i in range(length)])
    with pytest.raises(ModelError, match="written as one formula"):
        to_sympy(large, [X0])
    steps, formula = to_steps(large, [X0], (sympy.Symbol(f"t{i}") for i in count()))
    assert 1 < len(steps) < length
    assert all(complexity(expr) <= 2 * MAX_NODES + 1 for _, expr in steps)
    columns, symbols = np.array([[0.7], [-1.3]]), [X0]
    expected = interpret(large, columns)
    for symbol, expr in steps:
        columns = np.column_stack([columns, values(expr, symbols, columns)])
        symbols.append(symbol)
    np.testing.assert_allclose(values(formula, symbols, columns), expected, rtol=1e-12)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 2.0, -7.0, 1e-300, 123456789.125, 5e-324, 1e22])
def test_numbers_print_as_the_shortest_text_that_gives_them_back(value: float) -> None:
    """A float64 survives printing and reading."""
    text = as_text(number(value))
    assert float(text) == value
    assert len(text) <= len(repr(value)) + 2
