"""Records of a suite: written as ever, read with care, damage named by file and key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from srnet_cli.errors import StorageError
from srnet_cli.store import encode_json
from srnet_cli.suites.records import Failure, SuiteInfo, read_failures, write_failures

STORED = sorted((Path(__file__).parents[1] / "golden").glob("*/suite/suite.json"))
PATH = Path("suite.json")


def info() -> SuiteInfo:
    return SuiteInfo.from_bytes(STORED[0].read_bytes(), PATH)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.parts[-3])
def test_reading_and_writing_change_nothing(path: Path) -> None:
    """What any version wrote is written again to the last byte."""
    stored = path.read_bytes()
    assert encode_json(SuiteInfo.from_bytes(stored, path).to_dict()) == stored


@pytest.mark.parametrize("key", ["schema", "suite", "signature", "published", "cases"])
def test_what_is_missing_or_wrong_is_named(key: str) -> None:
    """By file and key; exit code 4."""
    whole = info().to_dict()
    less = {name: value for name, value in whole.items() if name != key}
    for changed in (less, whole | {key: [[{}]]}):
        with pytest.raises(StorageError, match=rf"^suite\.json is damaged: {key}") as caught:
            SuiteInfo.from_bytes(encode_json(changed), PATH)
        assert caught.value.exit_code == 4


@pytest.mark.parametrize("settings", [{}, {"seed": 1}, {"seed": 1, "evolution": {}}, "none", None])
def test_a_case_without_settings_is_damage(settings: object) -> None:
    """The report reads a seed and a strategy from them."""
    whole = json.loads(encode_json(info().to_dict()))
    whole["cases"][0]["settings"] = settings
    with pytest.raises(StorageError, match=r"^suite\.json is damaged: cases\.0"):
        SuiteInfo.from_bytes(encode_json(whole), PATH)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"3", b"\xff\xfe"])
def test_what_is_no_record_is_damaged(data: bytes, tmp_path: Path) -> None:
    """Whatever the bytes."""
    with pytest.raises(StorageError, match=r"suite\.json is damaged"):
        SuiteInfo.from_bytes(data, PATH)
    (tmp_path / "failures.json").write_bytes(data)
    with pytest.raises(StorageError, match=r"failures\.json is damaged"):
        read_failures(tmp_path / "failures.json")


def test_a_newer_layout_is_refused() -> None:
    """Before anything else is looked at."""
    with pytest.raises(StorageError, match=r"newer srnet \(layout 99"):
        SuiteInfo.from_bytes(b'{"schema": 99}', PATH)


def test_early_suites_noted_no_versions() -> None:
    """They are read all the same."""
    early = {name: value for name, value in info().to_dict().items() if name != "versions"}
    assert SuiteInfo.from_bytes(encode_json(early), PATH).versions == ()


def test_versions_are_noted_once() -> None:
    """Each, in the order in which they were met."""
    older, newer = {"srnet": "1"}, {"srnet": "2"}
    suite = info().with_versions(older).with_versions(newer).with_versions(older)
    assert suite.versions[-2:] == (older, newer)


def test_no_trial_is_forgotten() -> None:
    """Whichever of two plans has more trials of a case; versions are those of the folder."""
    many = info()
    few = SuiteInfo.from_bytes(changed_trials(many, 1), PATH)
    assert few.with_trials_of(many) == many
    more = SuiteInfo.from_bytes(changed_trials(many, 99), PATH)
    assert {case.trials for case in more.with_trials_of(many).cases} == {99}


def changed_trials(suite: SuiteInfo, trials: int) -> bytes:
    values: dict[str, Any] = suite.to_dict()
    return encode_json(
        values | {"versions": [], "cases": [case | {"trials": trials} for case in values["cases"]]}
    )


def test_failures_are_read_as_they_were_written(tmp_path: Path) -> None:
    """By trial; a folder without the file has none."""
    path = tmp_path / "failures.json"
    assert read_failures(path) == {}
    failures = {"K0/0001": Failure("it was too hard", 3), "a b/0002": Failure("", 1)}
    write_failures(path, failures)
    assert read_failures(path) == failures


@pytest.mark.parametrize(
    "entry", [{}, {"error": "no"}, {"error": 1, "attempts": 1}, {"error": "", "attempts": "1"}, 3]
)
def test_a_damaged_failure_is_named(tmp_path: Path, entry: object) -> None:
    """By its trial; what to do is said."""
    path = tmp_path / "failures.json"
    path.write_bytes(encode_json({"K0/0001": entry}))
    with pytest.raises(StorageError, match=r"failures\.json is damaged: K0/0001") as caught:
        read_failures(path)
    assert "remove it" in caught.value.hint


@pytest.mark.parametrize(
    ("key", "value", "part"),
    [
        ("trials", 10**8, "100,000,000 trials are more than 1,000,000"),
        ("trials", -1, "no trials"),
        ("name", "../elsewhere", "none of a folder"),
        ("name", "..", "none of a folder"),
    ],
)
def test_a_plan_without_bounds_is_damage(key: str, value: object, part: str) -> None:
    """Nobody waits for a hundred million trials, and no case lies outside of the suite."""
    case = {"name": "a", "network": "a", "variant": "", "trials": 1, "settings": SETTINGS}
    record = {"schema": 1, "suite": "s", "signature": "x", "published": None}
    content = json.dumps({**record, "cases": [{**case, key: value}]}).encode()
    with pytest.raises(StorageError, match=re.escape(part)) as caught:
        SuiteInfo.from_bytes(content, Path("suite.json"))
    assert "Value error" not in str(caught.value)


SETTINGS = {"seed": 1, "evolution": {"strategy": "auto"}}
