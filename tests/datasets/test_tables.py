"""From frames of text to checked columns of numbers."""

from __future__ import annotations

import datetime
import decimal
import gzip
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srnet_cli.datasets.parquet_file import read_parquet_table
from srnet_cli.datasets.tables import read_table
from srnet_cli.datasets.treatment import Treatment
from srnet_cli.errors import ConfigError, DataError


@pytest.fixture
def write(tmp_path):
    def write(content: bytes | str, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def parquet(tmp_path):
    pytest.importorskip("pyarrow")

    def parquet(frame: pd.DataFrame, **options: object) -> Path:
        path = tmp_path / "table.parquet"
        frame.to_parquet(path, **options)
        return path

    return parquet


def complaint(path: Path, target: str = "y", task: str = "regression") -> str:
    with pytest.raises(DataError) as caught:
        read_table(path, target, task)
    message = str(caught.value)
    assert str(path) in message
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    return message


def test_columns_and_target(write):
    """Features keep the file's order, wherever the target stands."""
    table = read_table(write("b,y,a b?\n1, 2e1 ,-.5\n4,5,+6.\n"), "y", "regression")
    assert table.features == ("b", "a b?")
    np.testing.assert_array_equal(table.X, [[1, -0.5], [4, 6]])
    np.testing.assert_array_equal(table.y, [20, 5])
    assert table.classes == ()
    assert table.notes == ()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("t.csv", None),
        ("T.CSV", None),
        ("t.tsv", None),
        ("t.csv.gz", gzip.compress),
        ("t.tsv.gz", gzip.compress),
    ],
)
def test_kinds_of_text(write, name, pack):
    """The name of the file says how it is packed and separated."""
    content = b"x,y\n1,2\n".replace(b",", b"\t" if ".tsv" in name else b",")
    table = read_table(write(pack(content) if pack else content, name), "y", "regression")
    np.testing.assert_array_equal(table.X, [[1]])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_are_read_exactly(write, values):
    """A number written in full is read to the last bit."""
    path = write("x,y\n" + "".join(f"{v!r},0\n" for v in values))
    np.testing.assert_array_equal(read_table(path, "y", "regression").X[:, 0], values)


@pytest.mark.parametrize("text", ["123456789012345678901234567890", "-18446744073709551617", "007"])
def test_integers_of_any_length_are_numbers(write, text):
    """An integer beyond 64 bits is the nearest float."""
    table = read_table(write(f"x,y\n{text},1\n-1,2\n"), "y", "regression")
    assert table.X[0, 0] == float(text)


def test_constant_columns_are_noted(write):
    """A constant column is allowed and said."""
    table = read_table(write("a,b,y\n1,2,3\n1,4,3\n"), "y", "regression")
    assert table.notes == ("constant columns: a",)
    np.testing.assert_array_equal(table.X[:, 0], [1, 1])


def test_columns_without_a_name_are_called_by_their_place(write):
    """As an index that pandas writes; a note says so where such a column is an input."""
    path = write(",x,y,\n0,1,3,\n1,2,5,\n")
    table = read_table(path, "y", "regression", treatment=Treatment(drop=["column 4"]))
    assert table.features == ("column 1", "x")
    assert table.notes[0].startswith("table.csv gives no name to column 1, which is an input")
    dropped = Treatment(drop=["column 1", "column 4"])
    assert read_table(path, "y", "regression", treatment=dropped).notes == ()


