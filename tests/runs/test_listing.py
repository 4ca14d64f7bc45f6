"""``srnet ls``."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from pathlib import Path

import pytest

from srnet_cli.rendering.formats import render
from srnet_cli.runs.listing import ListedRun, document, in_order, run
from srnet_cli.store import RunFolder

RUNS = [
    ListedRun("K0-published-0d553b8c", "stopped", "", None, None),
    ListedRun("F4-1b2c3d4e", "finished", "2026-01-02T03:04:05", 2.3162719540411e-8, 0.876913094),
    ListedRun("F2-1b2c3d4f", "finished", "2026-01-02T03:04:06", 1.216e8, -6441.18),
]


def test_no_runs(runs_dir: Path) -> None:
    """Where there is no folder there are no runs, which is no error."""
    assert run() == []
    none = document([])
    assert render(none, "table") == "no runs yet"
    assert json.loads(render(none, "json")) == []
    assert render(none, "csv") == "folder,state,finished,fitness,r2"
    assert all("no runs yet" in render(none, form) for form in ("markdown", "latex"))


def test_runs_in_every_state_are_listed(finished: Path, runs_dir: Path) -> None:
    """Finished runs come with fitness and R²; others with what there is, even where damaged."""
    for name in ("running-1", "broken-1", "stopped-1"):
        RunFolder.claim(runs_dir / name).close()
    (runs_dir / "broken-1" / "DONE.json").write_text("{")
    (runs_dir / "stopped-1" / "metrics.json").write_text("[1]")
    with RunFolder.claim(runs_dir / "running-1"):
        listed = {entry.folder: entry for entry in run()}
    assert {name: entry.state for name, entry in listed.items()} == {
        "small-run": "finished",
        "running-1": "running",
        "broken-1": "damaged",
        "stopped-1": "stopped",
    }
    metrics = json.loads((finished / "metrics.json").read_text())
    done = listed["small-run"]
    assert done.fitness == metrics["fitness"][0]
    assert done.r2 == metrics["fidelity"]["interpolation"][-1]["r2"]
    assert len(done.finished) == 19
    assert listed["stopped-1"].fitness is None


def test_the_table_fits_a_terminal() -> None:
    """With usual names no line is wider than 80 columns, whatever the numbers."""
    lines = render(document(RUNS), "table").splitlines()
    assert lines == [
        "run                    state     finished (UTC)      fitness         R²     1−R²",
        "K0-published-0d553b8c  stopped",
        "F4-1b2c3d4e            finished  2026-01-02 03:04  2.316e-08     0.8769     0.12",
        "F2-1b2c3d4f            finished  2026-01-02 03:04  1.216e+08  -6.44e+03  6.4e+03",
    ]
    assert max(map(len, lines)) <= 80


def test_csv_and_json_lose_nothing() -> None:
    """Both hold every digit, and what is not known is empty or null."""
    rows = list(csv.DictReader(io.StringIO(render(document(RUNS), "csv"))))
    assert float(rows[1]["fitness"]) == RUNS[1].fitness
    assert rows[0]["r2"] == ""
    records = json.loads(render(document(RUNS), "json"), parse_constant=pytest.fail)
    assert [ListedRun(**record) for record in records] == RUNS


GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0" / "mnncgp"
STRANGE = (b"[1]", b'{"fitness": [1e999]}', b"{" * 5000, b"null", b'{"trial": -1}', b"\xff")


@pytest.mark.parametrize("content", STRANGE)
def test_a_strange_file_hides_no_other_run(runs_dir: Path, content: bytes) -> None:
    """Whatever stands in a file of one run, the others are listed, in every format."""
    shutil.copytree(GOLDEN, runs_dir / "whole-1")
    shutil.copytree(GOLDEN, runs_dir / "strange-1")
    (runs_dir / "strange-1" / "DONE.json").unlink()
    (runs_dir / "strange-1" / "metrics.json").write_bytes(content)
    (runs_dir / "strange-2").mkdir()
    os.mkfifo(runs_dir / "strange-2" / "run.json")
    (runs_dir / "strange-2" / "LOCK").write_bytes(b"")
    listed = {entry.folder: entry for entry in run()}
    assert listed.keys() == {"whole-1", "strange-1", "strange-2"}
    assert listed["whole-1"].r2 is not None
    for form in ("table", "json", "csv", "markdown", "latex"):
        assert "whole-1" in render(document(list(listed.values())), form).replace("{-}", "-")


HOSTILE = "=1+1\x1b[2J\n\u202e\x9b31m"


def test_names_neither_steer_a_terminal_nor_are_computed() -> None:
    """Control characters of a folder's name are shown, not obeyed, in every format; a spreadsheet
    takes no name for a formula; a program gets the name itself."""
    hostile = [ListedRun(HOSTILE, "stopped", "", None, None)]
    for form in ("table", "json", "csv", "markdown", "latex"):
        text = render(document(hostile), form)
        assert not set(text) & set("\x1b\u202e\x9b")
        assert "\\x1b" in text or "\\u001b" in text or "textbackslash" in text
    assert json.loads(render(document(hostile), "json"))[0]["folder"] == HOSTILE
    (_, row) = csv.reader(io.StringIO(render(document(hostile), "csv")))
    assert row[0].startswith("'=1+1")


def test_runs_in_another_order() -> None:
    """The best first, and what has no figure last, either way round."""
    runs = [
        ListedRun("c", "finished", "1", 0.5, 0.9),
        ListedRun("a", "stopped", "", None, None),
        ListedRun("b", "finished", "2", 0.1, 0.7),
    ]

    def names(order: str, reverse: bool = False) -> str:
        return "".join(listed.folder for listed in in_order(runs, order, reverse=reverse))

    assert names("finished") == "cab"
    assert names("finished", True) == "bac"
    assert names("name") == "abc"
    assert names("state") == "cba"
    assert names("fitness") == "bca"
    assert names("fitness", True) == "cba"
    assert names("r2") == "cba"
    assert names("r2", True) == "bca"
