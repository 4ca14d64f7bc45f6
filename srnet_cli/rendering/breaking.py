"""Long formulas in lines: broken before an operator, at as few nested parentheses as will do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len

# A blank before an operator that stands between blanks, or the place behind a product's sign.
_BREAKS = re.compile(r" (?=[+-] )|(?<=\w)(?=\*\w)|(?<=\))(?=\*)|(?<=[\w)])(?=\*\()|(?<=,) ")


def broken(line: str, room: int, indent: int) -> Iterator[str]:
    """A line of a formula as lines that fit, where it can be broken at all.

    Args:
        line: the formula as it is typed; its names hold no blanks before an operator.
        room: columns that there are.
        indent: blanks before every line but the first; each level of parentheses adds two.

    Yields:
        lines that, put together without the indents, are the formula: only blanks may differ.
    """
    depths = _depths(line)
    start, blanks = 0, 0
    while blanks + cell_len(line[start:]) > room:
        place = _place(line, depths, start, room - blanks)
        if place is None:
            break
        yield " " * blanks + line[start:place].rstrip()
        start = place + (len(line[place:]) - len(line[place:].lstrip(" ")))
        blanks = min(indent + 2 * depths[start], max(indent, room // 3))
    yield " " * blanks + line[start:]


def _place(line: str, depths: list[int], start: int, room: int) -> int | None:
    """Where to break: the last of the best places that fit, in the latter half of the line if there
    are some there; else the first place beyond. Places at fewer open parentheses are better."""
    begin = start + len(line[start:]) - len(line[start:].lstrip(" ")) + 1
    places = [match.start() for match in _BREAKS.finditer(line, begin)]
    fitting = [place for place in places if cell_len(line[start:place]) <= room]
    if not fitting:
        return next(iter(places), None)
    late = [place for place in fitting if place - start > room // 2] or fitting
    # Between factors only where there are no terms nearby, of at most two levels more.
    costs = {place: depths[place] + (0 if line[place] == " " else 2) for place in late}
    least = min(costs.values())
    return max(place for place in late if costs[place] == least)


def _depths(line: str) -> list[int]:
    """How many parentheses are open before each character, and at the end."""
    depths, depth = [], 0
    for character in line:
        depth -= character in ")]"
        depths.append(depth)
        depth += character in "(["
    return [*depths, depth]
