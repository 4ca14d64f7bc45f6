"""Reading a run back: files that are whole and make no sense are damage, in one line."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srnet_cli.errors import SrnetError, StorageError
from srnet_cli.runs.run import read_run
from srnet_cli.store.commit import Fingerprint, seal

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0"


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN / "mnncgp", tmp_path / "run"))


def replace(run: Path, name: str, content: bytes) -> None:
    """Put a file into a finished run, and commit to it as whoever tampers would."""
    (run / name).write_bytes(content)
    record = json.loads((run / "DONE.json").read_bytes())
    fingerprint = Fingerprint.of(content)
    record["files"][name] = {"size": fingerprint.size, "sha256": fingerprint.sha256}
    (run / "DONE.json").write_bytes(seal(record))


def change(run: Path, name: str, act: Callable[[Any], None]) -> None:
    value = json.loads((run / name).read_bytes())
    act(value)
    replace(run, name, json.dumps(value).encode())


def rows(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_a_run_as_it_was_made_is_read(golden: Path) -> None:
    """The checks refuse nothing that earlier versions wrote."""
    for kind in ("auto", "classifier", "mnncgp", "unfinished"):
        assert read_run(GOLDEN / kind).network.widths


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("config.resolved.json", lambda value: value.update(seed="x")),
        ("metrics.json", lambda value: value.update(trial=9)),
        ("metrics.json", lambda value: value.update(trial=0)),
        ("metrics.json", lambda value: value.update(generations=[])),
        ("inputs.json", lambda value: value.update(features=["a"] * 9)),
        ("model.json", lambda value: value.update(features=["q"])),
    ],
)
def test_files_that_do_not_fit_together_are_damage(
    golden: Path, name: str, act: Callable[[Any], None]
) -> None:
    """Sealed anew as they may be: exit 3 or 4, one line, and no traceback."""
    change(golden, name, act)
    with pytest.raises(SrnetError) as caught:
        read_run(golden)
    assert caught.value.exit_code in (3, 4)
    assert "\n" not in str(caught.value)


def test_settings_that_are_damaged_are_damage_and_no_usage(golden: Path) -> None:
    """The user has not typed them: exit 4, and the line names the file."""
    change(golden, "config.resolved.json", lambda value: value.update(seed="x"))
    with pytest.raises(StorageError, match=r"config\.resolved\.json is damaged: .*seed"):
        read_run(golden)


@pytest.mark.parametrize(
    "arrays",
    [
        {"train": np.zeros((3, 9))},
        {"train": np.zeros(3)},
        {"train": np.zeros((3, 1), dtype=np.int64)},
        {"other": np.zeros((3, 1))},
        {"train": np.zeros((0, 1))},
    ],
)
def test_rows_of_another_shape_are_damage(golden: Path, arrays: dict[str, np.ndarray]) -> None:
    """Too many columns, none, other numbers, no training rows, no rows."""
    replace(golden, "rows.npz", rows(**arrays))
    with pytest.raises(StorageError, match="is damaged"):
        read_run(golden)


def test_rows_that_unpack_to_far_more_are_not_unpacked(golden: Path) -> None:
    """A file of a megabyte that says it holds gigabytes is refused by what it says."""
    content = rows(train=np.zeros((1 << 17, 1)))
    said = (1 << 20) + 128  # bytes of the array, in both headers of the member
    large = content.replace(said.to_bytes(4, "little"), (3 << 30).to_bytes(4, "little"))
    assert large != content
    replace(golden, "rows.npz", large)
    with pytest.raises(StorageError, match=r"rows\.npz is damaged: it unpacks to more than"):
        read_run(golden)
