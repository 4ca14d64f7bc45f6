"""The penalty suits what the rows hold: none where there is no noise, one where there is."""

from __future__ import annotations

import numpy as np
import pytest

from srnet_cli.config.network import TrainSettings
from srnet_cli.datasets.dataset import Dataset, Rows
from srnet_cli.datasets.formula import parse_formula
from srnet_cli.networks.penalty import PENALTIES
from srnet_cli.networks.quality import quality
from srnet_cli.networks.suspicion import uselessness
from srnet_cli.networks.training import train_network


def dataset(noise: float, rows: int = 60, inputs: int = 6, formula: str = "") -> Dataset:
    """Rows of a sum, with noise in the training rows and none in those held out."""
    rng = np.random.default_rng(4)
    X, fresh = rng.normal(size=(rows, inputs)), rng.normal(size=(2000, inputs))
    names = tuple(f"x{number}" for number in range(inputs))
    nothing = Rows(np.empty((0, inputs)), None)
    return Dataset(
        features=names,
        target="y",
        task="regression",
        classes=(),
        train=Rows(X, X[:, 0] - X[:, 1] + noise * rng.normal(size=rows)),
        validation=nothing,
        test=Rows(fresh, fresh[:, 0] - fresh[:, 1]),
        truth=parse_formula(formula, names) if formula else None,
    )


def settings(**keys: object) -> TrainSettings:
    return TrainSettings(**({"hidden": (4,), "max_iter": 300} | keys))


def test_noise_is_not_learned() -> None:
    """With the default penalty a network of noisy rows is far better than without one."""
    noisy = dataset(noise=1.0)
    chosen = train_network(settings(), noisy, 0, True)
    without = train_network(settings(alpha=0.0), noisy, 0, True)
    assert chosen.penalty in PENALTIES[1:]
    scores = [quality(each.network, noisy.test, noisy.train).r2 for each in (chosen, without)]
    assert scores[0] > scores[1] + 0.1


def test_rows_of_a_formula_have_no_penalty() -> None:
    """The network is the one that is trained without a penalty, bit for bit."""
    exact = dataset(noise=0.0, formula="x0 - x1")
    chosen = train_network(settings(), exact, 0, True)
    without = train_network(settings(alpha=0.0), exact, 0, True)
    assert chosen.penalty == 0.0
    np.testing.assert_array_equal(
        chosen.network.predict(exact.test.X), without.network.predict(exact.test.X)
    )


def test_enough_rows_need_no_penalty() -> None:
    """Of twenty rows per weight and more nothing is tried."""
    assert train_network(settings(), dataset(1.0, rows=900), 0, True).penalty == 0.0


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_other_solvers_have_none(solver: str) -> None:
    """They stop early instead, where that is asked for."""
    asked = settings(solver=solver, max_iter=3, alpha="auto")
    assert train_network(asked, dataset(1.0), 0, True).penalty == 0.0


def test_a_network_worse_than_the_mean_is_said_to_be() -> None:
    """In one line with the figure; a good network is not."""
    noise = dataset(noise=0.0)
    shuffled = Rows(noise.train.X, np.random.default_rng(0).permutation(noise.train.y))
    bad = Dataset(**{**noise.__dict__, "train": shuffled})
    network = train_network(settings(alpha=0.0), bad, 0, True).network
    (line,) = uselessness(network, bad)
    assert "worse than the mean" in line
    assert "network.train" in line
    good = train_network(settings(alpha=0.0), noise, 0, True).network
    assert not list(uselessness(good, noise))
