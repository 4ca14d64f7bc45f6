"""What takes the place of missing values comes from the training rows alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srnet_cli.datasets.tables import read_table
from srnet_cli.datasets.treatment import Treatment, filled
from srnet_cli.errors import DataError


def test_gaps_are_filled_from_the_training_rows(tmp_path: Path) -> None:
    """Numbers by the median, categories and yes or no by the most frequent."""
    path = tmp_path / "t.csv"
    path.write_text("x,c,b,y\n1,r,yes,1\n3,r,no,2\n8,g,no,3\n100,g,yes,4\n,,,5\n1,g,yes,\n")
    table = read_table(path, "y", "regression", ["c"], Treatment(missing="impute"))
    assert len(table.X) == 5
    made = filled(table, np.array([0, 1, 2]), "t.csv")
    np.testing.assert_array_equal(made.X[4], [3, table.categories["c"].index("r"), 0])
    assert made.imputed == {"x": "3.0", "c": "r", "b": "0.0"}
    assert len(made.notes) == len(table.notes) + 3
    np.testing.assert_array_equal(made.X[:4], table.X[:4])


def test_nothing_to_fill_a_gap_with(tmp_path: Path) -> None:
    """A column that no training row has a value in is named."""
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,1\n,2\n,3\n")
    table = read_table(path, "y", "regression", (), Treatment(missing="impute"))
    with pytest.raises(DataError, match="column 'x' holds nothing in any training row"):
        filled(table, np.array([1, 2]), "t.csv")
