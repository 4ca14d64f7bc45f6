import itertools
from dataclasses import replace

import numpy as np
import pytest
import sympy

from srnet_cli.cgp.kernels.limits import Limits
from srnet_cli.errors import DataError
from srnet_cli.evolution.direct import Budget, DirectSearch, Hints, pack, unpack
from srnet_cli.expressions.builder import affine, to_sympy
from srnet_cli.primitives import BY_NAME

SMALL = Budget(islands=3, seeds=60, offspring=80, rows=64, judged_rows=200, nodes=20)


def rows(inputs=2, n=200, seed=0, low=1.0, high=5.0):
    return np.random.default_rng(seed).uniform(low, high, (n, inputs))


def search_of(X, y, threads=1, budget=SMALL, **options):
    Y = y if y.ndim == 2 else y[:, np.newaxis]
    return DirectSearch(X, Y, X, threads=threads, budget=budget, **options)


def front(X, y, generations, **options):
    search = search_of(X, y, **options)
    state = search.init()
    search.advance(state, generations)
    return search.halls(state)[0].members


def test_threads_do_not_change_results():
    X = rows()
    y = X[:, 0] * np.sin(X[:, 1])
    packed = []
    for threads in (1, 3):
        search = search_of(X, y, threads)
        state = search.init()
        search.advance(state, 4)
        packed.append(pack(state))
    assert packed[0] == packed[1]


def test_a_search_goes_on_from_its_bytes():
    """With an interruption after every generation, the result is the same to the byte; also where
    islands begin afresh meanwhile."""
    X = rows()
    Y = np.column_stack([X[:, 0] / X[:, 1], np.sqrt(X[:, 0] + X[:, 1])])
    search = search_of(X, Y)
    whole = search.init()
    search.advance(whole, 28)
    parted = search.init()
    for _ in range(28):
        parted = unpack(pack(parted))
        search_of(X, Y, threads=2).advance(parted, 1)
    assert pack(parted) == pack(whole)


def test_unpacking_what_another_version_made_fails():
    with pytest.raises((KeyError, ValueError)):
        unpack(b"not a state")


@pytest.mark.parametrize(
    ("law", "nodes"),
    [
        (lambda x, y: 0.5 * x * y**2, 6),
        (lambda x, y: x / y, 5),
        (lambda x, y: np.sqrt(x**2 + y**2), 11),
        (lambda x, y: 1.0 / (1.0 / x + 2.0 / y), 13),
        (lambda x, y: 2.0 * np.sin(x) * np.cos(y), 6),
    ],
)
def test_small_laws_are_on_the_front(law, nodes):
    """Exactly, with no more nodes than the law has when it is printed."""
    X = rows()
    members = front(X, law(*X.T), 25, budget=Budget(rows=128, nodes=20))
    assert any(member.error < 1e-9 and member.nodes <= nodes for member in members)


def test_members_say_what_they_promise():
    """Errors fall along the front, and are those of the predictions."""
    X = rows()
    y = X[:, 0] * np.log(X[:, 1]) + np.cos(X[:, 0])
    members = front(X, y, 5)
    assert [m.nodes for m in members] == sorted({m.nodes for m in members})
    for member in members:
        error = np.mean((member.predict(X) - y) ** 2) / y.var()
        assert member.error == pytest.approx(error, rel=1e-5)
    assert all(a.error > b.error for a, b in itertools.pairwise(members))


def test_nodes_are_those_of_the_printed_formula():
    """SymPy, left to its own rules, counts no more than a node or two otherwise."""
    X = rows()
    symbols = sympy.symbols("a b", real=True)

    def nodes(expr):
        return 1 + sum(nodes(part) for part in expr.args)

    members = front(X, X[:, 0] ** 2 / X[:, 1] + 3.0, 5)
    for member in members:
        formula = affine([(member.weight, to_sympy(member.program, symbols))], member.bias)
        printed = sympy.sympify(str(formula), locals={"a": symbols[0], "b": symbols[1]})
        # SymPy keeps the root of a whole number as it is; what is printed is one number.
        printed = printed.evalf()
        assert abs(nodes(printed) - member.nodes) <= 2


def test_a_constant_output_has_the_constant_as_its_formula():
    X = rows()
    search = search_of(X, np.full(200, 2.5))
    state = search.init()
    assert search.is_over(state)
    search.advance(state, 3)
    (member,) = search.halls(state)[0].members
    assert (member.nodes, member.error) == (1, 0.0)
    np.testing.assert_array_equal(member.predict(X), 2.5)


def test_a_perfect_formula_ends_the_search():
    """Of its output; the others go on."""
    X = rows()
    Y = np.column_stack([X[:, 0] * X[:, 1], np.sin(X[:, 0] + np.cos(3.0 * X[:, 1]) ** 2) / X[:, 0]])
    search = search_of(X, Y, budget=replace(SMALL, enough=3))
    state = search.init()
    search.advance(state, 12)
    assert not search.is_over(state)
    assert [output.generation for output in state.outputs] == [3, 9]
    alone = search_of(X, Y[:, 0], budget=replace(SMALL, enough=3))
    state = alone.init()
    alone.advance(state, 12)
    assert alone.is_over(state)
    assert state.generation == 3


