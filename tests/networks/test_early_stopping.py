"""L-BFGS ends where rows held out say so, and only there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from srnet_cli.datasets.dataset import Rows
from srnet_cli.networks import network_to_bytes, train_network
from srnet_cli.networks.cache import load_training, store_training
from srnet_cli.networks.early_stopping import ENOUGH_ROWS, fit_until_worse, rows_to_hold_out
from srnet_cli.networks.opening import Provenance
from srnet_cli.networks.quality import quality
from srnet_cli.networks.training import Training
from tests.networks.test_penalty import dataset, settings


class Scripted:
    """A network whose weight is how many iterations it has had; its losses are given."""

    def __init__(self, losses: dict[int, float], converges: int = 10**9, max_iter: int = 1000):
        self.losses, self.converges, self.max_iter = losses, converges, max_iter
        self.coefs_: list[Any] = [0]
        self.intercepts_: list[Any] = [0]
        self.loss_, self.n_iter_ = 0.0, 0
        self.looks: list[int] = []

    def set_params(self, **params: Any) -> None:
        if "max_iter" in params:
            self.max_iter = params["max_iter"]

    def predict(self, rows: Any) -> Any:
        return np.full(len(rows), np.sqrt(self.losses.get(self.coefs_[0], 1.0) / len(rows)))


def train(mlp: Any, rows: Any, targets: Any) -> bool:
    """Go on for as long as the network's part is, or until it converges."""
    mlp.n_iter_ = min(mlp.max_iter, mlp.converges - mlp.coefs_[0])
    mlp.coefs_[0] += mlp.n_iter_
    mlp.intercepts_[0] -= mlp.n_iter_
    mlp.loss_ = -float(mlp.coefs_[0])
    mlp.looks.append(mlp.coefs_[0])
    return mlp.coefs_[0] >= mlp.converges


@pytest.mark.parametrize(
    ("mlp", "looks", "kept", "worse"),
    [
        (Scripted({25: 0.5, 50: 0.2, 100: 0.3, 200: 0.2}), [25, 50, 100, 200], 50, True),
        (Scripted({25: 0.5, 50: 0.6, 100: 0.3, 200: 0.4}), [25, 50, 100, 200, 400], 100, True),
        (Scripted({25: 0.5, 50: 0.4, 70: 0.1}, max_iter=70), [25, 50, 70], 70, False),
        (Scripted({25: 0.5, 40: 0.4}, converges=40), [25, 40], 40, False),
        (Scripted({25: 0.5, 40: 0.6}, converges=40), [25, 40], 25, True),
        (Scripted({25: np.nan, 50: np.nan, 100: np.nan}), [25, 50, 100], 25, True),
        (Scripted({10: 0.5}, max_iter=10), [10], 10, False),
    ],
    ids=["worse", "worse once", "all", "converged", "converged worse", "no value", "one look"],
)
def test_the_best_look_is_kept(mlp: Scripted, looks: list[int], kept: int, worse: bool) -> None:
    """Two looks in a row that are no better end training, and what was best is left."""
    held = np.array([True, False, False, True])
    assert fit_until_worse(mlp, np.zeros((4, 1)), np.zeros(4), held, train) == worse
    assert mlp.looks == looks
    assert (mlp.coefs_, mlp.intercepts_, mlp.n_iter_, mlp.loss_) == ([kept], [-kept], kept, -kept)


