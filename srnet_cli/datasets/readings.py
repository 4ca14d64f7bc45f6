"""How the fields of a column are read as numbers: plain, with separators, per cent, yes, dates.

A column has one reading, under which every field that holds something is a number. What a single
field would leave open, such as ``1,200`` or ``03/04/2020``, the others of its column decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from srnet_cli.datasets.text_file import numbers_in

Array = NDArray[np.float64]
Decimal = Literal["auto", "point", "comma"]

MISSING = ("", "?", "na", "n/a", "nan", "null", "none", "nat", "-", "#n/a", "<na>")
"""Fields that hold nothing, in lower case."""

PLAIN = "number"
BOOLEAN = "boolean"
DATES = ("date", "date, day first", "date, month first")

_GROUPED = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_COMMA = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d*)(?:,\d*)?(?:[eE][-+]?\d+)?")
_MONEY = r"[$€£¥₹]|(?:USD|EUR|GBP|CHF|JPY|CNY|INR)"
_PRICED = re.compile(
    rf"(?P<sign>[-+]?)(?:(?P<before>{_MONEY})\s*(?P<behind>[-+]?[\d.,]+)"
    rf"|(?P<number>[\d.,]+)\s*(?P<after>{_MONEY}))"
)
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "t", "y", "on", "ja", "wahr", "oui", "vrai"), 1.0),
    **dict.fromkeys(("false", "no", "f", "n", "off", "nein", "falsch", "non", "faux"), 0.0),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = r"(?:[T ]+(?P<t>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|[-+]\d{2}:?\d{2})?))?"
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})" + _TIME)
_DAY_FIRST = re.compile(r"(?P<d>\d{1,2})([-/.])(?P<m>\d{1,2})\2(?P<y>\d{4})" + _TIME)
_MONTH_FIRST = re.compile(r"(?P<m>\d{1,2})([-/.])(?P<d>\d{1,2})\2(?P<y>\d{4})" + _TIME)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = (
    re.compile(r"(?P<d>\d{1,2})([-/. ]) *(?P<m>[A-Za-z]{3,9})[-/., ]+(?P<y>\d{4})" + _TIME),
    re.compile(r"(?P<m>[A-Za-z]{3,9})(\.?) +(?P<d>\d{1,2}),? +(?P<y>\d{4})" + _TIME),
)


class Read(NamedTuple):
    """A column as numbers.

    Attributes:
        name: of the reading, a key of ``READINGS``.
        values: (n,), NaN where a field holds nothing.
    """

    name: str
    values: Array


def plain(texts: Sequence[str]) -> Array:
    """``-1.5e3``."""
    return numbers_in(texts)


def grouped(texts: Sequence[str]) -> Array:
    """``1,200`` and ``1,200.5``: commas between thousands; plain numbers too."""
    return plain([t.replace(",", "") if _GROUPED.fullmatch(t) else t for t in texts])


def decimal_comma(texts: Sequence[str]) -> Array:
    """``1,5`` and ``1.200,5``: a comma before the decimals, points between thousands."""
    return plain([_pointed(text) for text in texts])


def _pointed(text: str) -> str:
    if not _COMMA.fullmatch(text):
        return "" if "," in text or "." in text else text
    return text.replace(".", "").replace(",", ".")


def per_cent(texts: Sequence[str]) -> Array:
    """``59%`` and ``5,9 %``: hundredths."""
    bare = [text[:-1].rstrip() if text.endswith("%") else "" for text in texts]
    values = plain([text.replace(",", ".") if text.count(",") == 1 else text for text in bare])
    return values / 100.0


def money(texts: Sequence[str]) -> Array:
    """``$1,200.50`` and ``-5 USD``: one currency, of which the sign is taken off."""
    return grouped(_unpriced(texts))


def money_comma(texts: Sequence[str]) -> Array:
    """``1.200,50 €``: the same with a comma before the decimals."""
    return decimal_comma(_unpriced(texts))


def _unpriced(texts: Sequence[str]) -> list[str]:
    """Fields without the sign of their currency; none of a column of several currencies."""
    matches = [_PRICED.fullmatch(text) for text in texts]
    signs = {match["before"] or match["after"] for match in matches if match}
    if len(signs) > 1:
        return [""] * len(texts)
    return ["" if m is None else m["sign"] + (m["behind"] or m["number"]) for m in matches]


def boolean(texts: Sequence[str]) -> Array:
    """``true``, ``yes``, ``on``: 1; ``false``, ``no``, ``off``: 0; also their first letters, and
    the same in German and French."""
    return _each(texts, lambda text: _BOOLEANS.get(text.lower(), np.nan))


def iso_date(texts: Sequence[str]) -> Array:
    """``2020-01-31``, with a time of day too, and ``31 Jan 2020``: days since 1970-01-01."""
    return _each(texts, lambda text: _days(text, (_YEAR_FIRST, *_NAMED)))


def day_first(texts: Sequence[str]) -> Array:
    """``31.01.2020``."""
    return _each(texts, lambda text: _days(text, (_DAY_FIRST,)))


def month_first(texts: Sequence[str]) -> Array:
    """``01/31/2020``."""
    return _each(texts, lambda text: _days(text, (_MONTH_FIRST,)))


def _each(texts: Sequence[str], read: Callable[[str], float]) -> Array:
    known = {text: read(text) for text in set(texts)}
    return np.array([known[text] for text in texts], dtype=np.float64)


def _days(text: str, forms: Iterable[re.Pattern[str]]) -> float:
    """Days since 1970-01-01, of Coordinated Universal Time where nothing is said; NaN: no date."""
    for form in forms:
        if (match := form.fullmatch(text)) is None:
            continue
        month = match["m"]
        if not month.isdigit():
            name = month[:3].lower()
            month = str(1 + _MONTHS.index(name)) if name in _MONTHS else "0"
        try:
            day = datetime(int(match["y"]), int(month), int(match["d"]), tzinfo=UTC)
            return (day - _EPOCH) / timedelta(days=1) + _share_of_day(
                (match["t"] or "").replace(" ", "")
            )
        except (ValueError, OverflowError):
            continue
    return np.nan


def _share_of_day(clock: str) -> float:
    """Of ``12:00`` one half; a zone is taken off."""
    if not clock:
        return 0.0
    hour, _, rest = clock.partition(":")
    moment = datetime.fromisoformat(f"1970-01-01T{hour:0>2}:{rest.replace(',', '.')}")
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) / timedelta(days=1)


READINGS: dict[str, Callable[[Sequence[str]], Array]] = {
    PLAIN: plain,
    "thousands": grouped,
    "decimal comma": decimal_comma,
    "per cent": per_cent,
    "currency": money,
    "currency, decimal comma": money_comma,
    BOOLEAN: boolean,
    **dict(zip(DATES, (iso_date, day_first, month_first), strict=True)),
}
"""By name, from stripped fields to numbers; NaN where a field is none under that reading."""

_WORDS = {
    "thousands": "commas between thousands are taken out",
    "decimal comma": "a comma stands before the decimals",
    "per cent": "per cent are hundredths, 59% is 0.59",
    "currency": "the currency's sign is taken off",
    "currency, decimal comma": "the currency's sign is taken off, a comma stands before decimals",
    BOOLEAN: "yes and true are 1, no and false 0",
    **dict.fromkeys(DATES, "days since 1970-01-01"),
}


def in_words(name: str) -> str:
    """How a reading makes numbers, in words; empty of plain numbers."""
    form = {"date, day first": ", day before month", "date, month first": ", month before day"}
    return _WORDS.get(name, "") + form.get(name, "")


def read_fields(
    texts: Sequence[str], *, decimal: Decimal = "auto", separator: str = ","
) -> Read | None:
    """A column under the first reading that fits all of its fields, None where there is none.

    Args:
        texts: stripped fields, those that hold nothing as ``""``.
        decimal: what stands before decimals; auto: a point, unless the fields say otherwise.
        separator: between the fields of the file: where it is a semicolon, a comma that could
            stand between thousands stands before decimals.

    Dates of which day and month cannot be told apart have no reading, see ``is_ambiguous_date``.
    """
    held = np.array([bool(text) for text in texts], dtype=bool)
    for name in _order(decimal, separator):
        values = READINGS[name](texts)
        if not np.isnan(values[held]).any():
            if name in DATES and is_ambiguous_date(texts):
                return None
            return Read(name, np.where(held, values, np.nan))
    return None


def _order(decimal: Decimal, separator: str) -> list[str]:
    others = [BOOLEAN, *DATES]
    commas = ["thousands", "decimal comma"]
    prices = ["currency", "currency, decimal comma"]
    if decimal == "comma":
        return [commas[1], "per cent", prices[1], *others]
    if decimal == "point":
        del commas[1], prices[1]
    elif separator == ";":
        commas.reverse()
        prices.reverse()
    return [PLAIN, *commas, "per cent", *prices, *others]


def is_ambiguous_date(texts: Sequence[str]) -> bool:
    """Whether fields are dates of which day and month cannot be told apart: ``03/04/2020``."""
    held = [text for text in texts if text]
    both = (day_first(held), month_first(held))
    is_either = not any(np.isnan(values).any() for values in both)
    return (
        bool(held)
        and is_either
        and not any("." in text for text in held)
        and (not np.array_equal(*both))
    )
