"""LaTeX, compiled where there is an engine, and else checked in its structure."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_documents import ODD_NAMES, odd_document

from srnet_cli.rendering.document import Document, Section, Verbatim
from srnet_cli.rendering.latex import render, upright
from srnet_cli.rendering.latex_words import escaped
from srnet_cli.rendering.table import Column, code, figures, number, table, text

PAGE = r"""\documentclass{article}
\usepackage{amsmath,graphicx,textcomp}
\begin{document}
%s
\end{document}
"""

SPELLED = {
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "char34": '"',
    "textquotesingle": "'",
    "textasciigrave": "`",
    "ldots": "…",
    "textdegree": "°",
}


def read(latex: str) -> str:
    """What an engine would set, of all that stands for ASCII."""
    shown = re.sub(r"\\(\w+)\{\}", lambda match: SPELLED[match[1]].replace("\\", "\0"), latex)
    shown = shown.replace("{-}", "-")
    return re.sub(r"\\([&%$#_{}])", r"\1", shown).replace("\0", "\\")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_ascii_reads_as_it_was(name: str) -> None:
    """Every character is there, none has a meaning, and braces balance."""
    latex = escaped(name)
    assert read(latex) == name
    bare = re.sub(r"\\[a-z]+\{\}|\\.", "", latex)
    assert not set("%#&_^~$\"'`<>|") & set(bare)
    assert bare.count("{") == bare.count("}")


@given(st.text(max_size=10))
def test_any_text_can_be_set_by_any_engine(name: str) -> None:
    """Only letters that pdfLaTeX has accents for are left as they are."""
    unescaped = [character for character in escaped(name) if not character.isascii()]
    assert all("\u00c0" <= character <= "\u017f" for character in unescaped)


def test_letters_keep_their_names() -> None:
    """Greek letters and units are set; what no font has is named by its code point."""
    assert escaped("ΔT (K)") == r"$\Delta$T (K)"
    assert escaped("λ ς") == r"$\lambda$ $\varsigma$"
    assert escaped(unicodedata.normalize("NFD", "été")) == "été"
    assert escaped("温") == r"\texttt{U+6E29}"
    assert upright("local") == r"\text{local}"
    assert upright("num__age") == r"\text{num\_\_age}"
    assert upright("x1") != upright("x_1")
    assert upright("y") == "y"


@pytest.mark.parametrize("name", ODD_NAMES)
def test_environments_are_closed(name: str) -> None:
    """Rows have as many cells as columns, comments are one line each, equations are aligned."""
    latex = render(odd_document(name))
    for environment in ("align*", "tabular"):
        assert latex.count(rf"\begin{{{environment}}}") == latex.count(rf"\end{{{environment}}}")
    lines = [line for line in latex.splitlines() if not line.startswith("%")]
    rows = [line for line in lines if line.endswith(r"\\") and "&=" not in line]
    assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1
    assert latex.count("&=") == 2


WIDE = table(
    [Column("case"), *figures(*(f"column {place}" for place in range(9)))],
    [[text("a"), *[number(1.5e-8, note="[1e-09, 2e+10]")] * 9]],
    note_title="interval",
)
LONG = table(["case", Column("error", wraps=True)], [[text("a"), code("no_thing " * 40)]])

VERBATIM = Verbatim(
    "\n".join(["", "[a]: * 2", "", "    indented: 'ß' %x_1", "*", "word " * 40, ""])
)


def test_verbatim_text_keeps_lines_and_indents() -> None:
    """A line each, that begins with as many blanks; what it means in LaTeX is escaped."""
    lines = render(Document("", sections=(Section("", (VERBATIM,)),))).splitlines()
    body = lines[lines.index(r"\begin{flushleft}\ttfamily") + 1 : lines.index(r"\end{flushleft}")]
    assert len(body) == len(VERBATIM.text.split("\n"))
    assert body[3] == r"\mbox{}~~~~indented: \textquotesingle{}ß\textquotesingle{} \%x\_1 \\"


def test_wide_tables_stay_on_the_page() -> None:
    """They are shrunk, or stacked where that would be too small to read; words are broken."""
    shrunk = render(Document("", sections=(Section("", (WIDE.select(range(5)),)),)))
    assert r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}" in shrunk
    stacked = render(Document("", sections=(Section("", (WIDE,)),)))
    assert r"\begin{tabular}{llrl}" in stacked
    assert r"$1.5 \cdot 10^{-8}$" in stacked
    assert r"p{0." in render(Document("", sections=(Section("", (LONG,)),)))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_it_compiles(tmp_path: Path) -> None:
    """All odd names in one document, no line of it wider than the page."""
    parts = [render(odd_document(name)) for name in ODD_NAMES]
    parts += [
        render(Document("", sections=(Section("", (block,)),))) for block in (WIDE, LONG, VERBATIM)
    ]
    (tmp_path / "odd.tex").write_text(PAGE % "\n\n".join(parts), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "odd.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_long_code_may_be_broken_within_calls_and_products() -> None:
    """A formula of nested calls has no blanks to break at; what is set stays the same, and powers
    are not parted."""
    formula = "sin(tanh(0.5*x*tanh(1.25*y**2)))" * 2
    latex = render(Document("", sections=(Section("", (table(["f"], [[code(formula)]]),)),)))
    assert r"sin(\allowbreak{}tanh(\allowbreak{}0.5*\allowbreak{}x" in latex
    assert r"y**2" in latex
    assert latex.replace(r"\allowbreak{}", "").count(formula) == 1