@pytest.mark.parametrize("counts", [(1,), (1, 1), (500, 499, 1), (30, 8, 2, 1, 1)])
def test_every_class_trains(counts: tuple[int, ...]) -> None:
    """Of each at least one row is left, and no more are held out than one of ten."""
    labels = np.repeat(np.arange(len(counts)), counts)
    for seed in range(10):
        held = rows_to_hold_out(labels, seed)
        assert set(labels[~held]) == set(range(len(counts)))
        assert held.sum() <= -(-len(labels) // 10)


@pytest.mark.parametrize("n", [1, 2, 9, 10, 1001])
def test_a_tenth_is_held_out(n: int) -> None:
    """Rounded up, but for a single row."""
    held = rows_to_hold_out(np.random.default_rng(0).normal(size=(n, 3)), 0)
    assert held.sum() == (0 if n == 1 else -(-n // 10))


def test_noise_of_many_rows_is_not_learned() -> None:
    """A large network of a noisy table is far better than one that is trained to the end."""
    noisy = dataset(noise=1.0, rows=ENOUGH_ROWS)
    wide = {"hidden": (40,)}
    stopped = train_network(settings(**wide), noisy, 0, True)
    without = train_network(settings(**wide, alpha=0.0), noisy, 0, True)
    assert stopped.penalty == 0.0
    assert stopped.held_out == ENOUGH_ROWS // 10
    assert stopped.iterations < without.iterations
    scores = [quality(each.network, noisy.test, noisy.train).r2 for each in (stopped, without)]
    assert scores[0] > 0.99 > 0.95 > scores[1]


@pytest.mark.parametrize(
    ("rows", "keys"),
    [
        (dataset(0.0, rows=ENOUGH_ROWS), {"hidden": (20,)}),
        (dataset(1.0, rows=ENOUGH_ROWS), {"hidden": (4,)}),
        (dataset(1.0, rows=ENOUGH_ROWS), {"hidden": (20,), "alpha": 0.0}),
        (dataset(1.0, rows=ENOUGH_ROWS - 1), {"hidden": (20,), "alpha": 0.0}),
        (dataset(1.0, rows=ENOUGH_ROWS, formula="x0 - x1"), {"hidden": (20,)}),
    ],
    ids=["no noise", "few weights", "a penalty given", "few rows", "of a formula"],
)
def test_others_train_on_all_rows_to_the_end(rows: Any, keys: dict[str, Any]) -> None:
    """Bit for bit as without early stopping."""
    chosen = train_network(settings(**keys), rows, 0, True)
    without = train_network(settings(**{**keys, "alpha": 0.0}), rows, 0, True)
    assert chosen.held_out == 0
    assert network_to_bytes(chosen.network) == network_to_bytes(without.network)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_it_can_be_asked_for(solver: str) -> None:
    """Of few rows, and of the rows of a formula."""
    few = dataset(1.0, rows=40, formula="x0")
    asked = settings(early_stopping=True, solver=solver, hidden=(40,), alpha=0.0)
    assert train_network(asked, few, 0, True).held_out == 4


def test_a_single_row_trains() -> None:
    """None can be held out of it."""
    one = dataset(0.0, rows=1)
    assert train_network(settings(early_stopping=True), one, 0, True).held_out == 0


def test_a_class_of_one_row_trains_with_every_solver() -> None:
    """By default nothing is held out of it; where that is asked of adam, it is an error."""
    rare = dataset(0.0, rows=ENOUGH_ROWS)
    y = (rare.train.X[:, 0] > 0).astype(np.float64)
    y[0] = 2.0
    rare = replace(
        rare, task="classification", classes=("a", "b", "c"), train=Rows(rare.train.X, y)
    )
    for solver in ("lbfgs", "adam"):
        wide = settings(solver=solver, max_iter=3, hidden=(20,))
        trained = train_network(wide, rare, 0, True)
        assert trained.network.widths[-1] == 3


def test_what_was_held_out_is_said_and_kept() -> None:
    """In the line of the log, and in the cache."""
    said = Provenance("trained", trainer="x", iterations=50, converged=True, held_out=200).summary()
    assert said == "trained with x: stopped early after 50 iterations, 200 rows held out"
    cut = Provenance("trained", trainer="x", iterations=50, converged=False, held_out=4).summary()
    assert cut == "trained with x: stopped at max_iter after 50 iterations, 4 rows held out"
    network = train_network(settings(max_iter=2), dataset(0.0), 0, True).network
    training = Training(network, 50, True, 0.5, held_out=200)
    store_training("a" * 64, training)
    cached = load_training("a" * 64)
    assert cached is not None
    assert cached.held_out == 200