def test_rows_stand_for_a_domain_that_is_not_known():
    X = rows()
    search = DirectSearch(X, X[:, :1] * X[:, 1:], X[:0], budget=SMALL)
    state = search.init()
    search.advance(state, 3)
    assert search.halls(state)[0].members[-1].error < 1e-9


def test_an_output_of_one_input_among_many():
    X = rows(inputs=40)
    members = front(X, X[:, 31] ** 2, 10)
    assert members[-1].error < 1e-9
    assert set(members[-1].program.args.ravel()) & set(range(40)) == {31}


@pytest.mark.parametrize("size", [1e-35, 1e35])
def test_scales_do_not_matter(size):
    """Inputs and outputs of any size: the same law, with one number more."""
    X = rows()
    X[:, 0] *= size
    members = front(X, X[:, 0] * X[:, 1] / size**2, 10)
    best = members[-1]
    assert best.error < 1e-9
    assert best.nodes <= 4
    np.testing.assert_allclose(best.predict(X), X[:, 0] * X[:, 1] / size**2, rtol=1e-4)


def test_formulas_keep_limits():
    """No sine in a sine, and no more than one division."""
    sin, div = BY_NAME["sin"].opcode, BY_NAME["div"].opcode
    limits = Limits(3, np.array([[div, 1]]), np.array([[sin, sin, 0]]))
    X = rows()
    for member in front(X, np.sin(X[:, 0]) / X[:, 1] + np.sin(X[:, 1]), 4, limits=limits):
        assert list(member.program.ops).count(div) <= 1


def test_inputs_said_not_to_matter_are_left_out():
    X = rows()
    members = front(X, X[:, 0] + 0.1 * X[:, 1], 3, hints=[Hints(irrelevant=(1,))])
    assert all(1 not in member.program.args for member in members)


def test_few_rows_will_do():
    X = rows(n=20)
    assert front(X, X[:, 0] * X[:, 1], 5)[-1].error < 1e-9


def test_outputs_take_turns_and_many_of_them_are_bounded():
    X = rows(n=60)
    Y = np.column_stack([X[:, 0] * k for k in range(1, 101)])
    search = search_of(X, Y, budget=Budget(seeds=5, offspring=5, rows=30, nodes=8))
    state = search.init()
    search.advance(state, 100)
    assert all(len(hall.members) for hall in search.halls(state))
    assert len(pack(state)) < 2e7


def test_rows_that_are_not_finite_are_refused():
    X = rows()
    with pytest.raises(DataError, match="not finite"):
        search_of(X, np.full(200, np.nan))


def test_formulas_with_a_pole_in_the_domain_are_refused():
    """1/(x - 3) fits rows that avoid 3, and is no formula for the whole domain."""
    x = np.concatenate([np.linspace(1.0, 2.8, 100), np.linspace(3.2, 5.0, 100)])[:, np.newaxis]
    checks = np.linspace(1.0, 5.0, 4001)[:, np.newaxis]
    search = DirectSearch(x, 1.0 / (x - 3.0), checks, budget=SMALL)
    state = search.init()
    search.advance(state, 5)
    for member in search.halls(state)[0].members:
        assert np.abs(member.predict(checks)).max() < 50.0


@pytest.mark.parametrize("functions", [("sin", "square"), ("sub", "sin"), ("add", "exp")])
def test_formulas_are_made_of_the_function_set(functions):
    """Of one of two operands alone, or of none: no sum or product comes in by itself."""
    X = rows()
    search = search_of(X, np.sin(X[:, 0] - X[:, 1]), functions=functions)
    state = search.init()
    search.advance(state, 8)
    search.check(state)
    allowed = {BY_NAME[name].opcode for name in functions}
    members = search.halls(state)[0].members
    assert {int(opcode) for member in members for opcode in member.program.ops} <= allowed


@pytest.mark.slow
def test_a_law_that_was_learned_badly_stands_beside_the_front():
    """What follows the error as well is more faithful at the law's size; the law has no number."""
    X = rows(1, low=-1.0, high=1.0)
    x = X[:, 0]
    y = np.sin(x) + np.sin(x + x**2) + 0.03 * np.cos(3.0 * x)
    search = search_of(X, y, budget=Budget(islands=6, rows=64, judged_rows=200, nodes=16))
    state = search.init()
    search.advance(state, 30)
    hall = search.halls(state)[0]
    law = np.sin(x) + np.sin(x + x**2)
    assert any(np.allclose(member.predict(X), law) for member in hall.alternatives)
    for member in hall.alternatives:
        error = np.mean((member.predict(X) - y) ** 2) / y.var()
        assert member.error == pytest.approx(error, rel=1e-5)
        front = min(m.error for m in hall.members if m.nodes <= member.nodes)
        assert front <= member.error <= 4.0 * front
