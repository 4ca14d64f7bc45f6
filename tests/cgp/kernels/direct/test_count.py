import numpy as np
import pytest
import sympy
from direct_trees import random_tree

from srnet_cli.cgp.kernels.direct.count import count_nodes, count_numbers
from srnet_cli.cgp.kernels.direct.entries import USELESS, new_counter
from srnet_cli.cgp.kernels.direct.tree import CONSTANT, FIRST_INPUT, Tree
from srnet_cli.evolution.direct.trees import tree_of
from srnet_cli.primitives import BY_NAME, PRIMITIVES

FUNCTIONS = ["add", "sub", "mul", "div", "square", "cube", "inverse", "log"]
SYMBOLS = sympy.symbols("x:3", real=True)


def sympy_nodes(expr: sympy.Expr) -> int:
    return 1 + sum(sympy_nodes(part) for part in expr.args)


def sympy_tree(tree: Tree) -> sympy.Expr:
    """The tree as SymPy evaluates it by itself."""
    stack: list[sympy.Expr] = []
    for i in range(int(tree.head[0])):
        code, weight = int(tree.codes[i]), float(tree.weights[i])
        if code == CONSTANT:
            result = sympy.Integer(1)
        elif code >= FIRST_INPUT:
            result = SYMBOLS[code - FIRST_INPUT]
        else:
            arity = PRIMITIVES[code].arity
            operands = stack[-arity:]
            del stack[-arity:]
            names = sympy.symbols("left right")[:arity]
            text = sympy.sympify(PRIMITIVES[code].text.format("left", "right"))
            result = text.subs(dict(zip(names, operands, strict=True)), simultaneous=True)
        stack.append(result if weight == 1.0 else sympy.Float(weight) * result)
    return stack[0]


def counted(tree: Tree, inputs: int = 3) -> list[int]:
    counts = np.zeros(4, dtype=np.int64)
    count_nodes(tree, np.ones(inputs), new_counter(), counts)
    return counts.tolist()


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(8))
def test_random_trees_have_the_nodes_that_sympy_counts(seed):
    """Under every form of the readout, where nothing cancels."""
    scale, shift = sympy.Float(1.2345), sympy.Float(0.777)
    compared = 0
    for k in range(60):
        tree = random_tree(FUNCTIONS, 3, 1 + k % 7, 1000 * seed + k)
        if tree is None or max(counted(tree)) >= USELESS:
            continue
        f = sympy_tree(tree)
        forms = [f, scale * f, f + shift, scale * f + shift]
        assert counted(tree) == [sympy_nodes(form) for form in forms], f
        compared += 1
    assert compared > 20


@pytest.mark.nojit
def test_a_spring_has_six_nodes():
    """0.5*k*x**2: a product of a number, a symbol and a power."""
    square, mul = BY_NAME["square"].opcode, BY_NAME["mul"].opcode
    tree = tree_of(
        (FIRST_INPUT, 1.0, False),
        (FIRST_INPUT + 1, 1.0, False),
        (square, 1.0, False),
        (mul, 1.0, False),
    )
    assert counted(tree) == [5, 6, 7, 8]


@pytest.mark.nojit
@pytest.mark.parametrize("name", ["sub", "div"])
def test_what_cancels_is_useless(name):
    """x - x and x/x say what a shorter formula says."""
    leaf = (FIRST_INPUT, 1.0, False)
    assert counted(tree_of(leaf, leaf, (BY_NAME[name].opcode, 1.0, False))) == [USELESS] * 4


@pytest.mark.nojit
def test_units_of_inputs_are_counted_once_in_a_product():
    """x0*x1 of inputs with scales of their own needs one number."""
    tree = tree_of(
        (FIRST_INPUT, 1.0, False),
        (FIRST_INPUT + 1, 1.0, False),
        (BY_NAME["mul"].opcode, 1.0, False),
    )
    counts = np.zeros(4, dtype=np.int64)
    count_nodes(tree, np.array([1e30, 1e-20]), new_counter(), counts)
    assert counts.tolist() == [4, 4, 6, 6]


def numbers_of(expr: sympy.Expr) -> set[float]:
    """Numbers that a formula prints, without exponents, 1 and -1."""
    if expr.is_Number:
        return set() if abs(float(expr)) == 1.0 else {float(expr)}
    parts = expr.args[:1] if expr.is_Pow else expr.args
    return set().union(*(numbers_of(part) for part in parts)) if parts else set()


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(4))
def test_numbers_are_those_that_sympy_prints(seed):
    """A formula without any is told from those with some; and round numbers from others."""
    bare = compared = 0
    for k in range(80):
        tree = random_tree(FUNCTIONS, 3, 1 + k % 5, 1000 * seed + k)
        if tree is None or max(counted(tree)) >= USELESS:
            continue
        if k % 2:
            is_free = tree.free.astype(bool)
            tree.weights[is_free] = np.where(tree.codes[is_free] == CONSTANT, 1.0, 2.0)
        if max(counted(tree)) >= USELESS:
            continue
        numbers, fitted = count_numbers(tree, np.ones(3), new_counter(), 1.0, 0.0)
        printed = numbers_of(sympy_tree(tree))
        assert (numbers == 0) == (not printed), sympy_tree(tree)
        assert (fitted == 0) == all(float(f"{n:.0e}") == pytest.approx(n) for n in printed)
        bare += numbers == 0
        compared += 1
    assert compared > 20
    assert bare > 2
