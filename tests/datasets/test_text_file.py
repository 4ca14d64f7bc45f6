"""CSV and TSV files, well-formed and not."""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import PEAK

from srnet_cli.datasets import text_file
from srnet_cli.datasets.text_file import read_bytes, read_text_table
from srnet_cli.errors import DataError


@pytest.fixture
def write(tmp_path):
    def write(content: bytes | str, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_fields_and_line_numbers(write):
    """Every row keeps the number of its line, past blank lines and quoted line breaks."""
    path = write('a,b\r\n\r\n1,"x, y"\n"2\n3",\n\n4,5')
    frame = read_text_table(path, ",")
    assert list(frame.columns) == ["a", "b"]
    assert frame.to_numpy().tolist() == [["1", "x, y"], ["2\n3", ""], ["4", "5"]]
    assert frame.index.tolist() == [3, 5, 7]
    assert frame.index.name == "line"


def test_nothing_is_interpreted(write):
    """Fields stay text: no missing values, numbers, dates or index columns are made of them."""
    frame = read_text_table(write("id\tv\n007\tNA\n1e5\tTrue\n"), "\t")
    assert frame.to_numpy().tolist() == [["007", "NA"], ["1e5", "True"]]


def test_names_are_stripped_and_kept(write):
    """Duplicate and empty names come through as they are; a byte order mark does not."""
    frame = read_text_table(write(b"\xef\xbb\xbfa, a ,,a\n1,2,3,4\n"), ",")
    assert list(frame.columns) == ["a", "a", "", "a"]


def test_gzip_is_read(write):
    """A .gz file is the table it holds."""
    path = write(gzip.compress(b"a\tb\n1\t2\n", mtime=0), "table.tsv.gz")
    assert read_text_table(path, "\t").to_numpy().tolist() == [["1", "2"]]


words = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(2, 4).flatmap(lambda w: st.lists(st.lists(words, min_size=w, max_size=w))))
def test_what_is_written_is_read(write, rows):
    """Any text survives a round through a CSV file."""
    rows = [["a", "b", "c", "d"][: len(rows[0]) if rows else 2], *rows]
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    frame = read_text_table(write(buffer.getvalue()), ",")
    assert frame.to_numpy().tolist() == rows[1:]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 fields, the header has 2"),
        (b"a,b\n1,2,3\n4,5,6\n", "line 2 has 3 fields, the header has 2"),
        (b"a,b\n\n1\n", "line 3 has 1 field, the header has 2"),
        (
            b"a,b\n1\n1,2\n1,2,3\n" + b"1\n" * 6,
            "line 2 has 1 field, the header has 2; other lines too: 4, 5, 6, 7, 8 and 2 more",
        ),
        (b'a,b\n1,"2\n3,4\n', "line 3: unexpected end of data"),
        (b'a,b\n1,"2"3\n', "line 2: "),
        (b"a,b\n1," + b"9" * 200_000, "line 2: field larger than field limit"),
        ("a,b\n1,é\n".encode("latin-1"), "line 2 holds the byte 0xe9, which is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "damaged UTF-16 text"),
        ("a,b\n1,2\n".encode("utf-16-be"), "line 1 holds a NUL byte"),
        ("a,b\n1,2\n".encode("utf-32"), "line 1 holds a NUL byte"),
        (b"a,b\n1,2\n3,\0\n", "line 3 holds a NUL byte"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "UTF-8"),
    ],
)
def test_bad_text_is_one_line_that_names_the_place(write, content, part):
    """A malformed file is refused with its name and, where there is one, the line."""
    path = write(content)
    with pytest.raises(DataError) as caught:
        read_text_table(path, ",")
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert part in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_that_says_what_it_is(write, encoding):
    """UTF-8 with or without its mark, and UTF-16 with it."""
    frame = read_text_table(write("größe,b\n1,é\n".encode(encoding)), ",")
    assert frame.to_dict("list") == {"größe": ["1"], "b": ["é"]}


def test_damaged_gzip_is_named(write):
    """Truncated, altered and mislabelled gzip files are one line each."""
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(2000)))
    altered = whole[:500] + bytes(255 - byte for byte in whole[500:520]) + whole[520:]
    for content in (whole[:-5], whole[:200], altered, b"a,b\n1,2\n", b"\x1f\x8b"):
        with pytest.raises(DataError, match="damaged or truncated gzip file"):
            read_text_table(write(content, "table.csv.gz"), ",")


