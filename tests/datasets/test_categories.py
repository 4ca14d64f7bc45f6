"""Columns of categories as indicators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.config.schema import DatasetSettings
from srnet_cli.datasets.categories import groups, one_hot
from srnet_cli.datasets.coding import MAX_CATEGORIES
from srnet_cli.datasets.loading import load_dataset
from srnet_cli.datasets.tables import make_table, read_table
from srnet_cli.errors import ConfigError, DataError

EVERYONE = st.lists(
    st.tuples(st.sampled_from(["a", "b c", "é", "B"]), st.integers(0, 3)), min_size=1, max_size=20
)


def encoded(frame: pd.DataFrame, categorical: list[str], train: list[int] | None = None):
    rows = frame.rename_axis("row")
    table = make_table(rows, None, "regression", "here", categorical)
    return one_hot(table, np.array(range(len(frame)) if train is None else train), "here")


@given(EVERYONE)
def test_indicators_are_those_of_pandas(rows):
    """Inputs stand where their column stood, one a category, in order, as pandas makes them."""
    frame = pd.DataFrame(rows, columns=["c", "n"]).assign(z=1.5)
    encoding = encoded(frame, ["n", "c"])
    expected = pd.get_dummies(frame, columns=["c", "n"], prefix_sep="=", dtype=float)
    order = [*(x for x in expected if x.startswith(("c=", "n="))), "z"]
    assert encoding.features == tuple(order)
    np.testing.assert_array_equal(encoding.X, expected[order])
    assert encoding.categories == {
        "c": tuple(sorted(set(frame["c"]))),
        "n": tuple(str(n) for n in sorted(set(frame["n"]))),
    }


def test_categories_keep_their_spelling():
    """Numbers are sorted as such, 9 before 10; but 9 and 9.0 are labels, and two."""
    table = encoded(pd.DataFrame({"c": ["10", "9", "9.0", "2.50"]}), ["c"])
    assert table.features == ("c=2.50", "c=9", "c=9.0", "c=10")


def test_a_category_that_no_training_row_has_is_all_zeros():
    """It gets no input; its rows have zeros, and a note says so."""
    table = encoded(pd.DataFrame({"c": ["a", "b", "x", "y", "a"], "u": range(5)}), ["c"], [0, 1])
    assert table.features == ("c=a", "c=b", "u")
    np.testing.assert_array_equal(table.X, [[1, 0, 0], [0, 1, 1], [0, 0, 2], [0, 0, 3], [1, 0, 4]])
    assert table.notes == (
        "column c: categories that no training row has are encoded as all zeros: x, y",
    )


def test_groups_hold_the_indicators_of_a_column_together():
    """Every other input is a group of its own, also one whose name looks like an indicator."""
    names = ["u", "c=a", "c=b", "d=1", "v=a"]
    numbers = groups(names, {"c": ["a", "b"], "d": ["1"]})
    assert len(set(numbers.tolist())) == 4
    assert numbers[1] == numbers[2]


def test_two_inputs_of_one_name():
    """A column that is called as an indicator would be is named."""
    frame = pd.DataFrame({"c": ["a", "b"], "c=b": [1.0, 2.0]})
    with pytest.raises(DataError, match="here: two inputs would be named 'c=b'; rename"):
        encoded(frame, ["c"])


@pytest.mark.parametrize(
    ("values", "part"),
    [
        (["a", "", "b"], "column 'c' has no value in 1 of 3 rows (first: row 1)"),
        (range(MAX_CATEGORIES + 1), f"holds {MAX_CATEGORIES + 1} categories; at most"),
    ],
)
def test_columns_that_cannot_be_categories(values, part):
    """A missing category, or a thousand of them, is one line that names the column."""
    with pytest.raises(DataError) as caught:
        encoded(pd.DataFrame({"c": values}), ["c"])
    assert part in str(caught.value)


def test_a_name_that_is_no_column():
    """A declared column that is not there is a config error with the near name."""
    with pytest.raises(ConfigError, match=r"dataset.categorical: 'colr' is no .* mean 'color'\?"):
        encoded(pd.DataFrame({"color": ["a"]}), ["colr"])


def test_undeclared_text_is_told_how_to_declare(tmp_path):
    """A column of strings that is not declared is an error that says what can be done."""
    (tmp_path / "t.csv").write_text("c,y\na,1\nb,2\n")
    with pytest.raises(DataError, match="column 'c': line 2 holds 'a', which is not a") as caught:
        read_table(tmp_path / "t.csv", "y", "regression")
    assert "dataset.categorical" in caught.value.hint


def settings(**keys: object) -> DatasetSettings:
    return DatasetSettings.model_validate({"validation_fraction": 0.0, **keys})


def test_only_training_rows_decide_the_categories(tmp_path):
    """Tables and npz rows are encoded by their training rows alone."""
    lines = [f"{'ab'[i % 2]},{i}" for i in range(19)] + ["once,19"]
    (tmp_path / "t.csv").write_text("\n".join(["c,y", *lines]) + "\n")
    np.savez(tmp_path / "t.npz", X=np.arange(20.0)[:, None] // 19, y=np.arange(20.0))
    seen = set()
    for seed in range(12):
        loaded = load_dataset(
            settings(file=str(tmp_path / "t.csv"), target="y", categorical=["c"]), seed
        )
        is_trained = 19.0 in loaded.train.y
        seen.add(is_trained)
        assert loaded.features == (("c=a", "c=b", "c=once") if is_trained else ("c=a", "c=b"))
        assert loaded.categories == {"c": tuple(name[2:] for name in loaded.features)}
        (held,) = np.concatenate([loaded.train.X, loaded.test.X])[
            np.concatenate([loaded.train.y, loaded.test.y]) == 19
        ]
        assert held.tolist() == ([0, 0, 1] if is_trained else [0, 0])
        rows = load_dataset(settings(rows=str(tmp_path / "t.npz"), categorical=["x0"]), seed)
        assert rows.features == (("x0=0", "x0=1") if is_trained else ("x0=0",))
    assert seen == {True, False}


def test_a_binary_column_is_one_input():
    """It is 1 where the column holds the second category, also where no training row does."""
    table = make_table(
        pd.DataFrame({"c": ["no", "maybe", "no"], "u": range(3)}).rename_axis("row"),
        *(None, "regression", "here", ["c"]),
    )
    coded = one_hot(table, np.array([1]), "here", binary=["c"])
    assert coded.features == ("c=no", "u")
    np.testing.assert_array_equal(coded.X, [[1, 0], [0, 1], [1, 2]])
    assert coded.categories == {"c": ("maybe", "no")}
    assert coded.notes == ()


@pytest.mark.parametrize(("held", "words"), [("aaa", "one category"), ("abc", "3 categories")])
def test_a_binary_column_holds_two_categories(tmp_path, held, words):
    """Another number is an error that says which key is for it."""
    (tmp_path / "t.csv").write_text("c,y\n" + "".join(f"{c},{i}\n" for i, c in enumerate(held)))
    asked = settings(file=str(tmp_path / "t.csv"), target="y", binary=["c"], test_fraction=0.0)
    with pytest.raises(DataError, match=f"column 'c' holds {words}, and") as caught:
        load_dataset(asked, 0)
    assert "dataset.categorical" in caught.value.hint
