"""``curves.csv`` and the other files of a result."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from srnet_cli.config.loading import experiment_from_mapping
from srnet_cli.config.schema import Experiment
from srnet_cli.fit.results import curves


@dataclass
class State:
    generation: int
    trace: np.ndarray
    fitness: float = 1.0


@pytest.fixture
def experiment() -> Experiment:
    return experiment_from_mapping(
        {
            "name": "x",
            "dataset": {"formula": "x", "domain": {"x": (0, 1)}},
            "network": {"train": {}},
            "evolution": {"strategy": "mnncgp-es", "population": 10},
        }
    )


def table(states: list[State], experiment: Experiment) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(curves(states, experiment)))


def test_rows_are_the_first_the_better_ones_and_the_last(experiment: Experiment) -> None:
    """A row a generation that improved, between the first and the last; the last repeats."""
    trace = np.array([[1, 5.0, 2.0, 3.0], [4, 1.0, 0.5, 0.5]])
    found = table([State(9, trace)], experiment)
    assert list(found) == ["trial", "generation", "evaluations", "fitness", "layer_1", "layer_2"]
    assert found["generation"].tolist() == [1, 4, 9]
    assert found["fitness"].tolist() == [5.0, 1.0, 1.0]
    assert found["layer_2"].tolist() == [3.0, 0.5, 0.5]


def test_evaluations_count_individuals(experiment: Experiment) -> None:
    """The first generation evaluates the population, every later one all but the parent."""
    trace = np.array([[n, 10.0 - n, 1.0] for n in range(1, 5)], dtype=float)
    assert table([State(4, trace)], experiment)["evaluations"].tolist() == [10, 19, 28, 37]


def test_before_the_first_find_errors_are_infinite(experiment: Experiment) -> None:
    """A search that finds nothing at first has a first row all the same."""
    found = table([State(6, np.array([[3, 2.0, 2.0]]))], experiment)
    assert found["generation"].tolist() == [1, 3, 6]
    assert found["fitness"].tolist() == [np.inf, 2.0, 2.0]
    empty = table([State(6, np.empty((0, 3)))], experiment)
    assert empty["generation"].tolist() == [1, 6]
    assert table([State(0, np.empty((0, 3)))], experiment).empty


def test_trials_follow_one_another(experiment: Experiment) -> None:
    """Trials are numbered from 1, and a one-generation trial is one row."""
    states = [State(1, np.array([[1, 2.0, 2.0]])), State(2, np.array([[1, 4.0, 4.0]]))]
    assert table(states, experiment)[["trial", "generation"]].to_numpy().tolist() == [
        [1, 1],
        [2, 1],
        [2, 2],
    ]


def test_numbers_lose_nothing(experiment: Experiment) -> None:
    """Errors are written so that reading gives the same float back."""
    value = 0.1 + 0.2
    text = curves([State(1, np.array([[1, value, np.pi]]))], experiment)
    cells = text.splitlines()[1].split(",")
    assert [float(cell) for cell in cells[3:]] == [value, np.pi]


def test_a_run_has_them_as_documented(finished: Path) -> None:
    """The curve of a real run never rises, and its errors give its fitness."""
    found = pd.read_csv(finished / "curves.csv")
    assert found["fitness"].is_monotonic_decreasing
    assert (found["generation"].iloc[0], found["generation"].iloc[-1]) == (1, 60)
    sums = found["layer_3"] + found[["layer_1", "layer_2"]].mean(axis=1)
    np.testing.assert_allclose(found["fitness"], sums, rtol=1e-12)