def test_gzip_bomb_is_refused(write):
    """A small file that unpacks to a huge one stops at the limit."""
    fits = write(gzip.compress(bytes(2**20)), "fits.gz")
    assert len(read_bytes(fits, 2**20)) == 2**20
    with pytest.raises(DataError, match="larger than 1 MiB"):
        read_bytes(write(gzip.compress(bytes(2**20 + 1)), "bomb.gz"), 2**20)


def test_missing_file_and_folder(tmp_path):
    """What is not a file is named for what it is."""
    with pytest.raises(DataError, match=r"absent\.csv: no such file"):
        read_text_table(tmp_path / "absent.csv", ",")
    with pytest.raises(DataError, match="not a file"):
        read_text_table(tmp_path, ",")
    with pytest.raises(DataError, match="no such file"):
        read_text_table(Path("a\0b"), ",")


def test_unreadable_file_is_named(write, monkeypatch):
    """An error of the operating system is one line with its reason."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write("a\n1\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"cannot be read: Permission denied"):
        read_text_table(path, ",")


def test_numbers_are_read_as_such(write):
    """Columns that are to be numbers are float64 to the last bit; what is none stays text."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 2)) * 10.0 ** rng.integers(-300, 300, (400, 2))
    text = "a,b,c\n" + "".join(
        f"{a!r}, {b!r} ,{number:03}\n" for number, (a, b) in enumerate(values.tolist())
    )
    frame = read_text_table(write(text), ",", lambda name: name != "c")
    assert [str(kind) for kind in frame.dtypes][:2] == ["float64", "float64"]
    np.testing.assert_array_equal(frame[["a", "b"]].to_numpy(), values)
    assert frame["c"].tolist()[:3] == ["000", "001", "002"]


def test_what_is_no_number_keeps_its_place(write):
    """Words, empty fields and numbers beyond float64 come as they stand, beside the numbers."""
    frame = read_text_table(write('a\n1\nx\n""\n1e400\n 2 \n'), ",", lambda _: True)
    assert frame["a"].tolist() == [1.0, "x", "", "1e400", 2.0]
    assert frame.index.tolist() == [2, 3, 4, 5, 6]


def test_a_table_that_is_too_wide_is_refused(write):
    """The limit is named before anything is made of the columns."""
    wide = ",".join(f"x{number}" for number in range(text_file.MAX_COLUMNS + 1))
    with pytest.raises(DataError, match="4,097 columns are more than 4,096"):
        read_text_table(write(wide + "\n"), ",")


def test_a_table_that_is_too_large_is_refused():
    """By its values, with how many rows of so many columns would do."""
    text_file.require_values(text_file.MAX_VALUES // 64, 64, "table.csv")
    with pytest.raises(DataError, match=r"more than 67,108,864 values \(1,048,576 rows of 64 col"):
        text_file.require_values(text_file.MAX_VALUES // 64 + 1, 64, "table.csv")


def test_an_endless_line_is_refused(write):
    """A file without line ends is not read into one text."""
    with pytest.raises(DataError, match="line 1 has more than 16,777,216 characters"):
        read_text_table(write(b"a" * 2**24 + b",b\n"), ",")


@pytest.mark.long
@pytest.mark.slow
def test_a_million_rows_fit_in_memory(tmp_path):
    """10⁶ rows of 20 columns take less than 1.5 GB, table and all."""
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from srnet_cli.datasets.tables import read_table\n"
        "table = read_table(Path(sys.argv[1]), 'y', 'regression')\n"
        f"{PEAK}\nprint(table.X.shape, peak())"
    )
    path = tmp_path / "large.csv"
    line = ",".join(f"{0.1 * number:.8f}" for number in range(20)) + "\n"
    with path.open("w") as file:
        file.write(",".join([*(f"x{number}" for number in range(19)), "y"]) + "\n")
        for _ in range(1000):
            file.write(line * 1000)
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    shape, kilobytes = done.stdout.rsplit(" ", 1)
    assert shape == "(1000000, 19)"
    assert int(kilobytes) < 1_500_000
