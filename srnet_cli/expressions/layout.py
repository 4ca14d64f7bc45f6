"""Long formulas in LaTeX on several lines, broken at terms; ``rendering.breaking`` breaks text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

_INDENT = 2  # of every line but the first, in letters
_LATEX_PIECES = re.compile(
    r"(?P<operator> [+-] )"
    r"|(?P<open>\\left[(|])"
    r"|(?P<close>\\right[)|])"
    r"|(?P<command>\\[A-Za-z]+|\\.)"
    r"|(?P<brace>[{}])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_WIDE_COMMANDS = {r"\sin", r"\cos", r"\tan", r"\exp", r"\log", r"\min", r"\max", r"\abs"}


@dataclass(frozen=True)
class _Piece:
    """A part of a line.

    Attributes:
        text: what is written.
        width: how wide that is, in letters.
        rank: how bad it is to begin a line with this piece, None where that cannot be.
        pair: number of the pair of parentheses that this piece opens or closes.
    """

    text: str
    width: float
    rank: int | None = None
    pair: int | None = None


def latex_lines(latex: str, width: int) -> list[str]:
    r"""A formula in LaTeX on lines of about so many letters, where terms allow it.

    ``\left( … \right)`` that a line break parts become ``\bigl( … \bigr)``, which may be parted.

    Args:
        latex: the formula on one line, as ``LatexWriter`` writes it.
        width: letters per line; about 75 fill a page.
    """
    lines = _broken(list(_latex_pieces(latex)), width)
    homes = [{piece.pair for piece in line if piece.pair is not None} for line in lines]
    parted = {pair for pair in set().union(*homes) if sum(pair in home for home in homes) > 1}
    return ["".join(_unstretched(piece, parted).text for piece in line) for line in lines]


def latex_block(latex: str, width: int) -> str:
    r"""A formula in LaTeX, as an ``aligned`` block where it needs several lines."""
    first, *others = latex_lines(latex, width)
    if not others:
        return first
    body = "".join(rf" \\ &\quad {line.strip()}" for line in others)
    return rf"\begin{{aligned}}[t] &{first}{body} \end{{aligned}}"


def latex_width(latex: str) -> float:
    """About how many letters wide a formula is set."""
    return sum(piece.width for piece in _latex_pieces(latex))


def _broken(pieces: Sequence[_Piece], width: int) -> list[Sequence[_Piece]]:
    """The pieces line by line; each break is the best that still fits."""
    lines: list[Sequence[_Piece]] = []
    start, room = 0, float(width)
    while (end := _end_of_line(pieces, start, room)) < len(pieces):
        lines.append(pieces[start:end])
        start, room = end, float(width - _INDENT)
    return [*lines, pieces[start:]]


def _end_of_line(pieces: Sequence[_Piece], start: int, room: float) -> int:
    used = 0.0
    best: tuple[int, int] | None = None
    for place in range(start, len(pieces)):
        piece = pieces[place]
        if piece.rank is not None and place > start and used > 0.25 * room:
            key = piece.rank
            if used > room:
                return best[1] if best is not None else place
            if best is None or key <= best[0]:
                best = (key, place)
        used += piece.width
    return len(pieces) if used <= room or best is None else best[1]


def _latex_pieces(latex: str) -> Iterator[_Piece]:
    """The parts that may be parted: whatever stands in braces stays with what is before it."""
    open_pairs: list[int] = []
    pairs = 0
    place = 0
    while place < len(latex):
        match = _LATEX_PIECES.match(latex, place)
        assert match is not None
        end = match.end()
        if match["command"] or match[0] in "^_{":
            end, width = _with_arguments(latex, match.start())
            yield _Piece(latex[place:end], width)
        elif match["operator"]:
            yield _Piece(match[0], 3.0, 2 * len(open_pairs))
        elif match["open"]:
            pairs += 1
            open_pairs.append(pairs)
            yield _Piece(match[0], 1.0, None, pairs)
        elif match["close"]:
            yield _Piece(match[0], 1.0, None, open_pairs.pop())
        else:
            yield _Piece(match[0], 0.0 if match[0] == " " else 1.0)
        place = end


def _with_arguments(latex: str, start: int) -> tuple[int, float]:
    """(end, width) of a command, index, power or group with the groups that follow it."""
    command = re.compile(r"\\[A-Za-z]+|\\.|[\^_]|").match(latex, start)
    assert command is not None
    end, widths = command.end(), []
    while end < len(latex) and latex[end] == "{":
        after = _after_group(latex, end)
        widths.append(latex_width(latex[end + 1 : after - 1]))
        end = after
    name = command[0]
    if name == r"\frac":
        return end, max(widths, default=0.0) + 1.0
    if name in ("^", "_"):
        return end, 0.7 * sum(widths) if widths else 0.7
    own = 3.5 if name in _WIDE_COMMANDS else 1.5 if name == r"\sqrt" else 1.0
    return end, sum(widths) + (0.0 if name in ("", r"\mathrm", r"\text") else own)


def _after_group(latex: str, start: int) -> int:
    depth, place = 0, start
    while place < len(latex):
        letter = latex[place]
        if letter == "\\":
            place += 2
            continue
        depth += (letter == "{") - (letter == "}")
        place += 1
        if depth == 0:
            break
    return place


def _unstretched(piece: _Piece, parted: set[int]) -> _Piece:
    if piece.pair is None or piece.pair not in parted:
        return piece
    text = piece.text.replace(r"\left", r"\bigl").replace(r"\right", r"\bigr")
    return replace(piece, text=text)
