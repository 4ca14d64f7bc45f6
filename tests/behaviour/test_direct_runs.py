"""Whole runs that search for formulas of the network, alone and before the layers."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from budgets import limit_auto
from rhythms import ONE_BY_ONE
from small_run import RESULTS, Recorder
from sympy import lambdify, symbols, sympify

from srnet_cli import cli
from srnet_cli.errors import Interrupted
from srnet_cli.fit import fitting
from srnet_cli.runs.run import read_run
from srnet_cli.store import RunFolder

CONFIG = """\
name: small
seed: 3
dataset:
{dataset}
network:
{network}
evolution:
  strategy: {strategy}
  generations: {generations}
  functions: [add, mul, sin, square]
  threads: 1
"""
FORMULA = """\
  formula: x * y + 1
  domain: {x: [1, 2], y: [0, 2]}
  samples: 60
  test_samples: 100
  oracle_rows: 300"""
TABLE = """\
  file: rows.csv
  target: kind
  task: classification
  test_fraction: 0.3
  oracle_rows: 200"""
ROWS = """\
  rows: rows.npz
  test_fraction: 0.3
  oracle_rows: 200"""
TRAINED = "  train: {hidden: [3], max_iter: 100}"
LOADED = "  load: network.npz"
GENERATIONS = {"direct": 3, "auto": 8}
FILES = ("formulas.json", "formulas.txt")


def written(folder: Path, kind: str, strategy: str) -> Path:
    """The config of a small network of that kind."""
    dataset, network = FORMULA, TRAINED
    if kind.endswith("classes"):
        dataset = TABLE
        _write_table(folder / "rows.csv", int(kind[0]))
    elif kind != "regression":
        network = LOADED
        _write_network(folder / "network.npz", outputs=2 if kind == "outputs" else 1, kind=kind)
    if kind == "outputs":
        dataset = ROWS
        np.savez(folder / "rows.npz", X=np.random.default_rng(0).uniform(0.0, 2.0, (200, 2)))
    path = folder / "small.yaml"
    path.write_text(
        CONFIG.format(
            dataset=dataset,
            network=network,
            strategy=strategy,
            generations=GENERATIONS[strategy],
        )
    )
    return path


def _write_table(path: Path, classes: int) -> None:
    X = np.random.default_rng(classes).uniform(0.0, 1.0, (120, 2))
    score = X[:, 0] * (1.0 + X[:, 1])
    labels = np.searchsorted(np.quantile(score, np.arange(1, classes) / classes), score)
    lines = [f"{a},{b},{'uvw'[k]}" for (a, b), k in zip(X.tolist(), labels, strict=True)]
    path.write_text("\n".join(["x,y,kind", *lines]) + "\n")


def _write_network(path: Path, outputs: int, kind: str) -> None:
    rng = np.random.default_rng(outputs)
    scale = 0.0 if kind == "constant" else 1.0
    np.savez(
        path,
        weight1=rng.normal(size=(3, 2)),
        bias1=rng.normal(size=3),
        weight2=scale * rng.normal(size=(outputs, 3)),
        bias2=np.arange(1.0, outputs + 1.0),
    )


@pytest.fixture(scope="module", autouse=True)
def _short() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        limit_auto(patch)
        yield


def fitted_run(folder: Path, kind: str, strategy: str) -> Path:
    return fitting.run(written(folder, kind, strategy), run_dir=folder / "run").path


KINDS = ("regression", "2classes", "3classes", "outputs", "constant")


@pytest.mark.parametrize("strategy", ["direct", "auto"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_formulas_are_those_of_the_network(
    kind: str, strategy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every formula in formulas.json has the error that it says, evaluated by sympy alone on the
    rows that judge; formulas.txt tells the same; the run verifies and is explained."""
    run = fitted_run(tmp_path, kind, strategy)
    fitted = read_run(run)
    rows = fitted.sets["interpolation"]
    truth = fitted.network.predict(rows)
    if kind == "2classes":
        truth = truth[:, 1:] - truth[:, :1]
    record = json.loads((run / "formulas.json").read_text())
    assert record["rows"] == "interpolation"
    assert len(record["outputs"]) == truth.shape[1]
    told = (run / "formulas.txt").read_text()
    for output, front in enumerate(record["outputs"]):
        check(front["formulas"], record["names"], rows, truth[:, output])
        assert front["output"] in told
    for command in ("verify", "explain"):
        with pytest.raises(SystemExit) as stop:
            cli.main([command, "--run", str(run)])
        assert stop.value.code == 0
    assert capsys.readouterr().out


def check(
    formulas: list[dict[str, Any]], names: list[str], rows: np.ndarray, truth: np.ndarray
) -> None:
    """Longer formulas are better, and each is as good as it says."""
    sizes = [formula["complexity"] for formula in formulas]
    errors = [formula["unexplained"] for formula in formulas]
    assert [formula["is_answer"] for formula in formulas].count(True) == 1
    assert sizes == sorted(set(sizes))
    assert errors == sorted(errors, reverse=True)
    total = ((truth - truth.mean()) ** 2).sum()
    for formula, error in zip(formulas, errors, strict=True):
        values = lambdify(symbols(names), sympify(formula["formula"]))(*rows.T)
        unexplained = ((truth - values) ** 2).sum()
        if total > 0.0:
            assert unexplained / total == pytest.approx(error, rel=1e-6, abs=1e-12)
        else:
            assert len(formulas) == 1
            assert np.max(np.abs(truth - values)) <= 1e-3 * np.abs(truth).max()


@pytest.mark.parametrize("strategy", ["direct", pytest.param("auto", marks=pytest.mark.long)])
def test_interruptions_change_nothing(strategy: str, tmp_path: Path) -> None:
    """Stopped after every second generation and taken up again, a run leaves the same bytes as one
    that never was, the formulas' files among them."""
    config = written(tmp_path, "regression", strategy)
    whole = fitting.run(config, run_dir=tmp_path / "whole", rhythm=ONE_BY_ONE).path
    run, stops = tmp_path / "run", 0
    while True:
        recorder = Recorder(2, lambda: os.kill(os.getpid(), signal.SIGTERM))
        try:
            fitting.run(config, run_dir=run, reporter=recorder, rhythm=ONE_BY_ONE)
            break
        except Interrupted:
            stops += 1
    assert stops >= 1
    present = [name for name in (*RESULTS, *FILES) if (whole / name).exists()]
    assert set(present) >= {"expressions.json", "model.json", *FILES}
    for name in present:
        assert (run / name).read_bytes() == (whole / name).read_bytes()
    assert RunFolder(run).verify() == []


def test_without_a_share_there_are_no_formulas_of_the_network(tmp_path: Path) -> None:
    """``direct_share: 0`` is a run of layers alone."""
    config = written(tmp_path, "regression", "auto")
    run = fitting.run(config, ["evolution.direct_share=0"], run_dir=tmp_path / "run").path
    assert not (run / "formulas.json").exists()
    assert (run / "expressions.json").is_file()
