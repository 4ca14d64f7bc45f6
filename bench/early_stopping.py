"""Noisy tables: networks trained to the end, held back by a penalty, and stopped early.

    python bench/early_stopping.py

Networks (``--hidden``) are trained by the defaults of ``network.train``, but for at most a thousand
iterations, in three ways: without a penalty to the end, with the penalty that cross-validation
chooses, and without a penalty until rows held out say that it is enough. Noise is in the training
rows, as a share of the target's deviation (of classes: so many labels are drawn anew); figures are
on 4000 rows without. Medians over seeds: R² or accuracy, and seconds of the processor. The table is
Markdown on standard output, all figures go to a JSON file.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import make_classification, make_friedman1
from support.output import parser, save, table

from srnet_cli.config.network import TrainSettings
from srnet_cli.datasets.dataset import Dataset, Rows
from srnet_cli.networks.quality import ClassificationQuality, RegressionQuality, quality
from srnet_cli.networks.training import train_network

Array = NDArray[np.float64]

TEST_ROWS = 4000
ITERATIONS = 1000
WAYS: dict[str, dict[str, Any]] = {
    "to the end": {"alpha": 0.0, "early_stopping": False},
    "penalty": {"alpha": "auto", "early_stopping": False},
    "stopped early": {"alpha": 0.0, "early_stopping": True},
}


def main() -> None:
    """Parse the options, train, print."""
    arguments = parser(__doc__)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--tables", nargs="+", default=list(TABLES), choices=list(TABLES))
    arguments.add_argument("--rows", type=int, nargs="+", default=[1000, 2000, 4000])
    arguments.add_argument("--hidden", type=int, nargs="+", default=[16, 16])
    options = arguments.parse_args()
    hidden = tuple(options.hidden)
    records = []
    for name in options.tables:
        for rows in options.rows:
            seeds = [_of_seed(name, rows, hidden, seed) for seed in range(options.seeds)]
            records.append({"table": name, "rows": rows, "seeds": seeds})
            save(options.out, "early_stopping", {"records": records})
    table(["table", "rows", *WAYS, "seconds"], [_row(record) for record in records])


def _of_seed(name: str, rows: int, hidden: tuple[int, ...], seed: int) -> dict[str, Any]:
    dataset = TABLES[name](rows, seed)
    figures = {}
    for way, keys in WAYS.items():
        settings = TrainSettings(hidden=hidden, max_iter=ITERATIONS, **keys)
        begun = time.process_time()
        training = train_network(settings, dataset, seed, True)
        seconds = time.process_time() - begun
        match quality(training.network, dataset.test, dataset.train):
            case RegressionQuality() as judged:
                score = judged.r2
            case ClassificationQuality() as judged:
                score = judged.accuracy
        figures[way] = {
            "score": score,
            "iterations": training.iterations,
            "penalty": training.penalty,
            "seconds": seconds,
        }
    return figures


def _row(record: dict[str, Any]) -> list[str]:
    def medians(key: str, digits: str) -> list[str]:
        return [format(median(seed[way][key] for seed in record["seeds"]), digits) for way in WAYS]

    return [
        record["table"],
        str(record["rows"]),
        *medians("score", ".4f"),
        ", ".join(medians("seconds", ".1f")),
    ]


def _product(noise: float) -> Callable[[int, int], Dataset]:
    """x0·x1 on a square."""

    def made(rows: int, seed: int) -> Dataset:
        X = np.random.default_rng(seed).uniform(-2, 2, (rows + TEST_ROWS, 2))
        return _dataset(X, X[:, 0] * X[:, 1], rows, noise, seed)

    return made


def _friedman(noise: float) -> Callable[[int, int], Dataset]:
    """Friedman's first function, of five of ten inputs."""

    def made(rows: int, seed: int) -> Dataset:
        X, y = make_friedman1(rows + TEST_ROWS, n_features=10, random_state=seed)
        return _dataset(X, y, rows, noise, seed)

    return made


def _classes(wrong: float) -> Callable[[int, int], Dataset]:
    """Three classes of 20 inputs, of which six tell."""

    def made(rows: int, seed: int) -> Dataset:
        X, y = make_classification(
            rows + TEST_ROWS, 20, n_informative=6, n_classes=3, flip_y=0.0, random_state=seed
        )
        rng = np.random.default_rng(seed)
        labels = np.where(rng.random(len(y)) < wrong, rng.integers(0, 3, len(y)), y)
        labels[rows:] = y[rows:]
        return _dataset(X, labels.astype(np.float64), rows, 0.0, seed, ("a", "b", "c"))

    return made


def _dataset(
    X: Array, y: Array, rows: int, noise: float, seed: int, classes: tuple[str, ...] = ()
) -> Dataset:
    noisy = y[:rows] + noise * y.std() * np.random.default_rng(seed).normal(size=rows)
    return Dataset(
        features=tuple(f"x{number}" for number in range(X.shape[1])),
        target="y",
        task="classification" if classes else "regression",
        classes=classes,
        train=Rows(X[:rows], noisy if noise else y[:rows]),
        validation=Rows(np.empty((0, X.shape[1])), None),
        test=Rows(X[rows:], y[rows:]),
    )


TABLES: dict[str, Callable[[int, int], Dataset]] = {
    "x0·x1, noise of 100 %": _product(1.0),
    "Friedman 1, exact": _friedman(0.0),
    "Friedman 1, noise of 30 %": _friedman(0.3),
    "Friedman 1, noise of 100 %": _friedman(1.0),
    "classes, 20 % drawn anew": _classes(0.2),
}


if __name__ == "__main__":
    main()
