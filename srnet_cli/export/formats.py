"""The formats that formulas are exported in, by name. A new one is a module and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from srnet_cli.export import (
    c_code,
    excel_sheet,
    jax_code,
    numpy_code,
    onnx_graph,
    papers,
    python_code,
    sympy_code,
    torch_code,
)
from srnet_cli.export.subject import Precision, Subject


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        render: what makes text of a subject; None where there is a file only.
        pack: what makes the bytes of a file where that is no text.
        suffix: of file names for which ``pack`` is meant, where there is text too.
        precisions: of the numbers that it can compute with.
    """

    render: Callable[[Subject], str] | None
    pack: Callable[[Subject], bytes] | None = None
    suffix: str = ""
    precisions: tuple[Precision, ...] = ("double",)


_BOTH: tuple[Precision, ...] = ("double", "single")

FORMATS: dict[str, Format] = {
    "python": Format(python_code.render),
    "numpy": Format(numpy_code.render, precisions=_BOTH),
    "sympy": Format(sympy_code.render),
    "latex": Format(papers.latex),
    "mathml": Format(papers.mathml),
    "markdown": Format(papers.markdown),
    "excel": Format(excel_sheet.render, excel_sheet.pack, ".xlsx"),
    "c": Format(c_code.render, precisions=_BOTH),
    "onnx": Format(None, onnx_graph.pack, ".onnx", _BOTH),
    "torch": Format(torch_code.render, precisions=_BOTH),
    "jax": Format(jax_code.render, precisions=_BOTH),
}
