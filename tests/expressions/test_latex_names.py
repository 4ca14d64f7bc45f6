"""Names in LaTeX show what the names are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import sympy

from srnet_cli.expressions import as_latex
from srnet_cli.expressions.latex_names import latex_name


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
        ("a\nb", r"\text{a\textbackslash{}nb}"),
        ("温度", r"\text{\texttt{U+6E29}\texttt{U+5EA6}}"),
    ],
)
def test_names(name: str, latex: str) -> None:
    """A letter has an index only where digits follow it; everything else stands upright."""
    assert latex_name(name) == latex


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
    names = ["x1", "x_1", "ΔT_K", "größe", "温度", "local", "num__age", "E_", "a^b %$#&{}~|<>"]
    symbols = sympy.symbols("x0:12")
    long = sympy.Add(*(sympy.Float(0.1234) * sympy.sin(x) / (x + 2) for x in symbols))
    lines = [f"{latex_name(name)} &= {as_latex(sympy.sqrt(long), 60)}" for name in names]
    (tmp_path / "page.tex").write_text(PAGE % " \\\\\n".join(lines), encoding="utf-8")
    options = [] if engine == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error"]
    subprocess.run([engine, *options, "page.tex"], cwd=tmp_path, check=True, timeout=300)
