"""CSV and TSV files, well-formed and not."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
        (b"a,b\n\n1\n", "line 3 has 1 fields, the header has 2"),
        (b'a,b\n1,"2\n3,4\n', "line 3: unexpected end of data"),
        (b'a,b\n1,"2"3\n', "line 2: "),
        (b"a,b\n1," + b"9" * 200_000, "line 2: field larger than field limit"),
        ("a,b\n1,é\n".encode("latin-1"), "line 2 holds the byte 0xe9, which is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-be"), "line 1 holds a NUL byte"),
        ("a,b\n1,2\n".encode("utf-32"), "UTF-16"),
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


def test_damaged_gzip_is_named(write):
    """Truncated, altered and mislabelled gzip files are one line each."""
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(2000)))
    altered = whole[:500] + bytes(255 - byte for byte in whole[500:520]) + whole[520:]
    for content in (whole[:-5], whole[:200], altered, b"a,b\n1,2\n", b"\x1f\x8b"):
        with pytest.raises(DataError, match="damaged or truncated gzip file"):
            read_text_table(write(content, "table.csv.gz"), ",")


def test_gzip_bomb_is_refused(write, monkeypatch):
    """A small file that unpacks to a huge one stops at the limit."""
    monkeypatch.setattr(text_file, "MAX_BYTES", 2**20)
    assert len(read_bytes(write(gzip.compress(bytes(2**20)), "fits.gz"))) == 2**20
    with pytest.raises(DataError, match="larger than 1 MiB"):
        read_bytes(write(gzip.compress(bytes(2**20 + 1)), "bomb.gz"))


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
