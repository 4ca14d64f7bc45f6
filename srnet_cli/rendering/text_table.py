"""Tables of plain text, in which nothing is ever cut or wrapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_NEARLY_ONE = 1e-4


def aligned(rows: Sequence[Sequence[str]], *, right: bool = False) -> Iterator[str]:
    """Rows of cells as lines of columns.

    Args:
        rows: equally many cells each.
        right: whether all columns but the first are aligned to the right, as numbers are.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if right and place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def score(r2: float | None) -> str:
    """R² in a few characters; of one that is nearly 1, what is missing, since that differs."""
    if r2 is None:
        return "none"
    if r2 != 1.0 and 1.0 - r2 < _NEARLY_ONE:
        return f"1-{1.0 - r2:.1e}"
    return f"{r2:.4f}" if r2 > -100 else f"{r2:.3g}"
