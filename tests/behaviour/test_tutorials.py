"""The tutorials: their files are made, their commands and programs run; the notebook too."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from srnet_cli import cli
from srnet_cli.api.run import Run

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TUTORIALS = ("quickstart", "your-own-table", "classifier", "first-suite")
QUICK = [
    "evolution.generations=2",
    "evolution.max_evaluations=200",
    "evolution.functions=[add, mul]",
    "evolution.threads=1",
    "dataset.oracle_rows=300",
    "network.train.max_iter=60",
    "network.train.hidden=[3]",
]
"""Settings that make a fit a matter of seconds; what is tested is that it goes through."""

BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```", re.M | re.S)


def quick(line: str) -> list[str]:
    """The arguments of a command, with settings that make it quick where it searches."""
    arguments = shlex.split(line, comments=True)[1:]
    if arguments[0] == "fit":
        return [*arguments, *(part for setting in QUICK for part in ("--set", setting))]
    if arguments[0] == "bench" and "--format" not in arguments:
        few = [setting for setting in QUICK if "functions" not in setting]
        sets = [part for setting in few for part in ("--set", setting)]
        return [*arguments, "--jobs", "1", "--trials", "1", *sets]
    return arguments


def steps(page: str) -> Iterator[tuple[str, str, str]]:
    """Kind, title and content of a page's blocks, in order."""
    yield from BLOCK.findall((DOCS / f"{page}.md").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS)
def test_a_tutorial_goes_through(
    page: str, tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a reader would: files are written, programs and commands run, each ends well."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    commands = 0
    for kind, title, content in steps(page):
        if title:
            (tmp_path / title).write_text(content, encoding="utf-8")
        if kind == "python":
            exec(compile(content, title, "exec"), {})
        for line in content.replace("\\\n", " ").splitlines() if kind == "sh" else ():
            if line.startswith("srnet bench") and "--format" in line:
                continue  # the same suite without the settings that make it quick
            with pytest.raises(SystemExit) as stop:
                cli.main(quick(line))
            assert stop.value.code == 0, line
            commands += 1
    assert commands
    assert list(runs_dir.iterdir())


def programs() -> list[str]:
    """The programs on the page about Python, as one: each goes on where the last ended."""
    return [content for kind, _, content in steps("python") if kind == "python"]


def test_the_programs_of_the_python_page_run(
    tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """And find what the page has put there."""
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    for program in programs():
        short = program.replace("20_000", "300").replace("2_000", "300")
        exec(compile(short, "python.md", "exec"), scope)
    assert scope["regressor"].score(scope["X"], scope["y"]) > 0.9
    assert "x0" in capsys.readouterr().out


def test_every_name_of_the_python_page_exists() -> None:
    """What the table says a run has, it has."""
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", text.split("## What a run has")[1], re.M)
    names = re.findall(r"`(\w+)", " ".join(rows))
    assert len(names) > 15
    assert all(hasattr(Run, name) for name in names), names


NOTEBOOK = json.loads((DOCS / "notebook.ipynb").read_text(encoding="utf-8"))


def test_the_notebook_runs(tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cell by cell, in one process; the last value of each can be shown."""
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    shown = []
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] != "code":
            continue
        program = ast.parse("".join(cell["source"]).replace("5_000", "400"))
        last = program.body.pop() if isinstance(program.body[-1], ast.Expr) else None
        exec(compile(program, "notebook", "exec"), scope)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), "notebook", "eval"), scope))
    assert any(isinstance(value, Figure) for value in shown)
    assert all(repr(value) for value in shown)
    assert scope["run"].features == ("length", "angle")


def test_the_notebook_is_a_notebook_and_holds_no_output() -> None:
    """Of the format's fourth version; results are made, not kept."""
    assert (NOTEBOOK["nbformat"], NOTEBOOK["metadata"]["kernelspec"]["name"]) == (4, "python3")
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    code = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_pictures_are_small_and_all_of_them_are_shown() -> None:
    """Each is shown on some page, and loads at once."""
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.*") if path.is_file())
    pictures = list((DOCS / "pictures").iterdir())
    assert pictures
    for picture in pictures:
        assert f"pictures/{picture.name}" in pages, picture.name
        assert picture.stat().st_size < 60_000, picture.name
