"""Tables of plain text, in which nothing is ever cut or wrapped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

SET_NAMES = {
    "train": "training",
    "validation": "selection",
    "interpolation": "held-out",
    "extrapolation": "beyond",
    "boundary": "boundary",
}
"""What the sets of rows, see ``fidelity.SETS``, are called in print."""

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


def fidelity_rows(
    r2: Mapping[str, Mapping[str, float | None]],
    rows: Mapping[str, int],
    undefined: Mapping[str, int],
) -> list[list[str]]:
    """The cells of a table of R² to the network, a column a set of rows.

    Args:
        r2: figures by what they belong to, such as ``hidden 1``, and by set.
        rows: number of rows of every set.
        undefined: number of rows of every set on which the formulas have no value.
    """
    table = [["R² to the network", *(SET_NAMES[name] for name in rows)]]
    for what, scores in r2.items():
        table.append([what, *(score(scores[name]) if name in scores else "" for name in rows)])
    table.append(["rows", *(str(count) for count in rows.values())])
    if any(undefined.values()):
        table.append(["without a value", *(str(undefined[name]) for name in rows)])
    return table