def test_one_row_is_a_table(write):
    """A single row can be read; whether it is enough, the split decides."""
    assert read_table(write("x,y\n1,2\n"), "y", "regression").X.shape == (1, 1)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("x,y\n", "no rows"),
        ("y\n1\n2\n", "no columns beside the target"),
        ("x,x,y\n1,2,3\n", "two columns are named 'x'"),
        (",column 1,y\n1,2,3\n", "two columns are named 'column 1'"),
        ("x,Y\n1,2\n", "no column 'y'; did you mean 'Y'? (columns: x, Y)"),
        ("x,z\n1,2\n", "no column 'y' (columns: x, z)"),
        ("x,y\n1,2\nabc,3\n", "column 'x': line 3 holds 'abc', which is not a number"),
        ("x,y\n1,2\n\n0x1,3\n", "column 'x': line 4 holds '0x1', which is not a number"),
        ("x,y\n\x1b[31m,2\n", "not a number"),
        ("x,y\n1,2\n,3\n NaN ,4\n", "column 'x' has no value in 2 of 3 rows (first: line 3)"),
        ("x,y\n1,2\n?,3\n", "column 'x' has no value in 1 of 2 rows"),
        ("x,y\n1,2\n1,null\n", "column 'y' has no value in 1 of 2 rows (first: line 3)"),
        ("x,y\n1,2\n1e400,3\n", "line 3 holds '1e400', which is not a finite float64"),
        ("x,y\n-inf,2\n", "line 2 holds '-inf', which is not a finite float64"),
        ("x,y\nInfinity,2\n", "not a finite float64"),
        ("x,y\n03/04/2020,2\n", "'03/04/2020', which is not a number: day and month cannot be"),
        ("x,y\n1,2020-01-01\n", "column 'y': line 2 holds '2020-01-01', which is not a number"),
        ("x,y\n5%,1\n6,2\n", "column 'x': line 2 holds '5%', which is not a number"),
        ("x,y\nyes,1\nmaybe,2\n", "column 'x': line 2 holds 'yes', which is not a number"),
        ("x|y\n1\n", "no column 'y'; the only one is 'x|y'"),
        ("x,y\n1,-1e999\n", "column 'y': line 2 holds '-1e999'"),
        ("x,y\n1,yes\n", "column 'y': line 2 holds 'yes', which is not a number; for class labels"),
    ],
)
def test_bad_columns_are_one_line(write, content, part):
    """A table that breaks a rule is refused with the file, the column and the line."""
    assert part in complaint(write(content))


def test_unknown_kind_of_file(write):
    """A suffix that says nothing is named with those that do."""
    assert "give .csv, .tsv" in complaint(write("x,y\n1,2\n", "table.xlsx"))
    assert "give .csv, .tsv" in complaint(write("x,y\n1,2\n", "table"))
    assert "give .csv, .tsv" in complaint(write("x,y\n1,2\n", "table.gz"))


@pytest.mark.parametrize(
    ("labels", "classes", "indices"),
    [
        (["b", "a", " b "], ("a", "b"), [1, 0, 1]),
        (["10", "9", "10.0", "9"], ("9", "10"), [1, 0, 1, 0]),
        (["0.5", "-1", "0.5"], ("-1", "0.5"), [1, 0, 1]),
        (["1", "no", "no"], ("1", "no"), [0, 1, 1]),
        (["True", "False", "True"], ("False", "True"), [1, 0, 1]),
        (["é", "漢", "é"], ("é", "漢"), [0, 1, 0]),
        (["inf", "x", "x"], ("inf", "x"), [0, 1, 1]),
        (
            ["9007199254740992", "9007199254740993"],
            ("9007199254740992", "9007199254740993"),
            [0, 1],
        ),
    ],
)
def test_class_labels_become_sorted_indices(write, labels, classes, indices):
    """Labels are text or numbers, sorted as such; equal numbers are one class."""
    path = write("x,y\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels)))
    table = read_table(path, "y", "classification")
    assert table.classes == classes
    np.testing.assert_array_equal(table.y, indices)
    assert table.y.dtype == np.float64


@pytest.mark.parametrize(
    ("labels", "part"),
    [
        (["a", "a"], "column 'y' holds one class, 'a'"),
        (["a", "", "b"], "column 'y' has no value in 1 of 3 rows (first: line 3)"),
        (["1.5", "2.5", "3.5", "4"], "holds 4 classes in 4 rows; for numbers set 'task: regress"),
    ],
)
def test_bad_class_labels_are_one_line(write, labels, part):
    """One class, missing labels and numbers taken for labels are named."""
    path = write("x,y\n" + "".join(f"1,{label}\n" for label in labels))
    assert part in complaint(path, task="classification")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["1", "01", "2", "02"], ("01", "1", "02", "2")),
        (["3.10", "3.1", "3.2", "3.2"], ("3.1", "3.10", "3.2")),
        (["007", "008", "010", "007"], ("007", "008", "010")),
        (["2.0", "1.0", "10", "1"], ("1", "2", "10")),
    ],
)
def test_labels_that_are_written_otherwise_are_other_labels(write, labels, classes):
    """A code or a version is no number: its spelling counts, and stays. Numbers as they are
    usually written, with or without a point, are numbers."""
    rows = labels * 4
    table = read_table(
        write("x,y\n" + "".join(f"0,{label}\n" for label in rows)), "y", "classification"
    )
    assert table.classes == classes
    told = [table.classes[int(index)] for index in table.y]
    assert [label.removesuffix(".0") for label in rows] == told
    coded = read_table(
        write("c,y\n" + "".join(f"{label},1\n" for label in rows)), "y", "regression", ["c"]
    )
    assert coded.categories == {"c": classes}


