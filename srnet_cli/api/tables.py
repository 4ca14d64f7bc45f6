"""Rows that go into a run, and what is tabulated of it, as pandas has tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from srnet_cli.errors import DataError
from srnet_cli.fronts.formulas import NetworkFormulas
from srnet_cli.fronts.front import Fronts

if TYPE_CHECKING:
    import pandas as pd


def rows_of(X: Any, features: Sequence[str]) -> NDArray[np.float64]:
    """Rows as numbers, (n, d).

    Args:
        X: an array in the order of the features, or a DataFrame with these columns among others.
        features: names of the d inputs.

    Raises:
        DataError: the rows lack an input.
    """
    if hasattr(X, "columns"):
        missing = [name for name in features if name not in X.columns]
        if missing:
            raise DataError(f"the rows have no column {missing[0]!r}, which is an input")
        X = X[list(features)]
    rows = np.asarray(X, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != len(features):
        raise DataError(
            f"rows of {len(features)} inputs are needed, (n, {len(features)}); "
            f"these are {rows.shape}"
        )
    return rows


def front_frame(formulas: NetworkFormulas | None) -> pd.DataFrame:
    """A row per whole-network formula; see ``Run.front``."""
    import pandas as pd

    fronts = () if formulas is None else formulas.fronts
    rows = [
        (front.output, member.complexity, member.error, member.expression, member is front.answer)
        for front in fronts
        for member in front.members
    ]
    return pd.DataFrame(
        rows, columns=["output", "complexity", "unexplained", "formula", "is_answer"]
    )


def composition_frame(fronts: Fronts | None) -> pd.DataFrame:
    """A row per composition; see ``Run.compositions``."""
    import pandas as pd

    compositions = () if fronts is None else fronts.compositions
    rows = [
        (entry.complexity, None if entry.r2 is None else 1.0 - entry.r2, entry.picks)
        for entry in compositions
    ]
    return pd.DataFrame(rows, columns=["complexity", "unexplained", "picks"])
