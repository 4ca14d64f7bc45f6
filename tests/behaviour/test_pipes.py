"""A pipe in a run folder, for a file or a folder: no command waits for its other end."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from srnet_cli import cli

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0"
NAMES = ("checkpoint", "LOCK", "log.txt", "DONE.json", "run.json")
PATIENCE = 120
"""Seconds: who waits for a pipe waits for ever, and nothing else takes as long on any machine."""


@contextmanager
def no_waiting() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise AssertionError("waits for a pipe")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(*arguments: object) -> int:
    with no_waiting(), pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stop.value.code, int)
    return stop.value.code


def with_pipe(golden: Path, runs: Path, name: str) -> Path:
    """A copy of a run with a pipe in the place of a file or of the checkpoints."""
    folder = Path(shutil.copytree(golden, runs / f"{golden.name}-1"))
    place = folder / name
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    os.mkfifo(place)
    return folder


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["auto", "unfinished"])
def test_a_pipe_keeps_nobody(
    kind: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every command ends, with an answer or in a word; ``ls`` lists the run, and ``verify`` names
    what is wrong with it."""
    folder = with_pipe(GOLDEN / kind, tmp_path, name)
    monkeypatch.setenv("SRNET_RUNS_DIR", str(tmp_path))
    assert run("ls") == 0
    assert folder.name in capsys.readouterr().out
    assert run("verify", "--run", folder) == 4
    assert name in capsys.readouterr().err
    given = ("--run", folder)
    commands: list[tuple[object, ...]] = [
        ("explain", *given),
        ("export", *given, "--to", "python", "--output", tmp_path / "formulas.py"),
        ("report", *given, "--output", tmp_path / "page.html"),
        ("fit", "--quiet", folder / "config.yaml", "--run-dir", folder),
    ]
    if not (kind == "auto" and name in ("checkpoint", "log.txt")):  # which keep nobody for seconds
        commands.append(("compare", "--quiet", "--instances", 1, *given))
    for command in commands:
        code = run(*command)
        said = capsys.readouterr().err
        assert code in (0, 2, 4), (command, said)
        assert code == 0 or said.startswith("srnet: "), (command, said)
