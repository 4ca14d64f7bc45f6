"""Run folders that earlier versions made: they open, verify, are explained and go on.

Each folder under ``tests/golden/<version>`` is one kind of run, written by that version and never
touched again.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from srnet_cli import cli

GOLDEN = Path(__file__).parents[1] / "golden"
FINISHED = sorted(
    path.parent for path in GOLDEN.glob("*/*/DONE.json") if path.parent.name != "suite"
)
UNFINISHED = sorted(GOLDEN.glob("*/unfinished"))
SUITES = sorted(GOLDEN.glob("*/suite"))


def label(path: Path) -> str:
    return str(path.relative_to(GOLDEN))


def run(*arguments: object) -> int:
    """Run the command in this process; gives its exit code."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def copied(golden: Path, folder: Path) -> Path:
    return Path(shutil.copytree(golden, folder / golden.name))


def test_there_is_one_of_each_kind() -> None:
    """The first version is there with every kind of run that it could make."""
    kinds = {path.name for path in (*FINISHED, *UNFINISHED, *SUITES)}
    assert {"auto", "mnncgp", "classifier", "unfinished", "suite"} <= kinds


@pytest.mark.parametrize("golden", FINISHED, ids=label)
def test_a_finished_run_is_whole_and_explained(
    golden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``verify`` finds every byte in place; ``explain`` gives the fidelity that was stored."""
    folder = copied(golden, tmp_path)
    assert run("verify", "--run", folder) == 0
    capsys.readouterr()
    assert run("explain", "--run", folder, "--as-found", "--format", "json") == 0
    explained = json.loads(capsys.readouterr().out)
    stored = json.loads((folder / "metrics.json").read_text())
    output = explained["layers"][-1]
    for rows, figures in stored["fidelity"].items():
        assert output["r2"][rows] == pytest.approx(figures[-1]["r2"], rel=1e-9, abs=1e-12)
    for form in ("table", "markdown", "latex"):
        assert run("explain", "--run", folder, "--format", form) == 0


@pytest.mark.parametrize("golden", FINISHED, ids=label)
def test_a_finished_run_is_compared(golden: Path, tmp_path: Path) -> None:
    """``compare`` reads it and adds its files; the run still verifies."""
    folder = copied(golden, tmp_path)
    assert run("compare", "--run", folder, "--instances", 5, "--quiet") == 0
    assert run("verify", "--run", folder) == 0


@pytest.mark.parametrize("golden", UNFINISHED, ids=label)
def test_an_unfinished_run_is_explained(
    golden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What its newest checkpoint holds is shown."""
    assert run("explain", "--run", copied(golden, tmp_path)) == 0
    assert "not finished" in capsys.readouterr().out


@pytest.mark.parametrize("golden", SUITES, ids=label)
def test_a_suite_is_reported_on(
    golden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``bench`` sums it up from its folder alone, and its trials are runs that verify."""
    folder = copied(golden, tmp_path)
    assert run("bench", folder, "--format", "json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert all(case["done"] == 2 for case in summary["cases"])
    for trial in folder.glob("trials/*/*"):
        assert run("verify", "--run", trial) == 0


@pytest.mark.parametrize("golden", [*FINISHED, *UNFINISHED, *SUITES], ids=label)
def test_every_kind_is_reported_on(golden: Path, tmp_path: Path) -> None:
    """``report`` writes a page of a finished run, of one that has not finished, and of a suite."""
    page = tmp_path / "page.html"
    assert run("report", copied(golden, tmp_path), "--output", page) == 0
    assert page.read_bytes().endswith(b"</html>\n")
