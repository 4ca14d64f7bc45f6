"""Every notation says what the tree says."""

from __future__ import annotations

from xml.dom import minidom

import pytest
import sympy
from sympy import Add, Expr, Float, Integer, Mul, Pow, Rational, S, exp, log, sin, tanh

from srnet_cli.expressions import as_latex, as_mathml, as_srepr, as_text
from srnet_cli.expressions.writer import PythonWriter

x, y, z = sympy.symbols("x y z")


def plain(function: type[Expr], *args: Expr) -> Expr:
    """An operation that SymPy does not evaluate."""
    return function(*map(sympy.sympify, args), evaluate=False)


ROOT_SQUARED = plain(Pow, plain(Pow, x, S.Half), 2)
SUM = plain(Add, x, z)

CASES = [
    # formula, text, Python, LaTeX, MathML with its layout written out
    (plain(Add, x, plain(Mul, -1, y)), "x - y", "x - y", "x - y", "x-y"),
    (plain(Add, y, plain(Mul, -1, SUM)), "y - (x + z)", None, r"y - \left(x + z\right)", "y-(x+z)"),
    (plain(Add, y, SUM), "y + (x + z)", None, r"y + \left(x + z\right)", "y+(x+z)"),
    (plain(Mul, -1, SUM), "-(x + z)", None, r"-\left(x + z\right)", "-(x+z)"),
    (plain(Add, plain(Mul, -1, x), 2), "2 - x", None, "2 - x", "2-x"),
    (plain(Add, 2, plain(sin, x)), "sin(x) + 2", "numpy.sin(x) + 2", None, "sin(x)+2"),
    (plain(Mul, SUM, y), "(x + z)*y", None, r"\left(x + z\right) y", "(x+z)y"),
    (plain(Mul, x, plain(Mul, y, z)), "x*(y*z)", None, r"x \left(y z\right)", "x(yz)"),
    (plain(Mul, -1, plain(Mul, -1, x)), "-(-x)", None, r"-\left(-x\right)", "-(-x)"),
    (
        plain(Mul, plain(Mul, -1, x), plain(Mul, -2, y)),
        "(-x)*(-2*y)",
        None,
        r"\left(-x\right) \left(-2 y\right)",
        "(-x)(-2y)",
    ),
    (
        plain(Mul, Float("-3.5"), ROOT_SQUARED),
        "-3.5*sqrt(x)**2",
        "-3.5*numpy.sqrt(x)**2",
        r"-3.5 \sqrt{x}^{2}",
        "-3.5[√x]^[2]",
    ),
    (plain(Pow, x, -1), "1/x", None, r"\frac{1}{x}", "[1]/[x]"),
    (plain(Mul, x, plain(Pow, x, -1)), "x/x", None, r"\frac{x}{x}", "[x]/[x]"),
    (
        plain(Mul, x, plain(Pow, plain(Pow, x, -1), -1)),
        "x/(1/x)",
        None,
        r"\frac{x}{\frac{1}{x}}",
        "[x]/[[1]/[x]]",
    ),
    (
        plain(Mul, plain(Mul, x, y), plain(Pow, plain(Mul, x, z), -1)),
        "x*y/(x*z)",
        None,
        r"\frac{x y}{x z}",
        "[xy]/[xz]",
    ),
    (plain(Pow, SUM, -1), "1/(x + z)", None, r"\frac{1}{x + z}", "[1]/[x+z]"),
    (
        plain(Pow, plain(Pow, x, -1), 2),
        "(1/x)**2",
        None,
        r"\left(\frac{1}{x}\right)^{2}",
        "[([1]/[x])]^[2]",
    ),
    (plain(Pow, Float("-2.5"), 2), "(-2.5)**2", None, r"\left(-2.5\right)^{2}", "[(-2.5)]^[2]"),
    (x ** Rational(-1, 2), "1/sqrt(x)", "1/numpy.sqrt(x)", r"\frac{1}{\sqrt{x}}", "[1]/[√x]"),
    (x ** Rational(-3, 2), "1/x**(3/2)", None, r"\frac{1}{x^{\frac{3}{2}}}", "[1]/[[x]^[[3]/[2]]]"),
    (Rational(-2, 3) * x, "-2*x/3", None, r"-\frac{2 x}{3}", "-[2x]/[3]"),
    (plain(exp, plain(Mul, -1, x)), "exp(-x)", "numpy.exp(-x)", "e^{-x}", "[e]^[-x]"),
    (plain(tanh, x), "tanh(x)", "numpy.tanh(x)", r"\tanh\left(x\right)", "tanh(x)"),
    (plain(log, x), "log(x)", "numpy.log(x)", r"\log\left(x\right)", "log(x)"),
    (plain(sympy.Abs, x), "Abs(x)", "numpy.abs(x)", r"\left|x\right|", "|x|"),
    (
        plain(sympy.Max, x, y, z),
        "Max(x, y, z)",
        "numpy.maximum(numpy.maximum(x, y), z)",
        r"\max\left(x, y, z\right)",
        "max(x,y,z)",
    ),
    (Float("1.5e-7") * x, "1.5e-7*x", None, r"1.5 \cdot 10^{-7} x", "1.5·[10]^[-7]x"),
    (plain(Add, x, -sympy.oo), "x - oo", "x - numpy.inf", r"x - \infty", "x-∞"),
    (sympy.nan, "nan", "numpy.nan", r"\mathrm{nan}", "nan"),
]


