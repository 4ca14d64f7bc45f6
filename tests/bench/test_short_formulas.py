"""What the benchmark of short formulas counts, compares and keeps."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from srnet_cli.datasets.dataset import Domain
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.networks import Network

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def support(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Modules that the benchmarks share, by name."""
    monkeypatch.syspath_prepend(str(BENCH))
    yield lambda name: importlib.import_module(f"support.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "support"]:
        del sys.modules[name]


def oracle_of(support: Any) -> Any:
    """A network that is 2·a + b, of which the law is 2·a + b."""
    names = ("a", "b")
    return support("oracles").Oracle(
        name="linear",
        network=Network((np.array([[2.0, 1.0]]),), (np.zeros(1),)),
        law=parse_formula("2*a + b", names),
        domain=Domain(np.array([1.0, -1.0]), np.array([2.0, 1.0])),
    )


def test_rows_belong_to_their_seed_and_those_that_judge_to_none(support: Any) -> None:
    """Seeds have rows of their own; judging rows are the same for all and are given to none."""
    oracle = oracle_of(support)
    assert oracle.rows(0).shape == (4000, 2)
    assert not np.array_equal(oracle.rows(0), oracle.rows(1))
    np.testing.assert_array_equal(oracle.rows(1), oracle.rows(1))
    assert oracle.fresh_rows().shape == (5000, 2)
    assert not set(map(tuple, oracle.fresh_rows())) & set(map(tuple, oracle.rows(0)))


def test_formulas_are_simplified_and_counted_alike(support: Any) -> None:
    """Decimals that are whole numbers are none, whoever wrote them; all constants count."""
    fronts = support("fronts")
    symbols = fronts.symbols_of(oracle_of(support))
    written = fronts.parsed("0.0 + (1.000000000001 * a) ^ 2 + 0.5 * b", symbols)
    short = fronts.simplified(written)
    assert short == symbols[0] ** 2 + 0.5 * symbols[1]
    assert fronts.nodes(short) == 7
    built = sympy.Add(sympy.Symbol("a"), sympy.Symbol("a"), evaluate=False)
    assert fronts.evaluated(built, symbols) == 2 * symbols[0]


def test_a_front_holds_what_no_shorter_formula_is_better_than(support: Any) -> None:
    """Formulas that are worse, as bad, longer than 50 nodes, or without values, are left out."""
    fronts, oracle = support("fronts"), oracle_of(support)
    a, b = fronts.symbols_of(oracle)
    long = sympy.Add(*(sympy.sin(k * a) for k in range(3, 30)))
    formulas = [2 * a + b, 2 * a + 0.9 * b, 2 * a, sympy.log(b), 2 * a + b + 0.001 * b**2, long]
    points = fronts.front(formulas, oracle)
    assert [point.nodes for point in points] == [3, 5]
    assert points[-1].error < 1e-20
    assert fronts.most_faithful(points) == points[-1]
    assert fronts.most_faithful([]) is None
    assert fronts.law_point(oracle)[:2] == (5, pytest.approx(0.0, abs=1e-20))


def test_a_point_is_reached_with_no_more_nodes_and_hardly_more_error(support: Any) -> None:
    """5 % more error is enough, a node more is not."""
    fronts = support("fronts")
    point = lambda nodes, error: fronts.Point(nodes, error, 0.0, "")  # noqa: E731
    theirs = [point(5, 0.1), point(9, 0.01)]
    assert fronts.reached([point(5, 0.105), point(9, 0.0106)], theirs) == [True, False]
    assert fronts.reached([point(6, 0.001)], theirs) == [False, True]
    assert fronts.reached([], theirs) == [False, False]


def test_a_formula_that_is_the_law_is_recognised(support: Any) -> None:
    """The shortest formula that is the law counts; one with other constants does not."""
    pytest.importorskip("srnet_cli.expressions.equivalence")
    fronts, oracle = support("fronts"), oracle_of(support)
    a, b = fronts.symbols_of(oracle)
    points = fronts.front([a, 2.01 * a + 0.995 * b], oracle)
    assert fronts.recovery(points, oracle)["nodes"] == 7
    assert fronts.recovery(fronts.front([2.2 * a + b], oracle), oracle)["evidence"] is None


@pytest.mark.long
def test_laws_are_read_with_their_domains_and_trained_once(support: Any, tmp_path: Path) -> None:
    """A law's network is trained, kept, and taken from its folder the next time."""
    laws = support("laws")
    path = tmp_path / "laws.csv"
    path.write_text('id,formula,domain\nL1,2*gamma + b,"gamma: [1, 2]; b: [-1, 1]"\n')
    (law,) = laws.read_laws(path)
    assert (law.name, law.inputs) == ("L1", ("gamma", "b"))
    np.testing.assert_array_equal(law.domain.low, [1, -1])
    network = laws.law_network(law, tmp_path / "networks")
    (kept,) = (tmp_path / "networks").iterdir()
    before = kept.stat().st_mtime_ns
    again = laws.law_network(law, tmp_path / "networks")
    assert kept.stat().st_mtime_ns == before
    X = law.rows(100, "test")
    np.testing.assert_array_equal(network.predict(X), again.predict(X))
    assert np.abs(network.predict(X)[:, 0] - law.formula(X)).max() < 0.05


def test_a_domain_that_cannot_be_read_is_named(support: Any, tmp_path: Path) -> None:
    """A law without a readable domain ends the benchmark with its name."""
    path = tmp_path / "laws.csv"
    path.write_text("id,formula,domain\nL1,2*a,a from 1 to 2\n")
    with pytest.raises(ValueError, match="L1"):
        support("laws").read_laws(path)