def test_parquet_equals_csv(parquet, write):
    """A frame gives the same table through parquet as through CSV."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.random(9), "y": rng.integers(0, 2, 9), "b": rng.integers(9, size=9)}
    )
    ours = read_table(parquet(frame), "y", "classification")
    text = read_table(write(frame.to_csv(index=False)), "y", "classification")
    assert ours.features == text.features == ("a", "b")
    assert ours.classes == text.classes == ("0", "1")
    np.testing.assert_array_equal(ours.X, text.X)
    np.testing.assert_array_equal(ours.y, text.y)


def test_parquet_types(parquet):
    """Every kind of number is one; an index that pandas stored is not a column."""
    frame = pd.DataFrame(
        {
            "small": pd.array([1, 2], dtype="Int8"),
            "flag": [True, False],
            "exact": [decimal.Decimal("0.1"), decimal.Decimal("2")],
            "single": np.array([0.5, 2], dtype=np.float32),
            "y": pd.Categorical(["b", "a"]),
        },
        index=[7, 3],
    )
    table = read_table(parquet(frame), "y", "classification")
    assert table.features == ("small", "flag", "exact", "single")
    np.testing.assert_array_equal(table.X, [[1, 1, 0.1, 0.5], [2, 0, 2, 2]])
    assert table.classes == ("a", "b")


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ([1.0, math.inf], "column 'x': row 2 holds 'inf', which is not a finite float64"),
        ([1.0, None], "column 'x' has no value in 1 of 2 rows (first: row 2)"),
        (["1", "a"], "column 'x': row 2 holds 'a', which is not a number"),
        ([datetime.timedelta(1)] * 2, "which is not a number"),
        ([[1.0, 2.0], [3.0]], "which is not a number"),
        ([b"\xff", b"\x00"], "which is not a number"),
        ([None, None], "column 'x' has no value in 2 of 2 rows"),
    ],
)
def test_bad_parquet_columns_are_one_line(parquet, values, part):
    """Dates, lists and gaps in parquet are refused as they are in text."""
    assert part in complaint(parquet(pd.DataFrame({"x": values, "y": [1.0, 2.0]})))


def test_parquet_dates(parquet):
    """Dates and moments are days since 1970-01-01, as they are in text."""
    days = [datetime.date(2020, 1, 1), datetime.date(1969, 12, 31)]
    moments = [datetime.datetime(2020, 1, 1, 12), datetime.datetime(1970, 1, 1)]
    frame = pd.DataFrame({"day": days, "moment": moments, "y": [1.0, 2.0]})
    table = read_table(parquet(frame), "y", "regression")
    np.testing.assert_array_equal(table.X, [[18262, 18262.5], [-1, 0]])


def test_all_faults_in_one_answer(write):
    """Whatever is wrong with the columns is said at once, in one line, with what to do."""
    with pytest.raises(DataError) as caught:
        read_table(write("a,b,c,y\n1,,x,1\n2,5,1/2/2020,oops\n"), "y", "regression", ["b"])
    told = str(caught.value)
    for part in ("column 'b' has no value", "column 'c': line 2", "column 'y': line 3 holds 'oops"):
        assert part in told
    assert len(told.splitlines()) == 1
    for key in ("dataset.categorical", "dataset.drop", "dataset.missing"):
        assert key in caught.value.hint


def test_many_faults_are_counted(write):
    """Of very many faults some are written out."""
    names = ",".join(f"x{number}" for number in range(99))
    told = complaint(write(f"{names},y\n{'a,' * 99}1\n"))
    assert told.count("is not a number") == 10
    assert told.endswith("; … (89 more)")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_recognised(write, separator):
    """What separates fields is seen, whatever the file is called, and a note says it."""
    text = "a b,c,y\n1,2,3\n4,5,6\n".replace(",", separator)
    table = read_table(write(text), "y", "regression")
    assert table.features == ("a b", "c")
    np.testing.assert_array_equal(table.X, [[1, 2], [4, 5]])
    assert "separated by" in table.notes[0]


def test_which_columns_are_inputs(write):
    """Inputs in the order asked for, or all but those left out, which may hold anything."""
    path = write("a,b,c,y\n1,2,?,3\n4,5,x,6\n")
    named = read_table(path, "y", "regression", (), Treatment(inputs=("b", "a")))
    assert named.features == ("b", "a")
    np.testing.assert_array_equal(named.X, [[2, 1], [5, 4]])
    assert read_table(path, "y", "regression", (), Treatment(drop=("c",))).features == ("a", "b")
    with pytest.raises(ConfigError, match=r"dataset\.drop: 'C' is no column .*mean 'c'"):
        read_table(path, "y", "regression", (), Treatment(drop=("C",)))


def test_rows_that_lack_values_are_left_out(write):
    """Their classes and categories too, where no other row has them."""
    text = "a,c,y\n1,r,u\n,g,v\n3,-,w\n4,r,w\n5,NA,u\n" + 3 * ",r,u\n"
    table = read_table(write(text), "y", "classification", ["c"], Treatment(missing="drop"))
    assert table.classes == ("u", "w")
    assert table.categories == {"c": ("-", "r")}
    np.testing.assert_array_equal(table.X, [[1, 1], [3, 0], [4, 1]])
    np.testing.assert_array_equal(table.y, [0, 1, 1])
    assert "5 of 8 rows are left out" in table.notes[0]


def test_dates_as_numbers_or_left_out(write):
    """Dates are numbers, or left out, and never hundreds of categories."""
    days = [f"2020-{1 + k // 28:02}-{1 + k % 28:02}" for k in range(60)]
    path = write("d,x,y\n" + "".join(f"{day},{k},{k}\n" for k, day in enumerate(days)))
    assert read_table(path, "y", "regression").X[0, 0] == 18262
    left = read_table(path, "y", "regression", (), Treatment(dates="drop"))
    assert left.features == ("x",)
    with pytest.raises(DataError, match="holds 60 dates as categories"):
        read_table(path, "y", "regression", ["d"])


def test_damaged_parquet_is_named(parquet, tmp_path):
    """Truncated and altered files and other files of that name are one line each."""
    whole = parquet(pd.DataFrame({"x": np.arange(50.0), "y": np.arange(50.0)})).read_bytes()
    path = tmp_path / "bad.parquet"
    for content in (b"", b"PAR1", whole[:-9], whole[9:], b"x,y\n1,2\n", whole[:-60] + whole[-40:]):
        path.write_bytes(content)
        assert "not a readable parquet file" in complaint(path)


def test_absent_and_huge_parquet(parquet, tmp_path):
    """A missing file is named; one that claims too much is refused before it is unpacked."""
    assert "no such file" in complaint(tmp_path / "absent.parquet")
    path = parquet(pd.DataFrame({"x": np.zeros(1000), "y": np.zeros(1000)}))
    assert len(read_parquet_table(path, 2000)) == 1000
    with pytest.raises(DataError, match="more than 1999 values"):
        read_parquet_table(path, 1999)


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    """Without the extra, the line says how to install it."""
    path = tmp_path / "table.parquet"
    path.touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'srnet[parquet]'" in complaint(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 60),
    st.binary(max_size=4),
    st.integers(0, 4),
    st.sampled_from(["regression", "classification"]),
)
def test_damaged_tables_never_surprise(write, position, junk, drop, task):
    """A table with bytes replaced is a table or one line, never a traceback."""
    whole = b"x,name,y\n1,2.5,0\n2,1e3,1\n3,-0.25,1\n4,7,0\n5,8,0\n"
    path = write(whole[:position] + junk + whole[position + drop :])
    try:
        table = read_table(path, "y", task)
    except DataError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert np.isfinite(table.X).all()
        assert np.isfinite(table.y).all()
        assert len(table.X) == len(table.y) > 0
