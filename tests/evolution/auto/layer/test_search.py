"""The search of one expression: its candidates, and what it accepts."""

from __future__ import annotations

import numpy as np
import pytest
from budgets import SHORT
from numpy.typing import NDArray

from srnet_cli.evolution.auto.chromosome import NODES, Chromosome, Decoder
from srnet_cli.evolution.auto.layer.search import LayerSearch, Start, Workplace
from srnet_cli.evolution.auto.layer.targets import principal_targets
from srnet_cli.primitives import PUBLISHED_FUNCTIONS

Array = NDArray[np.float64]

RNG = np.random.default_rng


def unexplained_share(columns: Array, targets: Array) -> float:
    design = np.column_stack([np.ones(len(columns)), columns])
    left = targets - design @ np.linalg.lstsq(design, targets, rcond=None)[0]
    return float(np.sum(left**2) / np.sum((targets - targets.mean(axis=0)) ** 2))


def search_of(
    X: Array, targets: Array, checks: Array, functions: tuple[str, ...] = PUBLISHED_FUNCTIONS
) -> LayerSearch:
    decoder = Decoder.reading(X.shape[1], functions)
    place = Workplace(X, checks, decoder, longest=12, budget=SHORT.layer, threads=2)
    return LayerSearch(place, targets, targets)


def unary(decoder: Decoder, function: int, weight: float) -> Chromosome:
    """function(weight · x0 + 0 · 1)."""
    add = 0
    genes = np.zeros(decoder.grid.genes, dtype=np.int32)
    d = decoder.inputs
    genes[:6] = [add, 0, d, function, d + 1, d + 1]
    genes[-1] = d + 2
    edges = np.ones((NODES, 2))
    edges[0] = [weight, 0.0]
    return Chromosome(genes, edges)


@pytest.mark.parametrize(
    ("name", "weight", "beyond", "usable"),
    [
        ("sin", 1.0, [0.5, 2.0], True),
        ("sin", 0.0, [0.5], False),  # constant
        ("log", 1.0, [0.5], True),
        ("log", 1.0, [-0.5], False),  # undefined between the rows
        ("tan", 1.0, [np.pi / 2 + 1e-9], False),  # a pole between the rows
        ("square", 1.0, [1.2], True),
        ("square", 1.0, [4.0], False),  # far beyond its range on the rows
        ("square", np.inf, [0.5], False),  # a weight that is not a number
        ("square", 1.0, [], True),
    ],
)
def test_what_is_usable(name: str, weight: float, beyond: list[float], usable: bool) -> None:
    """Expressions must vary, be finite on all rows and on the check rows, and keep their range."""
    X = np.linspace(0.1, 1.0, 50)[:, None]
    search = search_of(X, X - X.mean(), np.array(beyond).reshape(-1, 1))
    decoder = Decoder.reading(1, PUBLISHED_FUNCTIONS)
    chromosome = unary(decoder, PUBLISHED_FUNCTIONS.index(name), weight)
    assert search.is_usable(search.candidate(chromosome)) == usable


def test_weights_must_be_numbers() -> None:
    """x + 1/(∞ · 1) has finite values everywhere, and is refused all the same."""
    X = np.linspace(0.1, 1.0, 50)[:, None]
    search = search_of(X, X - X.mean(), X)
    decoder = Decoder.reading(1, PUBLISHED_FUNCTIONS)
    genes = np.zeros(decoder.grid.genes, dtype=np.int32)
    genes[:6] = [PUBLISHED_FUNCTIONS.index("div"), 1, 1, 0, 0, 2]
    genes[-1] = 3
    edges = np.ones((NODES, 2))
    assert search.is_usable(search.candidate(Chromosome(genes, edges)))
    edges[0, 1] = np.inf
    candidate = search.candidate(Chromosome(genes, edges))
    np.testing.assert_array_equal(candidate.column, X[:, 0])
    assert not search.is_usable(candidate)


