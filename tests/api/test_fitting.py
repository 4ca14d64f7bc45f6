"""Fits from Python: of configs, of networks at hand, of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_run import write_config

import srnet_cli.api as srnet
from srnet_cli.errors import DataError, ModelError, UsageError
from srnet_cli.networks import Network, save_network


def test_a_config_is_fitted_as_on_the_command_line(finished: Path, tmp_path: Path) -> None:
    """The run is the command line's: it is answered, not repeated, and has the same formulas."""
    config = write_config(tmp_path)
    run = srnet.fit(config, run_dir=finished)
    assert run.path == finished
    assert set(run.formulas(composition=True)) == {"target"}
    assert run.front.empty
    assert len(run.compositions)
    listed = srnet.list_runs()
    assert listed["run"].tolist() == ["small-run"]
    assert listed["state"].tolist() == ["finished"]
    built = srnet.load_config(config)
    assert srnet.fit(built, run_dir=finished).path == finished
    with pytest.raises(UsageError, match="overrides"):
        srnet.fit(built, {"seed": 1})


def test_formulas_of_layers_compute_what_the_layers_do(finished: Path) -> None:
    """The composition written as one formula gives the model's values."""
    run = srnet.open_run("small")
    X = np.random.default_rng(1).uniform(0.2, 0.9, (20, 2))
    (formula,) = run.formulas(composition=True, fidelity=1.0).values()
    by_hand = [float(formula.subs({"x": x, "y": y})) for x, y in X]
    np.testing.assert_allclose(run.predict(X, composition=True, fidelity=1.0), by_hand, rtol=1e-9)


def test_equal_functions_share_a_run_and_others_do_not(
    run: srnet.Run, runs_dir: Path, rows: Any
) -> None:
    """A run is called by what the function says, not by its name in Python."""
    from srnet_cli.api.fitting import _called, _given

    def called(function: Any) -> str:
        return _called(function, _given(function, rows, (), (), ()), rows)

    assert called(lambda X: X[:, 0]) == called(lambda X: 1.0 * X[:, 0])
    assert called(lambda X: X[:, 0]) != called(lambda X: X[:, 1])


def test_a_network_file_with_rows_and_truth(tmp_path: Path, runs_dir: Path, rows: Any) -> None:
    """Rows and targets that are at hand judge a network that is in a file."""
    network = Network((np.array([[1.0, -2.0]]),), (np.array([0.5]),))
    save_network(network, tmp_path / "n.safetensors")
    truth = rows[:, 0] - 2.0 * rows[:, 1] + 0.5
    quick = {"strategy": "direct", "max_evaluations": 100, "functions": ["add", "mul"]}
    run = srnet.fit_network(
        tmp_path / "n.safetensors", rows, truth, features=["a", "b"], name="linear", **quick
    )
    assert run.quality is not None
    assert run.quality.r2 == 1.0
    assert run.features == ("a", "b")
    assert run.path.parent == runs_dir


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, UsageError, "X and domain"),
        ({"X": [[1.0, np.nan]]}, DataError, "finite numbers"),
        ({"X": [["a", "b"]]}, DataError, "no number"),
        ({"X": [1.0, 2.0]}, DataError, r"\(n, d\)"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    """In one line."""
    with pytest.raises(error, match=words):
        srnet.fit_network(lambda X: X, **arguments)


def test_what_is_no_network_is_refused(rows: Any) -> None:
    """With what would be one."""
    with pytest.raises(ModelError, match="no network"):
        srnet.fit_network(3, rows)


def test_warnings_are_pythons(tmp_path: Path, runs_dir: Path, rows: Any) -> None:
    """A network that is worse than the mean of what it was trained on is one."""
    quick = {"strategy": "direct", "max_evaluations": 50, "functions": ["add"]}
    with pytest.warns(UserWarning, match="worse than the mean"):
        srnet.fit_network(
            lambda X: 3.0 - X[:, 0], rows, rows[:, 0], run_dir=tmp_path / "r", **quick
        )


def test_the_interface_is_imported_lazily() -> None:
    """Its names are known, and an unknown one is an error of Python."""
    assert set(srnet.__all__) <= set(dir(srnet))
    assert all(hasattr(srnet, name) for name in srnet.__all__)
    with pytest.raises(AttributeError, match="no attribute 'fti'"):
        _ = srnet.fti
