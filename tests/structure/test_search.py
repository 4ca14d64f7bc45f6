"""Structure found in functions, in networks that learned them, and where there is none."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_functions import Array, box, network_of, oracle_of, slopes_of, structure_of

from srnet_cli.datasets.dataset import Domain
from srnet_cli.errors import DataError
from srnet_cli.networks import Network
from srnet_cli.structure import (
    Additive,
    Constant,
    Exchange,
    Finding,
    Irrelevant,
    Monotone,
    Multiplicative,
    Parity,
    Structure,
    find_structure,
)

LETTERS = "abcdefgh"


def groups_of(finding: Additive | Multiplicative, names: str) -> set[str]:
    return {"".join(names.split()[i] for i in group) for group in finding.groups}


def of_kind(structure: Structure, kind: type[Finding], output: int = 0) -> list[Finding]:
    return [finding for finding in structure.of_output(output) if isinstance(finding, kind)]


@pytest.mark.parametrize(
    ("names", "formula", "groups"),
    [
        ("a b", "a**2 + sin(b)", {"a", "b"}),
        ("a b c d", "a*b + exp(c/d)", {"ab", "cd"}),
        ("a b c d e", "a*b*c - d/e", {"abc", "de"}),
        ("a b c", "a*b + b*c", {"ab", "bc"}),
    ],
)
def test_sums_have_the_least_groups(names: str, formula: str, groups: set[str]) -> None:
    """Inputs share a group exactly where they meet in a term."""
    (grouping,) = structure_of(names, formula).sums(0)[:1]
    assert groups_of(grouping, names) == groups
    assert grouping.score < 1e-12


@pytest.mark.parametrize(
    ("names", "formula", "groups", "offset"),
    [
        ("a b", "a**2*sin(b)", {"a", "b"}, 0.0),
        ("a b c", "(a + b)*c", {"ab", "c"}, 0.0),
        ("a b c d", "7 + (a + b)*exp(c/d)", {"ab", "cd"}, 7.0),
        ("a b", "(a - 3)*(b - 3)", {"a", "b"}, 0.0),
        ("a b c", "sqrt(a*b/c) - 2", {"a", "b", "c"}, -2.0),
    ],
)
def test_products_have_the_least_groups(
    names: str, formula: str, groups: set[str], offset: float
) -> None:
    """Inputs share a group exactly where they share a factor; a constant beside it is found."""
    (grouping,) = structure_of(names, formula).products(0)[:1]
    assert groups_of(grouping, names) == groups
    assert grouping.offset == pytest.approx(offset, abs=1e-3)


def test_sums_of_products_are_taken_apart() -> None:
    """Terms of a sum are read as products, factors as sums, from the outside in."""
    structure = structure_of("a b c d e", "a*b + c*(d + e)")
    assert [finding.inputs for finding in structure.sums(0)] == [(0, 1, 2, 3, 4), (2, 3, 4), (3, 4)]
    assert {finding.groups for finding in structure.products(0)} == {((0,), (1,)), ((2,), (3, 4))}


@pytest.mark.parametrize(
    ("formula", "transform", "groups"),
    [
        ("sqrt((a - b)**2 + exp(c)*d)", "square", {"ab", "cd"}),
        ("1/(1/a + b/c)", "reciprocal", {"a", "bc"}),
    ],
)
def test_sums_under_a_root_or_a_fraction_stroke(
    formula: str, transform: str, groups: set[str]
) -> None:
    """A sum is found where its root or its reciprocal is the output."""
    names = "a b c d" if "d" in formula else "a b c"
    (grouping,) = structure_of(names, formula).sums(0)[:1]
    assert (grouping.transform, groups_of(grouping, names)) == (transform, groups)


@pytest.mark.parametrize("formula", ["sin(2*a)*b + cos(a*b)", "sin(a*b) + cos(a + b)"])
def test_nothing_is_claimed_where_nothing_holds(formula: str) -> None:
    """A function without structure has no grouping, no combination and no profile."""
    structure = structure_of("a b", formula)
    assert not structure.sums(0)
    assert not structure.products(0)
    assert not structure.combinations(0)
    assert not structure.powers(0)


def test_symmetries() -> None:
    """Exchange, parity and direction are found, each with the inputs concerned."""
    domain = box(4, low=-2.0, high=2.0)
    structure = structure_of("a b c d", "cos(a*b) + a*b*c**2 + d**3 + d", domain=domain)
    assert [finding.inputs for finding in of_kind(structure, Exchange)] == [(0, 1)]
    parities = {(f.inputs, f.is_even) for f in of_kind(structure, Parity)}  # type: ignore[attr-defined]
    assert parities == {((2,), True)}
    assert [finding.inputs for finding in of_kind(structure, Monotone)] == [(3,)]
    odd = of_kind(structure_of("a b", "a*exp(b)", domain=box(2, -1.0, 1.0)), Parity)
    assert [(finding.inputs, finding.is_even) for finding in odd] == [((0,), False)]  # type: ignore[attr-defined]


def test_inputs_that_do_not_matter_are_named_and_left_out() -> None:
    """Irrelevant inputs are found together, and no other finding speaks of them."""
    structure = structure_of("a b c d e", "a*c + 1e-7*b")
    assert structure.irrelevant(0) == (1, 3, 4)
    others = [f for f in structure.findings if not isinstance(f, Irrelevant)]
    assert {i for finding in others for i in finding.inputs} == {0, 2}


def test_many_weak_inputs_are_not_dropped_together() -> None:
    """Inputs that matter little each, but together more than the tolerance, are not all dropped."""
    names = [f"x{i}" for i in range(20)]
    text = "10*x0 + " + " + ".join(f"0.3*{name}" for name in names[1:])
    structure = structure_of(" ".join(names), text, deviation=1e-3)
    assert 0 < len(structure.irrelevant(0)) < 10
    (irrelevant,) = of_kind(structure, Irrelevant)
    assert irrelevant.score <= structure.tolerance


def test_constant_outputs_and_several_outputs() -> None:
    """Each output has findings of its own; one that never changes is called constant."""
    structure = structure_of("a b", "7", "a*b", "a + b", "b")
    assert [type(finding) for finding in structure.of_output(0)] == [Constant]
    assert structure.products(1)
    assert structure.sums(2)
    assert structure.irrelevant(3) == (0,)
    assert structure.sentences(0) == ["is constant, 7 (unexplained: 0.0e+00 of the variance)"]


def test_a_single_input() -> None:
    """A function of one input has a profile and a direction, and nothing to group."""
    structure = structure_of("a", "3 + 2/a")
    assert structure.powers(0) == {0: -1.0}
    assert not structure.sums(0)


def test_rows_of_a_table_serve_as_a_domain() -> None:
    """Rows stand in for a box; a column of few values takes part, without a shape."""
    rng = np.random.default_rng(3)
    rows = np.column_stack(
        [rng.normal(3, 0.5, 500), rng.normal(4, 0.5, 500), rng.integers(0, 2, 500)]
    )
    structure = structure_of("a b c", "a**2*b + c", domain=rows)
    assert structure.sums(0)[0].groups == ((0, 1), (2,))
    assert structure.products(0)[0].groups == ((0,), (1,))
    assert structure.powers(0) == {0: 2.0, 1: 1.0}


def test_a_column_that_never_changes_does_not_matter() -> None:
    """An interval of width 0, or a constant column, is irrelevant and does no harm."""
    domain = Domain(np.array([1.0, 2.0, 1.0]), np.array([5.0, 2.0, 5.0]))
    assert structure_of("a b c", "a*b*c", domain=domain).irrelevant(0) == (1,)


def test_outputs_that_are_not_finite_have_no_findings() -> None:
    """An output that overflows is passed over; the others are not."""
    structure = structure_of("a b", "log(a - 3)", "a*b")
    assert structure.of_output(0) == ()
    assert structure.products(1)


@pytest.mark.parametrize("bad", [np.empty((0, 2)), np.array([[1.0, np.nan]]), np.ones(2)])
def test_bad_rows_are_refused(bad: Array) -> None:
    """No rows, numbers that are not finite, and shapes that fit nothing are refused."""
    with pytest.raises(DataError):
        structure_of("a b", "a + b", domain=bad)


def test_names_must_fit() -> None:
    """Another number of names than inputs is refused."""
    oracle = oracle_of(("a", "b"), "a + b")
    with pytest.raises(DataError, match="3 names for 2 inputs"):
        find_structure(oracle, slopes_of(oracle), box(2), "abc", np.random.default_rng(0))


def test_the_same_numbers_give_the_same_findings() -> None:
    """Findings depend on the generator's seed alone."""
    first, again = (structure_of("a b c", "a*sin(b) + c", seed=5) for _ in range(2))
    assert first == again
    assert first != structure_of("a b c", "a*sin(b) + c", seed=6)


