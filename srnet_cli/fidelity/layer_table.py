"""The table of R² by layer and set of rows."""

from __future__ import annotations

from collections.abc import Mapping

from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.rendering.text_table import score


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
