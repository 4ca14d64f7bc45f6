"""What shuffling an input does to agreement, where the answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from programs import program

from srnet_cli.fidelity.assessment import Assessment
from srnet_cli.fidelity.influence import influences
from srnet_cli.fidelity.tables import influence_table
from srnet_cli.model import SymbolicLayer, SymbolicNetwork
from srnet_cli.networks import Network
from srnet_cli.networks.recorded import record

X = np.random.default_rng(0).uniform(-1, 1, (5000, 3))
NETWORK = Network(
    (np.array([[0.0, 9.0, 1.0], [0.0, -9.0, -1.0]]),),
    (np.zeros(2),),
    output_activation="softmax",
)
"""Names a class by 9 b + c; never reads a."""


def model(slot: int) -> SymbolicNetwork:
    """Formulas that name the class by the sign of one input."""
    layer = SymbolicLayer(
        (program([("add", slot, slot)], inputs=3),), np.array([[1.0, -1.0]]), np.zeros(2)
    )
    return SymbolicNetwork((layer,), ("a", "b", "c"), output_activation="softmax")


def assessed(formulas: SymbolicNetwork, network: Network, rows: np.ndarray) -> Assessment:
    """Formulas and a network on training rows alone."""
    return Assessment(formulas, network, {"train": rows})


def test_the_input_that_decides_comes_first() -> None:
    """Shuffling what the formulas read costs about half of the agreement, what they do not read
    nothing; the network's own changes are beside it, and all is the same when asked again."""
    found = influences(assessed(model(1), NETWORK, X))
    assert found == influences(assessed(model(1), NETWORK, X))
    assert [one.input for one in found] == ["b", "a", "c"]
    first, second, third = found
    assert first.lost == pytest.approx(0.47, abs=0.04)
    assert first.changed == pytest.approx(0.5, abs=0.04)
    assert 0 < first.deviation < 0.03
    assert (second.lost, second.deviation, second.changed) == (0, 0, 0)
    assert third.lost == 0
    assert 0 < third.changed < 0.1
    assert len(influence_table(found, 2).rows) == 2


def test_a_constant_classifier_needs_no_input() -> None:
    """Where the network names one class whatever the input, nothing changes."""
    constant = replace(NETWORK, weights=(np.zeros((2, 3)),), biases=(np.array([1.0, 0.0]),))
    layer = replace(model(1).layers[0], weights=np.zeros((1, 2)), bias=np.array([1.0, -1.0]))
    found = influences(assessed(replace(model(1), layers=(layer,)), constant, X))
    assert all((one.lost, one.changed) == (0, 0) for one in found)


def test_indicators_of_one_column_are_shuffled_together() -> None:
    """A column of categories is one input: its indicators move with each other, and half of the
    shuffles of any one alone would be rows that there are not."""
    X = np.eye(3)[np.random.default_rng(1).integers(0, 3, 600)]
    asked: list[np.ndarray] = []

    class Seen(type(NETWORK)):  # type: ignore[misc]
        def labels(self, rows: np.ndarray) -> np.ndarray:
            asked.append(rows)
            return super().labels(rows)

    network = Seen(**vars(NETWORK))
    named = replace(model(1), features=("c=r", "c=g", "c=b"))
    (one,) = influences(assessed(named, network, X), {"c": ("r", "g", "b")})
    assert one.input == "c"
    assert all((rows.sum(axis=1) == 1).all() for rows in asked)


def test_a_network_known_by_its_values_is_not_asked() -> None:
    """Shuffled rows are rows that it does not know."""
    judged = assessed(model(1), record(NETWORK, [X]), X)  # type: ignore[arg-type]
    assert influences(judged) == ()
