"""Tables of how faithful formulas are, which several commands show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from srnet_cli.fidelity.row_sets import SET_NAMES
from srnet_cli.rendering.table import (
    EMPTY,
    Cell,
    Column,
    Table,
    figures,
    number,
    score,
    shortfall,
    table,
    text,
)

if TYPE_CHECKING:
    from srnet_cli.fidelity.classes import Agreement
    from srnet_cli.fidelity.influence import Influence

Scores = Mapping[str, float | None]


def fidelity_table(
    r2: Mapping[str, Scores],
    rows: Mapping[str, int],
    undefined: Mapping[str, int],
    judged: str,
    beside: Mapping[str, Scores] = MappingProxyType({}),
) -> Table:
    """R² to the network, a column per set of rows; 1 - R² on the rows judged by has its own.

    Args:
        r2: figures by what they belong to, such as ``hidden 1``, and by set.
        rows: number of rows of every set.
        undefined: number of rows of every set on which the formulas have no value.
        judged: the set that formulas are judged on.
        beside: further columns of scores, by their heads, then by what they belong to.
    """
    titles = [*(SET_NAMES[name] for name in rows), f"{SET_NAMES[judged]}: 1−R²", *beside]
    blank = [EMPTY] * (1 + len(beside))
    lines = [
        [
            text(what),
            *(_score(scores, name) for name in rows),
            shortfall(scores.get(judged)),
            *(_score(column, what) for column in beside.values()),
        ]
        for what, scores in r2.items()
    ]
    lines.append([text("rows"), *(number(count, "d") for count in rows.values()), *blank])
    if any(undefined.values()):
        lost = (number(undefined[name], "d") for name in rows)
        lines.append([text("without a value"), *lost, *blank])
    return table([Column("R² to the network"), *figures(*titles)], lines)


def _score(scores: Scores, name: str) -> Cell:
    """A score; one that was measured but has no value is called so."""
    return score(scores[name]) if name in scores else EMPTY


def agreement_table(agreement: Mapping[str, Agreement]) -> Table:
    """How often formulas and network name the same class, a column per set of rows."""
    measures = {
        "same class": [by_set.agreement for by_set in agreement.values()],
        "Cohen's kappa": [by_set.kappa for by_set in agreement.values()],
        "most frequent class alone": [by_set.majority_rate for by_set in agreement.values()],
    }
    return table(
        [
            Column("agreement with the network"),
            *figures(*(SET_NAMES[name] for name in agreement)),
        ],
        ([text(what), *_fractions(values)] for what, values in measures.items()),
    )


def confusion_table(agreement: Agreement, classes: Sequence[str], rows: str) -> Table:
    """The confusion matrix of a set of rows, the network's classes downwards."""
    head = f"{SET_NAMES[rows]} rows: network down, formulas across"
    counts = zip(classes, agreement.confusion, strict=True)
    return table(
        [Column(head), *figures(*classes)],
        ([text(name), *(number(count, "d") for count in row)] for name, row in counts),
    )


def influence_table(influences: Sequence[Influence], shown: int) -> Table:
    """The inputs that matter most, at most so many."""
    titles = ("agreement lost", "±", "network changes")
    return table(
        [Column("inputs that matter, when shuffled"), *figures(*titles)],
        (
            [text(each.input), *_fractions([each.lost, each.deviation, each.changed])]
            for each in influences[:shown]
        ),
    )


def _fractions(values: Iterable[float]) -> list[Cell]:
    return [number(value, ".4f") for value in values]
