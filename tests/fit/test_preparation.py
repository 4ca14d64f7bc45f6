"""What is there before a search begins: functions, rows and effects that fit the network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small_run import CONFIG, Recorder, write_config

from srnet_cli.config.loading import load_experiment
from srnet_cli.fidelity.row_sets import row_sets
from srnet_cli.fit import fitting, preparation
from srnet_cli.fit.preparation import Prepared, prepare
from srnet_cli.primitives import PUBLISHED_FUNCTIONS, fitting_functions

LISTED = next(line for line in CONFIG.splitlines(keepends=True) if "functions:" in line)


def prepared(folder: Path, strategy: str, activation: str, functions: str = "") -> Prepared:
    path = write_config(
        folder,
        ("strategy: mnncgp-es", f"strategy: {strategy}"),
        ("hidden: [3, 2]", f"hidden: [3, 2], activation: {activation}"),
        (LISTED, functions),
    )
    return prepare(load_experiment(path), Recorder())


@pytest.mark.parametrize("strategy", ["auto", "direct"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_functions_fit_the_network(tmp_path: Path, strategy: str, activation: str) -> None:
    """Those of the config that is kept are a list, of a ReLU network with relu in it."""
    settings = prepared(tmp_path, strategy, activation).experiment.evolution
    assert settings.functions == fitting_functions([activation])
    assert ("relu" in settings.functions) == (activation == "relu")


def test_functions_that_are_listed_stay(tmp_path: Path) -> None:
    """As do the published ones of mnncgp-es."""
    listed = prepared(tmp_path, "auto", "relu", "  functions: [add, sin]\n")
    assert listed.experiment.evolution.functions == ("add", "sin")
    published = prepared(tmp_path, "mnncgp-es", "relu")
    assert published.experiment.evolution.functions == PUBLISHED_FUNCTIONS


def test_the_problem_knows_effects_and_importance(tmp_path: Path) -> None:
    """Of every hidden layer how its units move the outputs; of every row to fit what it counts."""
    found = prepared(tmp_path, "auto", "sigmoid")
    problem, network = found.problem, found.network
    fit = [units[: problem.fit_rows] for units in problem.targets]
    assert problem.effects is not None
    for ours, theirs in zip(problem.effects, network.directions_of_effect(fit), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert problem.importance is not None
    assert problem.importance.shape == (problem.fit_rows,)
    assert (problem.importance > 0.0).all()
    assert problem.importance.mean() == pytest.approx(1.0)
    assert prepared(tmp_path, "mnncgp-es", "sigmoid").problem.importance is None


def test_a_relu_network_is_fitted_with_relu(tmp_path: Path) -> None:
    """What stands in the run folder is what expressions were made of, so that the run goes on with
    the same."""
    path = write_config(
        tmp_path,
        ("strategy: mnncgp-es", "strategy: direct"),
        ("hidden: [3, 2]", "hidden: [3, 2], activation: relu"),
        ("generations: 60", "generations: 1"),
        (LISTED, ""),
    )
    fitting.run(path, run_dir=tmp_path / "run", reporter=Recorder())
    kept = json.loads((tmp_path / "run/config.resolved.json").read_text())
    assert tuple(kept["evolution"]["functions"]) == fitting_functions(["relu"])


def test_rows_that_judge_are_as_many_as_fit_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a network of many units, evenly spread ones of each kind, and it is said how many."""
    monkeypatch.setattr(preparation, "_JUDGED_VALUES", 6 * 55)
    recorder = Recorder()
    found = prepare(load_experiment(write_config(tmp_path)), recorder)
    for name, rows in row_sets(found.dataset, seed=3).items():
        assert (found.sets[name] == (rows if len(rows) <= 55 else rows[::2])).all(), name
    assert "formulas of 6 units are judged on 55 rows of each kind at most" in recorder.notices
