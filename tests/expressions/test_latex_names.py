"""Names in LaTeX show what the names are, and can be read back."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.expressions import as_latex
from srnet_cli.expressions.latex_names import GREEK, escaped, latex_name

UNESCAPED = {
    r"\textbackslash{}": "\\",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\textasciigrave{}": "`",
    "''": '"',
    **{f"\\{letter}": letter for letter in "&%$#_{}"},
    **{f"$\\{name}$": letter for name, letter in GREEK.items()},
}


def read(latex: str) -> str:
    """The text that was escaped."""
    pattern = "|".join(map(re.escape, sorted(UNESCAPED, key=len, reverse=True)))
    return re.sub(pattern, lambda match: UNESCAPED[match[0]], latex)


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("x_1", r"\mathrm{x\_1}"),
        ("local", r"\mathrm{local}"),
        ("num__age", r"\mathrm{num\_\_age}"),
        ("h0_", r"\mathrm{h0\_}"),
        ("f_", r"\mathrm{f\_}"),
        ("h1_0", "h_{1,0}"),
        ("alpha", r"\alpha"),
        ("theta1", r"\theta_{1}"),
        ("lambda_", r"\lambda"),
        ("Δ", r"\Delta"),
        ("ΔT_K", r"\text{$\Delta$T\_K}"),
        ("größe", r"\text{größe}"),
        ("100% ^$#&{}", r"\text{100\% \textasciicircum{}\$\#\&\{\}}"),
        ("target/kW", r"\text{target/kW}"),
        ("a\nb", r"\text{a b}"),
    ],
)
def test_names(name: str, latex: str) -> None:
    """A letter has an index only where digits follow it; everything else stands upright."""
    assert latex_name(name) == latex


PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="'")


@given(st.text(alphabet=PRINTABLE))
def test_escapes_read_back(text: str) -> None:
    """Nothing is lost or changed by escaping, and no special character stands alone."""
    latex = escaped(text)
    assert read(latex) == text
    assert not re.search(r"(?<!\\)[&%#^~]", latex)


PAGE = r"""\documentclass{article}
\usepackage{amsmath}
\begin{document}
\begin{align*}
%s
\end{align*}
\end{document}
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["pdflatex", "xelatex", "lualatex", "tectonic"])
def test_formulas_compile(engine: str, tmp_path: Path) -> None:
    """Names of every kind, and a formula on several lines, compile."""
    if shutil.which(engine) is None:
        pytest.skip(f"needs {engine}")
    names = ["x1", "x_1", "ΔT_K", "größe", "local", "num__age", "E_", "a^b %$#&{}~|<>"]
    symbols = sympy.symbols("x0:12")
    long = sympy.Add(*(sympy.Float(0.1234) * sympy.sin(x) / (x + 2) for x in symbols))
    lines = [f"{latex_name(name)} &= {as_latex(sympy.sqrt(long), 60)}" for name in names]
    (tmp_path / "page.tex").write_text(PAGE % " \\\\\n".join(lines), encoding="utf-8")
    options = [] if engine == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error"]
    subprocess.run([engine, *options, "page.tex"], cwd=tmp_path, check=True, timeout=300)