@pytest.mark.slow
@pytest.mark.parametrize(("inputs", "outputs"), [(30, 1), (30, 100), (2, 100)])
def test_the_number_of_rows_asked_for_is_bounded(inputs: int, outputs: int) -> None:
    """Thirty inputs and a hundred outputs stay within a small multiple of the budget."""
    rng = np.random.default_rng(0)
    widths = [inputs, 16, outputs]
    network = Network(
        tuple(rng.normal(size=(m, n)) / np.sqrt(n) for n, m in pairwise(widths)),
        tuple(np.zeros(m) for m in widths[1:]),
        "tanh",
    )
    asked = 0

    def oracle(X: Array) -> Array:
        nonlocal asked
        asked += len(X)
        return network.predict(X)

    names = [f"x{i}" for i in range(inputs)]
    find_structure(oracle, network.gradients, box(inputs, -1, 1), names, rng, budget=200_000)
    assert asked < 3 * 200_000 + 15_000 * outputs


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_random_sums_and_products_of_functions_are_found(data: st.DataObject) -> None:
    """Whatever the groups, their functions and their sign, they are the ones that are found."""
    d = data.draw(st.integers(2, 5))
    label = data.draw(st.lists(st.integers(0, 2), min_size=d, max_size=d))
    groups = {frozenset(i for i in range(d) if label[i] == k) for k in set(label)}
    if len(groups) == 1:
        return
    is_sum = data.draw(st.booleans())
    rng = np.random.default_rng(data.draw(st.integers(0, 2**20)))
    parts = [_entangled(sorted(group), rng) for group in sorted(groups, key=min)]
    oracle = _joined(parts, is_sum)
    names = LETTERS[:d]
    structure = find_structure(oracle, slopes_of(oracle), box(d, 0, 1), names, rng)
    groupings = structure.sums(0) if is_sum else structure.products(0)
    assert {frozenset(group) for group in groupings[0].groups} == groups


