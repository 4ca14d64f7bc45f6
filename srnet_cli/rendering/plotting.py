"""Plots as PNG files."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def blank_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    # Without pyplot there is no global state, and no display is looked for.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def label(words: object, longest: int | None = None) -> str:
    """Words of a user as a label that shows them as they are.

    Between dollar signs Matplotlib would read formulas, and fail on most; a legend leaves out what
    begins with an underscore.

    Args:
        words: a name, or anything that is written as one.
        longest: so many characters at most; a longer name ends in an ellipsis.
    """
    name = " ".join(str(words).split())
    if longest is not None and len(name) > longest:
        name = f"{name[: longest - 1]}…"
    name = name.replace("$", r"\$")
    return f"\N{ZERO WIDTH SPACE}{name}" if name.startswith("_") else name


@contextmanager
def boxes_for_missing_letters() -> Iterator[None]:
    """Say nothing of letters that the font has not: boxes are drawn, and nobody can do more."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        yield


def as_png(figure: Figure) -> bytes:
    """The figure as a PNG file, the same for the same figure."""
    buffer = io.BytesIO()
    with boxes_for_missing_letters():
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
