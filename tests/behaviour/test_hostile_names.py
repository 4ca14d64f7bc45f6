"""A table whose columns and classes are called like markup, from init to every output."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from pages import check_page, read_page

from srnet_cli import cli

pytestmark = [pytest.mark.slow, pytest.mark.long]

COLUMNS = ('<b>a</b> & "q"', "_x^2$ %\\frac{", "=1+1|`tick`*\x1b[31m")
TARGET = "kind</td><script>alert(1)</script>"
CLASSES = ("<i>A</i>|1", "\\input{x} $&#~^", "=2+2\x1b]0;title\x07")
PAGE = """\\documentclass{article}
\\usepackage[utf8]{inputenc}\\usepackage[T1]{fontenc}
\\usepackage{amsmath,amssymb,graphicx,textcomp}
\\begin{document}
%s
\\end{document}
"""
SMALL = (
    *("strategy=mnncgp-es", "population=20", "mutation=0.3", "generations=3", "threads=1"),
    "functions=[add, mul, sin, cos]",
)


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every command prints or writes, by the command."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SRNET_RUNS_DIR", str(folder / "runs"))
        patch.setenv("COLUMNS", "80")
        _write_table(folder / "odd.csv")
        return _run_all(folder)


def _write_table(path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(90, 3)).round(3)
    kinds = np.where(rows[:, 0] > 0.4, 0, np.where(rows[:, 1] > 0, 1, 2))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, TARGET])
        writer.writerows([*row, CLASSES[kind]] for row, kind in zip(rows, kinds, strict=True))


def _run_all(folder: Path) -> dict[str, str]:
    commands = [
        *(["init", "--data", "odd.csv", "--target", TARGET], ["validate", "odd.yaml"]),
        [
            *("fit", "odd.yaml", "--run-dir", "runs/odd", "--set", "network.train.hidden=[3]"),
            *("--set", "proof.max_boxes=0"),
            *(word for setting in SMALL for word in ("--set", f"evolution.{setting}")),
        ],
        *(["explain", "odd", "--format", form] for form in ("table", "json", "markdown", "latex")),
        *(["explain", "odd", "--at", "0", "--format", form] for form in ("markdown", "latex")),
        ["compare", "odd", "--instances", "2", "--format", "latex"],
        ["explain", "odd", "--fronts"],
        *(["export", "odd", "--to", form] for form in ("latex", "markdown", "python")),
        ["predict", "odd.csv", "odd", "-o", "answers.csv"],
        ["report", "odd", "-o", "odd.html", "--figures", "pdf"],
        ["ls"],
    ]
    told = {}
    for command in commands:
        stream, beside = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdout", stream)
            patch.setattr("sys.stderr", beside)
            assert run(*command) == 0, beside.getvalue()
        name = " ".join(word for word in command if word != TARGET)
        told[name] = stream.getvalue()
        told[f"beside {name}"] = beside.getvalue()
    told |= {name: (folder / name).read_text("utf-8") for name in ("answers.csv", "odd.html")}
    return told


def test_a_terminal_is_told_nothing_but_words(outputs: dict[str, str]) -> None:
    """No control character comes through, on standard output or beside it."""
    for name, text in outputs.items():
        if name not in ("answers.csv", "odd.html") and "export" not in name:
            odd = {c for c in text if unicodedata.category(c) == "Cc"} - {"\n"}
            assert not odd, (name, odd)


def test_markdown_tables_parse(outputs: dict[str, str]) -> None:
    """Every row of a table has as many cells as its head, and no tag is one."""
    for name, text in outputs.items():
        if not name.endswith("markdown") or name.startswith("beside"):
            continue
        cells: int | None = None
        for line in text.splitlines():
            if not line.startswith("|"):
                cells = None
                continue
            bars = len(re.findall(r"(?<!\\)\|", line))
            cells = bars if cells is None else cells
            assert bars == cells, (name, line)
        outside_code = re.sub(r"```.*?```|(`+).*?\1", "", text, flags=re.S)
        assert not re.search(r"(?<!\\)<(script|b|i)>", outside_code), name


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(outputs: dict[str, str], tmp_path: Path) -> None:
    """All that is printed as LaTeX, on one page after the other."""
    parts = [
        text for name, text in outputs.items() if re.fullmatch(r"e?xp.* latex|c.* latex", name)
    ]
    assert len(parts) >= 4
    exported = outputs["export odd --to latex"]
    if "\\documentclass" in exported:
        parts.remove(exported)
        (tmp_path / "exported.tex").write_text(exported, encoding="utf-8")
    (tmp_path / "odd.tex").write_text(PAGE % "\n\n".join(parts), encoding="utf-8")
    for path in sorted(tmp_path.glob("*.tex")):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, errors="replace"
        )
        assert done.returncode == 0, done.stdout[-2000:]


def test_the_report_holds_no_element_of_theirs(outputs: dict[str, str]) -> None:
    """Names are words of the page."""
    page = read_page(outputs["odd.html"])
    check_page(page)
    assert len(page.all("script")) == 1
    assert TARGET in page.all("h1")[0].text
    assert any("<i>A</i>|1" in cell.text for cell in page.by_id("classes").all("th", "td"))


def test_programs_read_the_names_as_they_are(outputs: dict[str, str]) -> None:
    """CSV with its own columns first, and JSON."""
    head, *rows = csv.reader(io.StringIO(outputs["answers.csv"]))
    assert tuple(head[:4]) == (*COLUMNS, TARGET)
    assert {len(row) for row in rows} == {len(head)}
    assert len(rows) == 90
    assert {row[head.index(f"{TARGET}_formula")] for row in rows} <= {*CLASSES, ""}
    record = json.loads(outputs["explain odd --format json"])
    assert CLASSES[0] in json.dumps(record, ensure_ascii=False)
