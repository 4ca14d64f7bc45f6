"""What a table holds, column by column, and a config that does what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srnet_cli.config.dataset import DatasetSettings
from srnet_cli.datasets.loading import load_dataset
from srnet_cli.datasets.survey import survey
from srnet_cli.errors import DataError


def mixed(path: Path, target: str = "price") -> Path:
    """A table as people have them: semicolons, decimal commas, gaps, dates, names."""
    rng = np.random.default_rng(0)
    rows = [f"id;day;colour;size;flag;share;note;empty;same;{target}"]
    for number in range(60):
        colour = rng.choice(["red", "blue"]) if number % 10 else ""
        size = f"{rng.uniform(0, 9):.2f}".replace(".", ",")
        day = f"{1 + number % 28:02}.0{1 + number % 9}.2020"
        flag, share = rng.choice(["yes", "no"]), f"{rng.integers(100)}%"
        rows.append(
            f"{number + 1};{day};{colour};{size};{flag};{share};n{number};;7;{rng.normal():.3f}"
        )
    path.write_text("\n".join(rows))
    return path


def test_every_column_has_a_use_and_a_reason(tmp_path: Path) -> None:
    """Kinds and uses, in the order of the file, with what is to be done about gaps."""
    made = survey(mixed(tmp_path / "t.csv"), "price")
    assert [(each.kind, each.use) for each in made.columns] == [
        ("identifier", "drop"),
        ("date", "input"),
        ("category", "binary"),
        ("number", "input"),
        ("boolean", "input"),
        ("number", "input"),
        ("identifier", "drop"),
        ("empty", "drop"),
        ("constant", "drop"),
        ("number", "target"),
    ]
    assert all(each.why for each in made.columns)
    assert made.columns[2].missing == 6
    assert made.rows == 60
    assert made.task == "regression"
    assert "';'" in made.notes[0]


@pytest.mark.parametrize("target", ["price", "flag", "colour"])
def test_the_settings_load_what_is_said(target: str, tmp_path: Path) -> None:
    """The inputs of the dataset are those of the survey, without a gap."""
    made = survey(mixed(tmp_path / "t.csv"), target)
    keys = {k: tuple(v) if isinstance(v, list) else v for k, v in made.settings().items()}
    dataset = load_dataset(DatasetSettings(**(keys | {"file": made.path})), 0)
    assert {name.partition("=")[0] for name in dataset.features} == {
        column.name for column in made.inputs
    }
    assert np.isfinite(dataset.train.X).all()
    assert dataset.task == ("regression" if target == "price" else "classification")


@pytest.mark.parametrize(
    ("text", "target", "task"),
    [
        ("a,y,b\n1,2,3\n2,4,5\n3,5.5,9\n", "y", "regression"),
        ("a,b\n1,2.5\n2,3.5\n4,5.5\n", "b", "regression"),
        ("a,kind\n1,u\n2,v\n4,u\n5,v\n", "kind", "classification"),
        ("a,hit\n1,0\n2,1\n4,0\n5,1\n", "hit", "classification"),
        ("a;price\n1;2,5\n2;11328,81\n4;3,5\n", "price", "regression"),
    ],
)
def test_a_target_is_found(text: str, target: str, task: str, tmp_path: Path) -> None:
    """By its name, else the last column that can be one."""
    path = tmp_path / "t.csv"
    path.write_text(text)
    made = survey(path)
    assert (made.target, made.task) == (target, task)


@pytest.mark.parametrize(
    ("text", "target", "part"),
    [
        ("x,y\n", "y", "no rows"),
        ("x,y\n1,2\n", "z", "no column 'z'"),
        ("x,y\n1,\n1,\n", None, "no column can be a target"),
        ("x,y\n1,1\n1,2\n1,4\n", "y", "no column beside 'y' can be an input"),
        ("", "y", "the file is empty"),
    ],
)
def test_tables_that_cannot_be_used(
    text: str, target: str | None, part: str, tmp_path: Path
) -> None:
    """One line, with the file's name."""
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        survey(path, target)
    assert part in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
