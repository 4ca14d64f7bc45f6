"""Plots of suites: what is drawn in which panel."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_suite import SUITE, write_suite

from srnet_cli.suites import plots, running
from srnet_cli.suites.folder import SuiteFolder
from srnet_cli.suites.ledger import TrialEntry
from srnet_cli.suites.plots import convergence_figure

CURVE = "trial,generation,evaluations,fitness\n1,0,20,4.0\n1,1,39,1.0\n"


def suite_with_curves(folder: Path, text: str) -> tuple[SuiteFolder, list[TrialEntry]]:
    """A suite, all of whose trials have ended with the same curve."""
    planned = running.plan(write_suite(folder, text))
    with SuiteFolder.claim(folder / "run", planned) as suite:
        entries = [
            TrialEntry(
                case=case.name,
                network=case.network,
                variant=case.variant,
                trial=number,
                state="done",
                seed=3,
                fitness=1.0,
                folder=f"trials/{key}",
            )
            for case, number, key in suite.trials()
        ]
        for entry in entries:
            (suite.path / entry.folder).mkdir(parents=True)
            (suite.path / entry.folder / "curves.csv").write_text(CURVE)
    return suite, entries


def test_a_panel_is_of_one_strategy(tmp_path: Path) -> None:
    """Fitness means the same within one only, so the published median stands beside that one."""
    text = SUITE.replace("first:", "K0:").replace("second:", "K1:")
    text += "strategies: [auto, mnncgp-es]\nmatrix: {evolution.patience: [10, 20]}\n"
    panels = convergence_figure(*suite_with_curves(tmp_path, text + "published: fitness\n")).axes
    assert [axes.get_title() for axes in panels] == [
        f"{network}, {strategy}" for network in ("K0", "K1") for strategy in ("auto", "mnncgp-es")
    ]
    labels = [[str(line.get_label()) for line in axes.lines] for axes in panels]
    assert labels[0] == labels[2] == ["auto, patience=10", "auto, patience=20"]
    assert labels[1][-1] == labels[3][-1] == "published median"


def test_no_more_curves_are_read_than_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of thousands of trials."""
    read: list[TrialEntry] = []
    monkeypatch.setattr(plots, "curve", lambda _, entry: read.append(entry))
    suite = suite_with_curves(tmp_path, SUITE.replace("trials: 2", "trials: 5"))
    convergence_figure(*suite, most_curves=2)
    assert [(trial.case, trial.trial) for trial in read] == [
        (case, trial) for case in ("first", "second") for trial in (1, 2)
    ]
