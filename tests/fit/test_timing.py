"""``timing.csv``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from srnet_cli.fit.timing import Timing
from srnet_cli.store import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[RunFolder]:
    with RunFolder.claim(tmp_path / "run") as claimed:
        yield claimed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def rows(folder: RunFolder) -> list[str]:
    return folder.read("timing.csv").decode().splitlines()[1:]


def test_seconds_go_on_where_the_checkpoint_does(folder: RunFolder, clock: list[float]) -> None:
    """A later process adds to the seconds of the rows up to its start; later rows are lost work."""
    timing = Timing(folder, 1, 0)
    for generation in (10, 20, 30):
        clock[0] += 2.5
        timing.save(1, generation)
    assert rows(folder) == ["1,10,2.500", "1,20,5.000", "1,30,7.500"]
    clock[0] += 1000
    timing = Timing(folder, 1, 20)
    clock[0] += 1
    timing.save(1, 25)
    timing.save(2, 5)
    assert rows(folder) == ["1,10,2.500", "1,20,5.000", "1,25,6.000", "2,5,6.000"]


def test_a_generation_has_one_row(folder: RunFolder, clock: list[float]) -> None:
    """Saving the same state again replaces its row."""
    timing = Timing(folder, 1, 0)
    timing.save(1, 10)
    clock[0] += 1
    timing.save(1, 10)
    assert rows(folder) == ["1,10,1.000"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"trial,generation,seconds\n1,x,3\n", b"1,2"]
)
def test_a_damaged_file_is_begun_again(folder: RunFolder, content: bytes) -> None:
    """No result hangs on it, so it never keeps a run from going on."""
    folder.write("timing.csv", content)
    timing = Timing(folder, 1, 50)
    timing.save(1, 60)
    assert len(rows(folder)) == 1
