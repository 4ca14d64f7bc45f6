"""Records of run folders: written as ever, read with care, damage named by file and key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.errors import StorageError
from srnet_cli.runs.record import RunRecord
from srnet_cli.runs.records import Inputs, Metrics, RunInfo
from srnet_cli.store import RunFolder, encode_json

RECORDS = [RunInfo, Inputs, Metrics]
OPTIONAL = (
    *("categories", "fidelity", "agreement", "validity", "complexity", "baselines"),
    *("targets", "layers", "readings", "imputed"),
)
"""What earlier versions did not write, or is not there where nothing was found."""


def content(finished: Path, kind: type[RunRecord]) -> dict[str, Any]:
    return json.loads((finished / kind.FILE).read_bytes())


@pytest.mark.parametrize("kind", RECORDS)
def test_reading_and_writing_change_nothing(finished: Path, kind: type[RunRecord]) -> None:
    """A record that is read is written again to the last byte."""
    record = kind.read(RunFolder.open(finished))
    assert encode_json(record.to_dict()) == (finished / kind.FILE).read_bytes()


@pytest.mark.parametrize("kind", RECORDS)
def test_what_is_missing_or_wrong_is_named(finished: Path, kind: type[RunRecord]) -> None:
    """Whichever key is gone or holds something else, the line says so; exit code 4."""
    whole, path = content(finished, kind), finished / kind.FILE
    for key in whole:
        less = {name: value for name, value in whole.items() if name != key}
        for changed, problem in ((less, "it is missing"), (whole | {key: [[{}]]}, "")):
            if changed is less and key in OPTIONAL:
                kind.from_bytes(encode_json(changed), path)
                continue
            with pytest.raises(StorageError) as caught:
                kind.from_bytes(encode_json(changed), path)
            assert str(caught.value).startswith(f"{path} is damaged: {key}")
            assert problem in str(caught.value)
            assert "\n" not in str(caught.value)
            assert caught.value.exit_code == 4


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"3", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_record_is_damaged(tmp_path: Path, data: bytes) -> None:
    """Whatever the bytes."""
    with pytest.raises(StorageError, match=r"metrics\.json is damaged"):
        Metrics.from_bytes(data, tmp_path / "metrics.json")


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_record_or_damaged(data: bytes) -> None:
    """Never anything else."""
    with pytest.raises(StorageError):
        RunInfo.from_bytes(data, Path("run.json"))


def test_keys_of_later_versions_are_left_alone(finished: Path) -> None:
    """What this version does not know does not stop it."""
    whole = content(finished, Metrics)
    later = Metrics.from_bytes(encode_json(whole | {"later": 1}), Path("metrics.json"))
    assert later == Metrics.read(RunFolder.open(finished))


def test_earlier_versions_wrote_less(finished: Path) -> None:
    """Their runs have neither agreement nor validity, no ceiling, and no categories."""
    whole = content(finished, Metrics)
    for name in ("agreement", "validity"):
        del whole[name]
    for layers in whole["fidelity"].values():
        for layer in layers:
            del layer["ceiling"], layer["effect_r2"]
    early = Metrics.from_bytes(encode_json(whole), Path("metrics.json"))
    assert (early.agreement, early.validity) == (None, {})
    assert early.output is not None
    assert (early.output.ceiling, early.output.effect_r2) == (None, None)
    assert early.output.r2 == whole["fidelity"]["interpolation"][-1]["r2"]
    inputs = content(finished, Inputs)
    del inputs["categories"]
    assert Inputs.from_bytes(encode_json(inputs), Path("inputs.json")).categories == {}


def test_names_that_are_not_utf8_are_kept(finished: Path) -> None:
    """A path may hold any bytes; so does its record."""
    whole = content(finished, Inputs)
    whole["network"]["path"] = "r\udce9seau.npz"
    record = Inputs.from_bytes(encode_json(whole), Path("inputs.json"))
    assert record.network.path == "r\udce9seau.npz"
    assert encode_json(record.to_dict()) == encode_json(whole)


def test_a_newer_layout_is_refused(finished: Path) -> None:
    """Before any record is read."""
    (finished / "DONE.json").unlink()
    run = finished / "run.json"
    run.write_bytes(encode_json(content(finished, RunInfo) | {"schema": 99}))
    with pytest.raises(StorageError, match=r"newer srnet \(layout 99"):
        RunFolder.open(finished)
