"""A network known by its values: it answers for its rows, and says what it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.errors import ModelError
from srnet_cli.networks import network_to_bytes, stored_network
from srnet_cli.networks.callables import network_of_callable
from srnet_cli.networks.recorded import RecordedNetwork, record, recorded
from srnet_cli.networks.trained import fit_scaler

RNG = np.random.default_rng(1)
X = RNG.normal(size=(30, 2))
HIDDEN = np.tanh(X @ RNG.normal(size=(2, 3)))
Y = HIDDEN.sum(axis=1)


def test_rows_are_looked_up_by_their_values() -> None:
    """In any order, as often as asked, and in single precision too."""
    network = recorded(X, [HIDDEN, Y])
    asked = [4, 4, 0, 29]
    np.testing.assert_array_equal(network.activations(X[asked])[0], HIDDEN[asked])
    single = X[asked].astype(np.float32).astype(np.float64)
    assert not np.array_equal(single, X[asked])
    np.testing.assert_array_equal(network.predict(single)[:, 0], Y[asked])


def test_zero_has_no_sign() -> None:
    """-0 and 0 are one row."""
    network = recorded(np.array([[0.0, 1.0]]), [np.array([2.0])])
    assert network.knows(np.array([[-0.0, 1.0]]))


def test_other_rows_are_not_known() -> None:
    """Neither are slopes; both are said in a line with a way out."""
    network = recorded(X, [HIDDEN, Y])
    assert not network.knows(X + 1.0)
    assert not network.has_slopes
    with pytest.raises(ModelError, match="on 30 rows only, and 30 of 30 rows") as raised:
        network.predict(X + 1.0)
    assert "load the network itself" in raised.value.hint
    with pytest.raises(ModelError, match="no slopes"):
        network.gradients(X)


def test_the_range_of_unknown_rows_is_that_of_all() -> None:
    """Formulas beyond the rows are held against what the network gives anywhere."""
    network = recorded(X, [HIDDEN, Y])
    assert len(network.outputs_to_compare(X[:3])) == 3
    np.testing.assert_array_equal(network.outputs_to_compare(X[:3] + 1.0)[:, 0], Y)


def test_equal_rows_must_have_equal_values() -> None:
    """Else what was written down is no function of the rows."""
    rows, values = np.vstack([X, X[7]]), np.append(Y, Y[7] + 0.5)
    with pytest.raises(ModelError, match="rows 8 and 31 are equal, and the values of layer 1"):
        recorded(rows, [values])


@pytest.mark.parametrize(
    ("layers", "problem"),
    [
        ([], "outputs on the rows are missing"),
        ([HIDDEN[:5], Y], r"layer 1 has values of shape \(5, 3\)"),
        ([HIDDEN.reshape(30, 3, 1), Y], "layer 1 has values of shape"),
    ],
)
def test_values_that_do_not_belong_together(layers: list[np.ndarray], problem: str) -> None:
    """They are refused."""
    with pytest.raises(ModelError, match=problem):
        recorded(X, layers)


def test_it_comes_back_from_its_bytes() -> None:
    """Rows, values, scaling and readout."""
    network = recorded(X, [HIDDEN, np.column_stack([Y, -Y])]).as_classifier()
    network = network.with_scaler(fit_scaler(X)).centred()
    back = stored_network(network_to_bytes(network), "network.safetensors")
    assert isinstance(back, RecordedNetwork)
    assert back.widths == (2, 3, 2)
    np.testing.assert_array_equal(back.predict(X), network.predict(X))
    np.testing.assert_array_equal(back.inputs(X), network.inputs(X))
    assert network_to_bytes(back) == network_to_bytes(network)


def test_any_network_can_be_written_down() -> None:
    """On rows of several sets, each kept once."""
    network = network_of_callable(lambda rows: rows @ np.array([1.0, 2.0]), X).network
    kept = record(network, [X, X[:5], X[:3] + 1.0])
    assert len(kept.rows) == 33
    np.testing.assert_array_equal(kept.predict(X), network.predict(X))
    np.testing.assert_array_equal(kept.predict(X[:3] + 1.0), network.predict(X[:3] + 1.0))