def layout(node: minidom.Node) -> str:
    """MathML on a line: fractions as ``[a]/[b]``, powers as ``[a]^[b]``, roots as ``√a``."""
    if node.nodeType == node.TEXT_NODE:
        return node.data.replace("−", "-").replace("\u2062", "")
    parts = [layout(child) for child in node.childNodes]
    joined = {"mfrac": "]/[", "msup": "]^[", "msub": "]_["}.get(node.tagName)
    if joined:
        return f"[{joined.join(parts)}]".replace("[[]", "[]")
    return ("√" if node.tagName == "msqrt" else "") + "".join(parts)


@pytest.mark.parametrize(("expr", "text", "python", "latex", "mathml"), CASES, ids=lambda v: str(v))
def test_notations(
    expr: Expr, text: str, python: str | None, latex: str | None, mathml: str
) -> None:
    """Signs, parentheses and fractions stand where the tree has them, in every notation."""
    assert as_text(expr) == text
    assert PythonWriter().write(expr) == (python or text)
    if latex is not None:
        assert as_latex(expr) == latex
    found = layout(minidom.parseString(as_mathml(expr)).documentElement)
    assert found == mathml


@pytest.mark.parametrize("expr", [case[0] for case in CASES], ids=str)
def test_srepr_is_the_tree(expr: Expr) -> None:
    """Every node is written as it stands: read without evaluation, it is the same formula."""
    with sympy.evaluate(False):
        read = eval(as_srepr(expr), vars(sympy))
    assert as_text(read) == as_text(expr)
    assert sympy.sympify(as_srepr(expr)) == sympy.sympify(as_text(expr))


@pytest.mark.parametrize(
    ("name", "latex", "mathml"),
    [
        ("x0", "x_{0}", "[x]_[0]"),
        ("h1_0", "h_{1,0}", "[h]_[1,0]"),
        ("alpha", r"\alpha", "α"),
        ("lambda_", r"\lambda", "λ"),
        ("E_", "E", "E"),
    ],
)
def test_indices_and_greek_letters(name: str, latex: str, mathml: str) -> None:
    """Names show their index and Greek letters; the underscore of a reserved name is dropped."""
    symbol = sympy.Symbol(name)
    assert as_latex(symbol) == latex
    assert layout(minidom.parseString(as_mathml(symbol)).documentElement) == mathml


@pytest.mark.parametrize("expr", [sympy.I * x, sympy.gamma(x), sympy.Integral(x, x)])
def test_what_no_program_holds_is_refused(expr: Expr) -> None:
    """The writer never guesses at what it does not know."""
    with pytest.raises(TypeError, match="no program holds"):
        as_text(expr)


def test_names_are_escaped_in_mathml() -> None:
    """A symbol's name cannot break out of the markup."""
    source = as_mathml(sympy.Symbol("a<b>&c") + Integer(1))
    assert "<b>" not in source
    minidom.parseString(source)
