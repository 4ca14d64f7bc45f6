"""``compare.json``: read as it was written, damage named by file and key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from srnet_cli.compare.records import (
    BootstrapEntry,
    ComparisonRecord,
    ExplainerEntry,
    ExplanationEntry,
    FailureEntry,
    FigureEntry,
    FormulaEntry,
    InstanceEntry,
    JudgedEntry,
    SetEntry,
)
from srnet_cli.errors import StorageError
from srnet_cli.store import encode_json

PATH = Path("compare.json")
INSTANCE = InstanceEntry(
    row=4,
    x=[0.5, None],
    network=[1.0],
    gradient=[[2.0, -1e-300]],
    explanations={
        "formula": ExplanationEntry([1.0], [0.5], [[1.0, 0.0]]),
        "lime": ExplanationEntry([None], [0.5], [[1.0, 0.0]], seed=2**31),
        "maple": FailureEntry("it was too hard"),
    },
)
JUDGED = JudgedEntry(
    figures={"rmse": FigureEntry(0.1, None, 0.2, 1), "r2": FigureEntry(None, None, None, 0)},
    failures={"it was too hard": 1},
    failures_with_other_seeds=2,
)
RECORD = ComparisonRecord(
    run="demo-12345678",
    features=("a", "row"),
    target="y",
    classes=(),
    explained="outputs",
    plane=None,
    seed=3,
    seeds_per_instance=5,
    sigmas=(0.01, 1.0),
    neighbours=10,
    bootstrap=BootstrapEntry(1000, 0.95),
    explainers={"lime": ExplainerEntry("LIME", 7, {"num_samples": 5000, "discretize": False})},
    formulas=(FormulaEntry("y", "a + 1", 3, None),),
    sets={"interpolation": SetEntry(1, False, {"lime": JUDGED}, (INSTANCE,))},
)


def values() -> dict[str, Any]:
    return json.loads(encode_json(RECORD.to_dict()))  # type: ignore[no-any-return]


def read(content: object) -> ComparisonRecord:
    return ComparisonRecord.from_bytes(encode_json(content), PATH)


def test_what_is_written_is_read() -> None:
    """Explanations, failures and what is undefined among it."""
    assert read(RECORD.to_dict()) == RECORD
    assert encode_json(read(RECORD.to_dict()).to_dict()) == encode_json(RECORD.to_dict())


def test_explanations_stand_beside_the_instance() -> None:
    """As the file always had them; a seed only where something is random."""
    (instance,) = values()["sets"]["interpolation"]["instances"]
    assert list(instance) == ["row", "x", "network", "gradient", "formula", "lime", "maple"]
    assert list(instance["formula"]) == ["value", "intercept", "coefficients"]
    assert instance["lime"]["seed"] == 2**31
    assert instance["maple"] == {"error": "it was too hard"}


def test_a_run_without_whole_network_formulas_has_no_such_key() -> None:
    """As earlier versions wrote it."""
    early = {name: value for name, value in values().items() if name != "formulas"}
    assert read(early).formulas is None
    assert "formulas" not in read(early).to_dict()


@pytest.mark.parametrize("key", [name for name in values() if name not in ("plane", "formulas")])
def test_what_is_missing_or_wrong_is_named(key: str) -> None:
    """By file and key; exit code 4."""
    whole = values()
    less = {name: value for name, value in whole.items() if name != key}
    for changed in (less, whole | {key: [[{}]]}, whole | {key: None}):
        with pytest.raises(StorageError, match=rf"^compare\.json is damaged: {key}") as caught:
            read(changed)
        assert caught.value.exit_code == 4
        assert "anew" in caught.value.hint


@pytest.mark.parametrize(
    ("key", "value"), [("row", "4"), ("x", 3), ("gradient", [1.0]), ("lime", {"value": [1.0]})]
)
def test_a_damaged_instance_is_named(key: str, value: object) -> None:
    """Wherever it is."""
    whole = values()
    whole["sets"]["interpolation"]["instances"][0][key] = value
    problem = rf"damaged: sets\.interpolation\.instances\.0\..*{key}"
    with pytest.raises(StorageError, match=problem):
        read(whole)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"3", b"\xff\xfe"])
def test_what_is_no_record_is_damaged(data: bytes) -> None:
    """Whatever the bytes."""
    with pytest.raises(StorageError, match=r"compare\.json is damaged"):
        ComparisonRecord.from_bytes(data, PATH)