@given(st.integers(2, 4), st.integers(0, 2**20))
@settings(max_examples=25, deadline=None)
def test_random_functions_without_groups_have_none(d: int, seed: int) -> None:
    """Functions in which all inputs meet are no sum, no product, and no power of anything."""
    rng = np.random.default_rng(seed)
    oracle = _joined([_entangled(range(d), rng), _entangled(range(d), rng)], is_sum=True)
    structure = find_structure(oracle, slopes_of(oracle), box(d, 0, 1), LETTERS[:d], rng)
    assert not structure.sums(0)
    assert not structure.products(0)


def _entangled(group: range | list[int], rng: np.random.Generator):  # type: ignore[no-untyped-def]
    """A positive function of a group that is no sum and no product of smaller ones."""
    columns = list(group)
    weights = rng.uniform(0.5, 1.0, len(columns)) * rng.choice([-1, 1], len(columns))
    if len(columns) == 1:
        return lambda X: 1.3 + np.sin(3.0 * weights[0] * X[:, columns[0]])
    bent = rng.uniform(1.0, 2.0)
    return lambda X: (
        1.5 + np.cos(4.0 * X[:, columns] @ weights) + bent * np.prod(X[:, columns], axis=1) ** 2
    )


def _joined(parts, is_sum: bool):  # type: ignore[no-untyped-def]
    join = np.sum if is_sum else np.prod
    return lambda X: join([part(X) for part in parts], axis=0)[:, None]


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "formula", "expected"),
    [
        ("q v r", "q*v/(2*pi*r)", "depends on q, v and r only through q*v/r"),
        ("k x", "k*x**2/2", "is proportional to x**2"),
        ("m v u", "m*(v**2 + u**2)/2", "f(m, v, u) = g1(m) · g2(v, u)"),
        ("a b c", "a*b + c**2", "f(a, b, c) = g1(a, b) + g2(c)"),
        ("a b c", "a*sin(b) + 0*c", "c does not matter"),
        ("a b c", "c*(a - b)", "depends on a and b only through a - b"),
    ],
)
def test_networks_show_the_structure_of_what_they_learned(
    names: str, formula: str, expected: str
) -> None:
    """A network's own error does not hide the structure, where the error is known."""
    network, inputs = network_of(names, formula), tuple(names.split())
    X = box(len(inputs)).sample(2000, np.random.default_rng(1))
    truth, values = oracle_of(inputs, formula)(X), network.predict(X)
    deviation = float(np.mean((values - truth) ** 2) / truth.var())
    assert deviation < 1e-3
    structure = find_structure(
        network.predict,
        network.gradients,
        box(len(inputs)),
        inputs,
        np.random.default_rng(0),
        deviation=deviation,
    )
    statements = [finding.statement(inputs) for finding in structure.findings]
    assert expected in statements
