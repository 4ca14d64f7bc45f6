"""Tables of any length and width are read in chunks, and damaged ones are refused."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from srnet_cli.errors import DataError
from srnet_cli.predict.tables import read_chunks

LINES = b"a,b\n" + b"".join(b"%d,%d\n" % (i * 7919 % 1009, i * 997 % 983) for i in range(5000))


def rows_of(path: Path) -> int:
    return sum(len(chunk) for chunk in read_chunks(path, most=700))


@pytest.mark.parametrize("kind", ["cut off", "overwritten", "another sum", "not packed"])
def test_damaged_gzip_is_one_line(kind: str, tmp_path: Path) -> None:
    """Wherever the damage lies, also behind rows that have been given."""
    packed = bytearray(gzip.compress(LINES))
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(packed)
    assert rows_of(path) == 5000
    half = len(packed) // 2
    if kind == "cut off":
        del packed[half:]
    elif kind == "overwritten":
        packed[half : half + 40] = b"\xff" * 40
    elif kind == "another sum":
        packed[-8:] = bytes(8)
    else:
        packed = bytearray(LINES)
    path.write_bytes(packed)
    with pytest.raises(DataError) as caught:
        rows_of(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_header_of_many_names_takes_no_time(tmp_path: Path) -> None:
    """Names are looked at once each."""
    path = tmp_path / "wide.csv"
    names = [f"c{number}" for number in range(50_000)]
    path.write_text(",".join(names))
    start = time.process_time()
    assert rows_of(path) == 0
    assert time.process_time() - start < 2.0
    path.write_text(",".join([*names, "c7"]))
    with pytest.raises(DataError, match="two columns are named 'c7'"):
        rows_of(path)
