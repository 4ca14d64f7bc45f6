"""The formula language of configs."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from srnet_cli.datasets.formula import CONSTANTS, FUNCTIONS, parse_formula
from srnet_cli.errors import ConfigError

VARIABLES = ("x", "y")

# An oracle of its own: Python's parser and operators, and the math module.
CIRCULAR = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
SCALAR = {name: getattr(math, name) for name in CIRCULAR}
SCALAR |= {
    "exp": math.exp,
    "erf": math.erf,
    "log": math.log,
    "sqrt": math.sqrt,
    "square": lambda x: x**2,
    "cube": lambda x: x**3,
    "abs": math.fabs,  # which has no value for complex numbers, as all of math
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "min": min,
    "max": max,
}


EPS = 4 * float(np.finfo(float).eps)


def oracle(text: str, x: float, y: float) -> float | None:
    """The value of a formula at one row, or None where plain Python finds none."""
    try:
        value = eval(text, {"__builtins__": {}}, SCALAR | CONSTANTS | {"x": x, "y": y})
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    except TypeError:  # a power of a negative number is complex for Python, and has no value here
        return None
    return value if isinstance(value, float) and math.isfinite(value) else None


def formulas() -> st.SearchStrategy[str]:
    numbers = st.sampled_from(["2.0", "0.5", "1e-3", ".25", "10.", "3e2"])
    leaves = st.sampled_from(["x", "y", "pi", "e"]) | numbers
    unary = [name for name in FUNCTIONS if name not in ("min", "max")]

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        sums = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner)
        return st.one_of(
            sums.map(" ".join),  # without parentheses: precedence is on trial too
            sums.map(lambda parts: f"({' '.join(parts)})"),
            inner.map(lambda a: f"-{a}"),
            st.tuples(st.sampled_from(unary), inner).map(lambda call: f"{call[0]}({call[1]})"),
            st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
                lambda call: f"{call[0]}({call[1]}, {call[2]})"
            ),
        )

    return st.recursive(leaves, grow, max_leaves=8)


@given(formulas(), st.floats(-3, 3), st.floats(0.1, 30))
@example("-x**2", 3.0, 1.0)
@example("x - y - 2.0", 3.0, 1.0)
@example("2.0**x**2.0", 1.5, 1.0)
@example("x**-y", 2.0, 3.0)
@example("sin(x ** x)", -0.5, 1.0)
@example("x ** x", -1.0, 1.0)
@example("abs(x ** x)", -0.5, 1.0)
def test_values_are_those_of_plain_python(text, x, y):
    """Operators, precedence, functions and constants mean what they mean in mathematics."""
    expected = oracle(text, x, y)
    try:
        value = parse_formula(text, VARIABLES)(np.array([[x, y]]))[0]
    except ConfigError as error:  # a constant part beyond the bounds
        assert "finite" in str(error) or "exponent" in str(error)  # noqa: PT017
        return
    if expected is not None:
        # Ill-conditioned parts, such as sin of something huge, magnify the last digit.
        wiggle = [oracle(text, x * (1 + s), y * (1 + t)) for s in (-EPS, EPS) for t in (-EPS, EPS)]
        slack = max((abs(w - expected) for w in wiggle if w is not None), default=0.0)
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-300 + 100 * slack)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_agrees_with_its_oracle(name):
    """Each function of the table has the value of an independent implementation."""
    text = f"{name}(x, y)" if name in ("min", "max") else f"{name}(x)"
    X = np.array([[0.3, -2.0], [0.9, 4.0]])
    expected = [oracle(text, *row) for row in X.tolist()]
    np.testing.assert_allclose(parse_formula(text, VARIABLES)(X), expected, rtol=1e-14)


def test_formula_keeps_text_and_order():
    """Columns are named in the order given, whichever occur; the text stays, on one line."""
    formula = parse_formula(" b -\n  2*a ", ["a", "unused", "b"])
    assert formula.text == "b - 2*a"
    assert formula.variables == ("a", "unused", "b")
    np.testing.assert_array_equal(formula(np.array([[1.0, 9.0, 5.0], [2.0, 9.0, 0.0]])), [3, -4])


def test_constant_formula_fills_every_row():
    """A formula without variables has one value a row."""
    np.testing.assert_array_equal(parse_formula("2*3", ["x"])(np.zeros((4, 1))), [6.0] * 4)


def test_result_is_not_a_view_of_the_rows():
    """Changing the values does not change the rows."""
    X = np.ones((3, 1))
    parse_formula("x", ["x"])(X)[:] = 7
    assert X.sum() == 3


def test_undefined_rows_are_not_finite_and_silent():
    """Where a formula is not defined it is NaN or infinite, without a warning."""
    X = np.array([[0.0], [-1.0]])
    np.testing.assert_array_equal(parse_formula("1/x", ["x"])(X), [np.inf, -1])
    np.testing.assert_array_equal(parse_formula("log(x)", ["x"])(X), [-np.inf, np.nan])
    np.testing.assert_array_equal(parse_formula("1/(1 + x**-4)", ["x"])(X), [0, 0.5])


def test_variables_go_before_constants_and_functions():
    """A variable may bear the name of a constant or a function."""
    formula = parse_formula("e*exp(exp) + pi", ["e", "exp"])
    assert formula(np.array([[2.0, 0.0]]))[0] == pytest.approx(2 + math.pi)


def test_spellings_of_sympy_are_read():
    """Formulas as the program prints them can be given back to it."""
    formula = parse_formula("Abs(Min(x, y, -4)) + Max(x, y)", VARIABLES)
    assert formula(np.array([[1.0, 2.0]]))[0] == 6


def test_identifiers_are_read_in_their_normal_form():
    """A letter with two encodings is one name, in the domain as in the formula."""
    micro_sign, greek_mu = "\u00b5", "\u03bc"
    assert parse_formula(f"2*{micro_sign}", [greek_mu])(np.ones((1, 1)))[0] == 2
    assert parse_formula(f"2*{micro_sign}", [micro_sign])(np.ones((1, 1)))[0] == 2


def test_formula_survives_pickling():
    """A formula reaches worker processes."""
    formula = parse_formula("sigmoid(x) + min(x, y)**cube(0.5)", VARIABLES)
    X = np.random.default_rng(0).random((9, 2))
    copy = pickle.loads(pickle.dumps(formula))
    assert copy == formula
    np.testing.assert_array_equal(copy(X), formula(X))


def test_long_sums_are_read():
    """A long chain of operators needs no deep stack."""
    assert parse_formula("+".join(["x"] * 2000), ["x"])(np.ones((1, 1)))[0] == 2000


def test_rows_of_another_width_are_a_bug():
    """Calling with the wrong number of columns does not broadcast silently."""
    with pytest.raises(ValueError, match="expected rows of 2 columns"):
        parse_formula("x + y", VARIABLES)(np.ones((3, 1)))


def complaint(text: str, variables: tuple[str, ...] = VARIABLES) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_formula(text, variables)
    message = str(caught.value)
    assert message.startswith("formula ")
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    assert len(message) < 500
    return message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("sn(x)", "unknown function 'sn'; did you mean 'sin'?"),
        ("frobnicate(x)", "functions: sin, cos"),
        ("__import__('os').system('true')", "is not allowed"),
        ("__import__('os')", "unknown function '__import__'"),
        ("eval('1')", "unknown function 'eval'"),
        ("open(x)", "unknown function 'open'"),
        ("sqrt(yy)", "unknown variable 'yy'; did you mean 'y'?"),
        ("zeta", "(variables: x, y)"),
        ("sin", "sin is a function"),
        ("x(y + 1)", "'x' is a variable"),
        ("sin()", "sin takes 1 operand, got 0"),
        ("sin(x, y)", "sin takes 1 operand, got 2"),
        ("log(x, base=2)", "is not allowed"),
        ("min(x)", "min takes 2 operands or more"),
        ("sin(*x)", "is not allowed"),
        ("x ^ 2", "write powers as x**2"),
        ("x // 2", "the operators are"),
        ("x % 2", "the operators are"),
        ("x @ y", "the operators are"),
        ("not x", "the operators are"),
        ("~x", "the operators are"),
        ("x and y", "is not allowed"),
        ("x < y", "is not allowed"),
        ("x if y else 1", "is not allowed"),
        ("x.real", "is not allowed"),
        ("x[0]", "is not allowed"),
        ("(x, y)", "is not allowed"),
        ("[x for x in y]", "is not allowed"),
        ("lambda: x", "is not allowed"),
        ("f'{x}'", "is not allowed"),
        ("(x := 1)", "is not allowed"),
        ("'x'", "is not a number"),
        ("'\\d'", "is not a number"),
        ("True", "is not a number"),
        ("None", "is not a number"),
        ("...", "is not a number"),
        ("2j", "is not a number"),
        ("x +", "cannot be read to its end"),
        ("2x", "cannot be read near '2x'"),
        ("x; y", "cannot be read near '; y'"),
        ("x = y", "cannot be read"),
        ("x\0", "cannot be read"),
        ("x\ud800", "cannot be read"),
        ("x \u202e y", "cannot be read"),
        ("x = \x1b[31m", "cannot be read"),
        ("1/0", "'1/0' is not a finite number"),
        ("x + log(-1)", "'log(-1)' is not a finite number"),
        ("1e400*x", "'1e400' is not a finite number"),
        ("x*" + "9" * 400, "is not a finite number"),
        ("x**1001", "exponent 1001 is beyond"),
        ("x**-(10**4)", "exponent -10000 is beyond"),
        ("9**9**9", "exponent 3.8742e+08 is beyond"),
        ("x" * 6000, "6000 characters"),
        ("(" * 100_000 + "x" + ")" * 100_000, "200001 characters"),
        ("(" * 2000 + "x" + ")" * 2000, "cannot be read near '((("),
        ("9" * 4900, "cannot be read"),
    ],
)
def test_anything_else_is_one_clear_line(text, part):
    """What is not in the language is refused with a line that names it.

    Nothing of it is computed first: some of these numbers would take longer than anybody waits.
    """
    assert part in complaint(text)


def test_no_chain_of_signs_is_too_long():
    """However deep a text nests, it is read or refused; which, is up to Python's parser."""
    text = "-" * 4900 + "x"
    try:
        assert parse_formula(text, ["x"])(np.ones((1, 1)))[0] == 1
    except ConfigError as error:
        assert "too deeply nested" in str(error)  # noqa: PT017


@pytest.mark.parametrize("name", ["lambda", "x-1", "bruises?", "", "None", "a b"])
def test_variables_must_be_names(name):
    """An input whose name cannot be written in a formula is named, whether it is used or not."""
    assert f"variable {name!r} cannot be written" in complaint("x", ("x", name))


@given(st.text(max_size=60) | st.text(alphabet="xy01.+-*/(),^ \nsinmaxe", max_size=60))
def test_any_text_is_a_formula_or_a_config_error(text):
    """No text leads to a traceback."""
    try:
        formula = parse_formula(text, VARIABLES)
    except ConfigError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert formula(np.ones((3, 2))).shape == (3,)


def test_published_formulas_are_read(shared):
    """Each published formula is readable and finite on each published row."""
    for path in sorted(shared.glob("paper/regression/*.json")):
        about = json.loads(path.read_text())
        formula = parse_formula(about["formula"], about["variables"])
        with np.load(path.with_suffix(".npz")) as arrays:
            assert np.isfinite(formula(arrays["X"])).all()
