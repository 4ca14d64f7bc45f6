"""Fields of a column as numbers."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.datasets.readings import READINGS, in_words, read_fields


@pytest.mark.parametrize(
    ("fields", "name", "values"),
    [
        (["1", "-2.5e1", ""], "number", [1, -25, np.nan]),
        (["1,200", "3", "12,345,678.5"], "thousands", [1200, 3, 12345678.5]),
        (["1,5", "2", "1.200,25", "-,5"], "decimal comma", [1.5, 2, 1200.25, -0.5]),
        (["59%", "5.5 %", "0,5%"], "per cent", [0.59, 0.055, 0.005]),
        (["$1,200.50", "-$3", "$ 4", ""], "currency", [1200.5, -3, 4, np.nan]),
        (["5 USD", "1,200USD"], "currency", [5, 1200]),
        (["1.200,50 €", "3 €"], "currency, decimal comma", [1200.5, 3]),
        (["yes", "No", "YES"], "boolean", [1, 0, 1]),
        (["ja", "Nein"], "boolean", [1, 0]),
        (["t", "f"], "boolean", [1, 0]),
        (["2020-01-31", "1969/12/31"], "date", [18292, -1]),
        (["2020-01-01 12:00", "2020-01-01T06:00:00+06:00"], "date", [18262.5, 18262]),
        (["31 Jan 2020", "February 1, 2020"], "date", [18292, 18293]),
        (["31.01.2020", "1.2.2020 18:00"], "date, day first", [18292, 18293.75]),
        (["03/31/2020", "04/01/2020"], "date, month first", [18352, 18353]),
        (["05.06.2020"], "date, day first", [18418]),
    ],
)
def test_columns_have_one_reading(fields, name, values):
    """Under which all fields are numbers; what holds nothing is none."""
    read = read_fields(fields)
    assert read is not None
    assert read.name == name
    np.testing.assert_allclose(read.values, values, rtol=1e-12)


@pytest.mark.parametrize(
    "fields",
    [
        *(["abc"], ["1", "x"], ["59%", "60"], ["yes", "1"], ["1,2,3", "1.5"], ["2020-13-01"]),
        *(["03/04/2020"], ["31/12/2020", "12/31/2020"], ["2020-01-01 25:00"], ["1.2.3"], ["%"]),
        *(["$5", "5 €"], ["$5", "5"], ["$"], ["$1.2.3"], ["5 kg"]),
        *(["30 Foo 2020"], ["2020-02-30"], ["1,,5"], ["12,34,567"]),
    ],
)
def test_what_has_no_reading(fields):
    """Fields that no reading fits, or that could mean two things."""
    assert read_fields(fields) is None


def test_what_a_comma_means():
    """The separator of the file decides where a column leaves it open; a setting always does."""
    fields = ["1,200", "2,500"]
    for options, value in (
        ({}, 1200),
        ({"separator": ";"}, 1.2),
        ({"decimal": "comma"}, 1.2),
        ({"decimal": "point", "separator": ";"}, 1200),
    ):
        assert read_fields(fields, **options).values[0] == value
    assert read_fields(["1.200"], decimal="comma").values[0] == 1200
    assert read_fields(["1,5"], decimal="point") is None


@given(st.datetimes(datetime.datetime(1, 1, 2), datetime.datetime(9999, 12, 30)))
def test_dates_count_days(moment):
    """Against the standard library's calendar, before 1970 too."""
    days = (moment - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)
    for text in (moment.isoformat(), moment.isoformat(" ")):
        assert READINGS["date"]([text])[0] == pytest.approx(days, rel=1e-12, abs=1e-9)
    assert READINGS["date, day first"]([moment.strftime("%d.%m.") + f"{moment.year:04}"])[0] == (
        moment.toordinal() - 719163
    )


@given(st.lists(st.text(max_size=12), max_size=5))
def test_any_text_is_read_or_not(fields):
    """No field makes a reading fail."""
    for name, reading in READINGS.items():
        assert len(reading(fields)) == len(fields)
        assert isinstance(in_words(name), str)
    read_fields([field.strip() for field in fields])
