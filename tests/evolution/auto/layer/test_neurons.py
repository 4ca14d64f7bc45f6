"""Units of wide layers as they are, against the networks that they are of."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erf, expit

from oracles import interpret
from srnet_cli.cgp.kernels.limits import no_limits
from srnet_cli.evolution.auto.chromosome import Decoder
from srnet_cli.evolution.auto.layer.neurons import are_wanted, neurons
from srnet_cli.primitives import ACTIVATIONS, fitting_functions

Array = NDArray[np.float64]

ORACLES = {
    "tanh": np.tanh,
    "sigmoid": expit,
    "softsign": lambda z: z / (1.0 + np.abs(z)),
    "hard_tanh": lambda z: np.clip(z, -1.0, 1.0),
    "hard_sigmoid": lambda z: np.clip(z / 6.0 + 0.5, 0.0, 1.0),
    "relu": lambda z: np.maximum(z, 0.0),
    "leaky_relu": lambda z: np.where(z > 0.0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0.0, z, np.expm1(np.minimum(z, 0.0))),
    "silu": lambda z: z * expit(z),
    "gelu": lambda z: z * 0.5 * (1.0 + erf(z / np.sqrt(2.0))),
    "softplus": lambda z: np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0.0),
}


def explained(decoder: Decoder, X: Array, units: Array, longest: int = 40) -> list[float]:
    """1−R² of every unit by a straight line of its neuron; 1 where there is none."""
    shares = []
    for chromosome, unit in zip(neurons(decoder, X, units, longest), units.T, strict=True):
        if chromosome is None:
            shares.append(1.0)
            continue
        program = decoder.program(chromosome)
        assert len(program) <= longest
        shares.append(1.0 - np.corrcoef(interpret(program, X), unit)[0, 1] ** 2)
    return shares


def test_every_activation_has_an_oracle() -> None:
    """So that one that is added is tried here, too."""
    assert set(ORACLES) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_a_unit_of_twenty_inputs_is_found(name: str) -> None:
    """Whatever the activation, by the values alone; inputs have scales and offsets of their own."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 20)) * 10.0 ** rng.uniform(-2, 2, 20) + 3.0
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    units = ORACLES[name](standard @ rng.normal(size=(20, 3)) * 0.5 + rng.normal(size=3))
    decoder = Decoder.reading(20, ["add", name])
    assert max(explained(decoder, X, units)) < 1e-9


def test_deep_units_that_are_seldom_on_are_found() -> None:
    """Of the second layer of a ReLU network, whose inputs are off half of the time: some of them
    wherever a unit is on, so that nothing but the sign of their weights is known."""
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (6000, 3))
    hidden = np.maximum(X @ rng.normal(size=(3, 20)) + 0.3 * rng.normal(size=20), 0.0)
    sums = hidden @ rng.normal(size=(20, 12)) / np.sqrt(20)
    units = np.maximum(sums - np.quantile(sums, 0.9, axis=0), 0.0)
    decoder = Decoder.reading(20, fitting_functions(["relu"]))
    shares = explained(decoder, hidden, units)
    assert np.median(shares) < 1e-6
    assert max(shares) < 1e-2


def test_inputs_that_move_by_rounding_alone_are_left_out() -> None:
    """A unit that is always off is off but for rounding where a composition computes it."""
    rng = np.random.default_rng(2)
    X = np.column_stack([rng.uniform(-1, 1, (3000, 14)), 1e-10 * rng.normal(size=3000)])
    unit = np.maximum(X[:, :14] @ rng.normal(size=14), 0.0)[:, np.newaxis]
    decoder = Decoder.reading(15, ["add", "relu"])
    (chromosome,) = neurons(decoder, X, unit, 40)
    assert chromosome is not None
    assert 14 not in decoder.program(chromosome).args
    assert max(explained(decoder, X, unit)) < 1e-12


@pytest.mark.parametrize("longest", [2, 5, 17])
def test_a_sum_has_no_more_inputs_than_there_is_room_for(longest: int) -> None:
    """Those that matter most, so that more room is never worse."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(2000, 20))
    unit = np.tanh(X @ (0.7 ** np.arange(20)))[:, np.newaxis]
    decoder = Decoder.reading(20, ["add", "tanh"])
    (share,) = explained(decoder, X, unit, longest)
    (more,) = explained(decoder, X, unit, longest + 1)
    assert more < share < 0.9


def test_of_hundreds_of_inputs_those_that_count_are_found() -> None:
    """Where a few dozen of them make the unit."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(3000, 400))
    weights = np.zeros(400)
    weights[rng.permutation(400)[:20]] = rng.uniform(0.5, 1.5, 20)
    unit = np.maximum(X @ weights - 1.0, 0.0)[:, np.newaxis]
    assert max(explained(Decoder.reading(400, ["add", "relu"]), X, unit)) < 1e-9


def test_there_may_be_none() -> None:
    """Of a unit that never changes, or where no input does."""
    decoder = Decoder.reading(3, ["add", "tanh"])
    X = np.random.default_rng(4).normal(size=(300, 3))
    assert list(neurons(decoder, X, np.full((300, 1), 2.0), 40)) == [None]
    assert list(neurons(decoder, np.ones((300, 3)), X[:, :1], 40)) == [None]


def test_layers_that_begin_with_them_are_wide_and_free() -> None:
    """More than twelve inputs or units; an addition, an activation, room, and no limits on sums."""
    wide = Decoder.reading(20, ["add", "relu"])
    assert are_wanted(wide, 5, 40)
    assert are_wanted(Decoder.reading(3, ["add", "relu"]), 13, 40)
    assert not are_wanted(Decoder.reading(12, ["add", "relu"]), 12, 40)
    assert not are_wanted(wide, 5, 13)
    assert not are_wanted(Decoder.reading(20, ["add", "sin"]), 5, 40)
    assert not are_wanted(Decoder.reading(20, ["sub", "relu"]), 5, 40)
    limited = Decoder.reading(20, ["add", "relu"], no_limits()._replace(depth=30))
    assert not are_wanted(limited, 5, 40)


@pytest.mark.parametrize(("rows", "least"), [(2000, 0.0), (500, 0.5)])
def test_a_unit_that_is_behind_its_time_is_made_in_haste(rows: int, least: float) -> None:
    """Of fewer rows; when all the time has gone, those that there are have to do."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6000, 14))
    units = np.maximum(X @ rng.normal(size=(14, 5)), 0.0)
    decoder = Decoder.reading(14, fitting_functions(["relu"]), no_limits())
    asked: list[float] = []

    def is_late(share: float) -> bool:
        """In time for the beginning, behind from ``least`` on, over after four units."""
        asked.append(share)
        return share >= least > 0.0 if share < 1.0 else asked.count(1.0) == 4

    written = list(neurons(decoder, X, units, 40, is_late=is_late))
    assert asked == [0.0, 1.0, 0.2, 1.0, 0.4, 1.0, 0.6, 1.0]
    assert [each is None for each in written] == [False] * 4
    careful = list(neurons(decoder, X, units[:, :4], 40))
    same = [np.array_equal(a.edges, b.edges) for a, b in zip(written, careful, strict=True)]
    assert same == [True, True, True, rows == 2000]
