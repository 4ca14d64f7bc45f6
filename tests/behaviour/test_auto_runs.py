"""Whole runs of the strategy ``auto``: what they leave, and how they go on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from budgets import limit_auto
from rhythms import ONE_BY_ONE
from small_run import Recorder, results, write_config

from srnet_cli.errors import Interrupted
from srnet_cli.fit import fitting
from srnet_cli.model import SymbolicNetwork
from srnet_cli.store import RunFolder

CHANGES = (
    ("strategy: mnncgp-es", "strategy: auto"),
    ("generations: 60", "generations: 5000"),
    ("samples: 60", "samples: 60\n  oracle_rows: 300"),
)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    limit_auto(monkeypatch)


@pytest.mark.long
def test_interruptions_change_nothing(tmp_path: Path) -> None:
    """Stopped after every seventh generation and taken up again, in the layers and in the
    refinement, a run leaves the same bytes as one that never was."""
    config = write_config(tmp_path, *CHANGES)
    expected = results(fitting.run(config, run_dir=tmp_path / "whole", rhythm=ONE_BY_ONE).path)
    stops = 0
    while True:
        recorder = Recorder(7, lambda: os.kill(os.getpid(), signal.SIGINT))
        try:
            fitting.run(config, run_dir=tmp_path / "run", reporter=recorder, rhythm=ONE_BY_ONE)
            break
        except Interrupted:
            stops += 1
    assert stops >= 2
    assert results(tmp_path / "run") == expected


@pytest.mark.long
def test_threads_change_nothing(tmp_path: Path) -> None:
    """One thread or two: the same bytes."""
    answers = []
    for threads in (1, 2):
        config = write_config(tmp_path, *CHANGES, ("threads: 1", f"threads: {threads}"))
        answers.append(
            results(fitting.run(config, run_dir=tmp_path / str(threads), rhythm=ONE_BY_ONE).path)
        )
    assert answers[0] == answers[1]


def test_what_is_reported_is_what_the_model_gives(tmp_path: Path) -> None:
    """The model in the folder has weights on its edges; the fitness is made of the layers' losses,
    the outputs' and the mean of the hidden units'."""
    run = fitting.run(
        write_config(tmp_path, *CHANGES), run_dir=tmp_path / "run", rhythm=ONE_BY_ONE
    ).path
    folder = RunFolder(run)
    model = SymbolicNetwork.from_dict(folder.read_json("model.json"))
    metrics = folder.read_json("metrics.json")
    assert all(p.coefficients is not None for layer in model.layers for p in layer.programs)
    assert len(metrics["losses"]) == len(model.layers)
    assert metrics["fitness"][0] == pytest.approx(
        metrics["losses"][-1] + np.average(metrics["losses"][:-1], weights=[3, 2]), rel=1e-9
    )


def test_remarks_are_said(tmp_path: Path) -> None:
    """What limits the formulas beforehand is among the notices."""
    recorder = Recorder()
    config = write_config(
        tmp_path, *CHANGES, ("strategy: auto", "strategy: auto\n  expressions: 7")
    )
    fitting.run(
        config,
        ["evolution.generations=2"],
        run_dir=tmp_path / "run",
        reporter=recorder,
        rhythm=ONE_BY_ONE,
    )
    said = [line for line in recorder.notices if line.startswith("evolution.expressions")]
    assert len(said) == 3
