"""``srnet verify``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from srnet_cli.errors import StorageError, UsageError
from srnet_cli.rendering.formats import render
from srnet_cli.runs.verifying import document, run
from srnet_cli.store import Commit


def told(reference: str) -> str:
    return render(document(run(reference)), "table")


def test_a_whole_run(finished: Path) -> None:
    """A run that is as it was committed is called so."""
    assert told("small-run") == f"{finished}: every file is as committed"
    assert run() == run("small-run")


def test_every_flipped_byte_is_found(finished: Path) -> None:
    """Whichever file is changed, at whichever place, the line names it."""
    files = [path for path in finished.rglob("*") if path.is_file() and path.name != "LOCK"]
    assert len(files) > 12
    for path in files:
        whole = path.read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 1}:
            changed = bytearray(whole)
            changed[place] ^= 0x10
            path.write_bytes(changed)
            with pytest.raises(StorageError, match=f"{path.name}: changed"):
                run(str(finished))
        path.write_bytes(whole)
    assert told(str(finished)).endswith("as committed")


def test_several_damages_are_counted(finished: Path) -> None:
    """The first is named and the others are counted, in one line."""
    (finished / "metrics.json").unlink()
    (finished / "stranger.txt").touch()
    (finished / "curves.csv").write_text("")
    with pytest.raises(StorageError, match=r"curves\.csv: changed \(and 2 more\)$"):
        run(str(finished))


def test_a_commit_that_was_removed_is_missed(finished: Path) -> None:
    """A run that says it has finished has a commit."""
    (finished / "DONE.json").unlink()
    with pytest.raises(StorageError, match=r"DONE\.json: missing"):
        run(str(finished))


@pytest.mark.parametrize("name", ["model.json", "expressions.json", "metrics.json", "rows.npz"])
def test_a_commit_that_lacks_a_file_is_found(finished: Path, name: str) -> None:
    """A commit that was sealed anew without a file of which the run consists is not whole."""
    done = finished / "DONE.json"
    commit = Commit.from_bytes(done.read_bytes(), done)
    rest = {known: entry for known, entry in commit.files.items() if known != name}
    done.write_bytes(Commit(commit.finished, rest).to_bytes())
    (finished / name).unlink()
    with pytest.raises(StorageError, match=f"{name}: missing"):
        run(str(finished))


def test_an_unfinished_run_says_so(finished: Path) -> None:
    """Without a commit only checkpoints can be verified, which the answer says."""
    (finished / "DONE.json").unlink()
    info = finished / "run.json"
    info.write_text(json.dumps(json.loads(info.read_text()) | {"state": "stopped"}))
    assert told(str(finished)) == f"{finished}: not finished; checkpoints verify"


def test_no_run(runs_dir: Path) -> None:
    """A run that is not there is a usage error."""
    with pytest.raises(UsageError, match="no run 'x'"):
        run("x")


@pytest.mark.parametrize("form", ["table", "json", "markdown", "latex"])
def test_every_format_says_it(finished: Path, form: str) -> None:
    """JSON as two fields, the others in words."""
    text = render(document(run("small-run")), form)
    if form == "json":
        assert json.loads(text) == {"run": str(finished), "finished": True}
    else:
        assert "every file is as committed" in text