def test_the_error_of_a_layer() -> None:
    """The unexplained share of the targets' variance by NumPy; 0 for targets that are constant."""
    X = RNG(6).normal(size=(100, 2))
    targets = principal_targets(np.column_stack([X @ [1.0, 2.0], np.sin(X[:, 0])]), np.ones(2))
    search = search_of(X, targets, X[:0])
    columns = [X[:, 0], X[:, 1] ** 2]
    expected = unexplained_share(np.column_stack(columns), targets)
    assert search.error(columns) == pytest.approx(expected, rel=1e-9)
    assert search_of(X, np.zeros((100, 1)), X[:0]).error(columns) == 0.0


def evolved(search: LayerSearch, d: int, others: list[Array], seed: int = 0) -> object:
    empty = Decoder.reading(d, PUBLISHED_FUNCTIONS).empty()
    return search.evolve(others, [Start(empty, 10)] * 4, RNG(seed))


def test_what_evolves_is_better_than_nothing_and_sound() -> None:
    """The candidate is usable, its error is NumPy's beside the others, and a repeat is the same."""
    rng = RNG(7)
    X, checks = rng.uniform(-1, 1, (400, 2)), rng.uniform(-1, 1, (800, 2))
    targets = principal_targets(np.tanh(3 * X @ rng.normal(size=(2, 3))), np.ones(3))
    search = search_of(X, targets, checks)
    others = [X[:, 0]]
    found = evolved(search, 2, others)
    assert found is not None
    candidate, error = found  # type: ignore[misc]
    assert search.is_usable(candidate)
    columns = np.column_stack([*others, candidate.column])
    assert error == pytest.approx(unexplained_share(columns, targets), rel=1e-8)
    assert error < unexplained_share(X[:, :1], targets)
    again, _ = evolved(search, 2, others)  # type: ignore[misc]
    np.testing.assert_array_equal(again.chromosome.edges, candidate.chromosome.edges)


@pytest.mark.parametrize("n", [1, 2, 20])
def test_few_rows_and_many_others(n: int) -> None:
    """Where others span all rows, or one row is all there is, nothing is found, and no error."""
    X = RNG(8).normal(size=(n, 2))
    search = search_of(X, principal_targets(X, np.ones(2)), X[:0])
    assert evolved(search, 2, list(RNG(9).normal(size=(n + 3, n)))) is None
    if n == 1:
        assert evolved(search, 2, []) is None


def test_others_that_are_constant_or_alike() -> None:
    """Columns without a direction of their own are no error."""
    X = RNG(10).normal(size=(50, 2))
    search = search_of(X, principal_targets(X**2, np.ones(2)), X[:0])
    others = [np.zeros(50), np.full(50, 3.0), X[:, 0], X[:, 0], np.full(50, 1e300)]
    assert evolved(search, 2, others) is not None


def test_inputs_of_any_size() -> None:
    """Constant, huge and tiny inputs are searched on without a warning."""
    rng = RNG(11)
    X = rng.normal(size=(60, 5)) * [1.0, 0.0, 1e200, 1e-200, 1e-320] + [0, 7.0, 0, 0, 0]
    search = search_of(X, principal_targets(rng.normal(size=(60, 2)), np.ones(2)), X)
    evolved(search, 5, [])


def test_expressions_of_rounding_errors_are_not_usable() -> None:
    """What a huge weight makes of the last digits of a constant unit is refused."""
    X = 0.3 + 1e-16 * np.random.default_rng(0).integers(-2, 3, (50, 1))
    search = search_of(X, X - X.mean(), X)
    decoder = Decoder.reading(1, PUBLISHED_FUNCTIONS)
    chromosome = unary(decoder, PUBLISHED_FUNCTIONS.index("sin"), 1e12)
    assert not search.is_usable(search.candidate(chromosome))


def test_a_constant_layer_is_given_its_first_input() -> None:
    """Any expression leaves nothing of it; the first input is simple and has values everywhere."""
    X = np.linspace(0.0, 1.0, 50)[:, None]
    search = search_of(X, np.zeros((50, 1)), X)
    decoder = Decoder.reading(1, PUBLISHED_FUNCTIONS)
    rng = np.random.default_rng(0)
    found = search.evolve([], [Start(decoder.empty(), 3)] * 2, rng)
    assert found is not None
    np.testing.assert_array_equal(found[0].column, X[:, 0])
    assert found[1] == 0.0
