"""Parquet files as frames; needs the extra ``parquet``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pandas as pd

from srnet_cli.datasets.suggest import clip
from srnet_cli.datasets.text_file import check_file
from srnet_cli.errors import DataError

MAX_VALUES = 2**28


def read_parquet_table(path: Path, most_values: int = MAX_VALUES) -> pd.DataFrame:
    """Read a parquet file, without the index that pandas may have stored in it.

    Args:
        path: the file.
        most_values: so many may be in it, and no more.

    Returns:
        A frame indexed by row numbers from 1 (index name ``row``).

    Raises:
        DataError: missing, damaged, too large, or pyarrow is not installed.
    """
    check_file(path)
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise DataError(
            f"{path}: parquet files need pyarrow; pip install 'srnet[parquet]'"
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            # Encodings repeat values: a small file may claim any number of rows.
            if file.metadata.num_rows * file.metadata.num_columns > most_values:
                raise DataError(f"{path}: more than {most_values} values")
            frame: pd.DataFrame = file.read().to_pandas(ignore_metadata=True)
    except (arrow.ArrowException, OSError, ValueError, MemoryError) as error:
        raise DataError(f"{path}: not a readable parquet file: {clip(str(error), 120)}") from None
    frame = frame.loc[:, [not str(name).startswith("__index_level_") for name in frame.columns]]
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"), axis=0)
