"""Which rows are for what, and several targets: as the user says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srnet_cli.config.schema import DatasetSettings
from srnet_cli.datasets.dataset import Dataset
from srnet_cli.datasets.loading import load_dataset
from srnet_cli.errors import ConfigError, DataError

TABLE = "a,b,kind,target\n" + "".join(
    f"{n},{n * n},{('x', 'y')[n % 2]},{('no', 'yes')[n % 3 == 0]}\n" for n in range(20)
)
TEST = "target,kind,b,a\nyes,y,900,30\nno,z,961,31\n"


def load(tmp_path: Path, text: str = TABLE, **settings: object) -> Dataset:
    path = tmp_path / "table.csv"
    path.write_text(text)
    return load_dataset(DatasetSettings(file=path, **settings), seed=0)


def test_a_test_file_is_held_out(tmp_path: Path) -> None:
    """All of its rows and no others, its columns and labels matched by name."""
    other = tmp_path / "test.csv"
    other.write_text(TEST)
    dataset = load(
        tmp_path, test_file=other, task="classification", categorical=("kind",), test_fraction=0.5
    )
    assert dataset.features == ("a", "b", "kind=x", "kind=y")
    np.testing.assert_array_equal(dataset.test.X, [[30, 900, 0, 1], [31, 961, 0, 0]])
    assert [dataset.classes[int(label)] for label in dataset.test.y] == ["yes", "no"]
    assert (len(dataset.train), len(dataset.validation)) == (17, 3)


def test_a_test_file_must_fit(tmp_path: Path) -> None:
    """A missing column and an unknown class are named."""
    other = tmp_path / "test.csv"
    settings = {"test_file": other, "task": "classification", "categorical": ("kind",)}
    other.write_text("target,kind,a\nyes,y,30\nno,z,31\n")
    with pytest.raises(DataError, match=r"test.csv: no column 'b'"):
        load(tmp_path, **settings)
    other.write_text("target,kind,b,a\nyes,y,900,30\nmaybe,z,961,31\n")
    with pytest.raises(DataError, match=r"test.csv: the class 'maybe' is not among"):
        load(tmp_path, **settings)


def test_a_column_says_what_rows_are_for(tmp_path: Path) -> None:
    """It is no input itself."""
    words = ["train", "Training", "test", "validation", "val"] * 4
    lines = [f"{n},{word},{2 * n}" for n, word in enumerate(words)]
    dataset = load(tmp_path, "a,part,target\n" + "\n".join(lines) + "\n", split_column="part")
    assert dataset.features == ("a",)
    assert dataset.train.X[:, 0].tolist() == [0, 1, 5, 6, 10, 11, 15, 16]
    assert dataset.test.X[:, 0].tolist() == [2, 7, 12, 17]
    assert dataset.validation.X[:, 0].tolist() == [3, 4, 8, 9, 13, 14, 18, 19]
    np.testing.assert_array_equal(dataset.test.y, 2 * dataset.test.X[:, 0])


def test_a_column_that_says_something_else(tmp_path: Path) -> None:
    """Its entries are named."""
    text = "a,part,target\n1,early,1\n2,train,2\n3,late,3\n"
    with pytest.raises(DataError, match="column 'part' holds early, late; expected train"):
        load(tmp_path, text, split_column="part")


def test_several_targets(tmp_path: Path) -> None:
    """They are columns of y in the order asked for, and no inputs."""
    text = "b,x,a\n1,2,3\n4,5,6\n7,8,9\n10,11,12\n"
    dataset = load(tmp_path, text, target=("a", "b"))
    assert dataset.features == ("x",)
    assert dataset.targets == ("a", "b")
    np.testing.assert_array_equal(dataset.train.y, dataset.train.X + np.array([1.0, -1.0]))
    with pytest.raises(DataError, match="no column of numbers 'c'"):
        load(tmp_path, text, target=("a", "c"))


@pytest.mark.parametrize("inputs", [(), ("a", "b")])
def test_a_column_that_there_is_not_is_asked_for_by_its_own_key(
    inputs: tuple[str, ...], tmp_path: Path
) -> None:
    """Whatever else is said about columns."""
    with pytest.raises(ConfigError, match=r"dataset.split_column: 'kid' .* did you mean 'kind'"):
        load(tmp_path, split_column="kid", inputs=inputs, task="classification")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"target": ("a", "a")}, "'target' lists 'a' twice"),
        ({"target": ("a", "b"), "task": "classification"}, "several targets are for regression"),
        ({"split_column": "target"}, "'split_column' is a column of its own"),
        ({"split_column": "part", "test_file": "t.csv"}, "give only one of 'test_file'"),
    ],
)
def test_contradictions_are_refused(settings: dict[str, object], problem: str) -> None:
    """Each in a line."""
    with pytest.raises(ValueError, match=problem):
        DatasetSettings(file="table.csv", **settings)
